"""``python -m flowstone``."""

from flowstone.cli import main

main()
