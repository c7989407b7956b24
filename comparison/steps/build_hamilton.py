"""What Hamilton offers: the driver is built, and asked whether everything in it, or what is wanted, can be made."""

import importlib
import json
import sys
from pathlib import Path

from hamilton import driver

sys.path.insert(0, ".")
modules = [importlib.import_module(path.stem) for path in sorted(Path.cwd().glob("*.py"))]
config = json.loads(Path("config.json").read_text()) if Path("config.json").exists() else {}
built = driver.Builder().with_modules(*modules).with_config(config).build()
nodes = [variable.name for variable in built.list_available_variables() if not variable.is_external_input]
wanted = Path("final.txt").read_text().split() if Path("final.txt").exists() else nodes
built.validate_execution(wanted)
if built.has_cycles(wanted):
    raise ValueError("has_cycles() is True")
