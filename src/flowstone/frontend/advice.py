"""What to write in place of something whose value only exists when the code runs."""

from __future__ import annotations

import ast

from flowstone.frontend.bodies.outside import reach
from flowstone.frontend.values import ClassValue, Symbol
from flowstone.frontend.walk import ADVICE

_UNSTABLE = "a declaration is always the same: write a constant, or do this inside of the function"
_ENVIRONMENT = "what differs between environments belongs in the configuration: profiles, or {env = ...}"
_PATH = "write the path with '/', or with pathlib.Path('...') / '...'"
_MACHINE = "it is not the same on every machine; use a profile of the configuration"
_FILE = "files are not read to check a project; write the values in a module, as constants"
_INSTANCE = "instances are seen of enums, named tuples and frozen dataclasses; or write the values as constants"
_BEGINNINGS = {
    "builtins.open": _FILE,
    "getpass": _MACHINE,
    "json.load": _FILE,
    "os.environ": _ENVIRONMENT,
    "os.environb": _ENVIRONMENT,
    "os.getcwd": _PATH,
    "os.getenv": _ENVIRONMENT,
    "os.path": _PATH,
    "pathlib.Path.cwd": _PATH,
    "pathlib.Path.home": _PATH,
    "platform": _MACHINE,
    "socket": _MACHINE,
    "sys.platform": _MACHINE,
    "tomllib": _FILE,
    "yaml": _FILE,
}
"""By the beginning of the dotted name."""


def advice_for(what: object, node: ast.expr) -> str:
    """What to write in place of a symbol or value."""
    if isinstance(what, ClassValue):
        return _INSTANCE
    if isinstance(what, Symbol) and isinstance(node, ast.Call) and reach(what.dotted, node) in ("clock", "random"):
        return _UNSTABLE
    parts = what.dotted.split(".") if isinstance(what, Symbol) else []
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((_BEGINNINGS[name] for name in names if name in _BEGINNINGS), ADVICE)
