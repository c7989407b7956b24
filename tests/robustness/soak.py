"""How much is tried: CI takes a part of what ``make soak`` takes."""

import os

SOAK = os.environ.get("FLOWSTONE_SOAK") == "1"
