"""The same mistakes written for several tools, and what the check step of each says: ``python -m comparison``."""
