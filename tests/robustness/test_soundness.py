"""What is worked out of the standard library's constants without running it is what Python works out."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import sysconfig
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowstone.config.model import Settings
from flowstone.frontend import load
from tests.robustness.soak import SOAK
from tests.robustness.subjects import constants, declaring

LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()
PARTS = 32
LEFT_OUT = {
    "antigravity",
    "idlelib",
    "lib2to3",
    "site-packages",
    "test",
    "tests",
    "this",
    "tkinter",
    "turtle",
    "turtledemo",
}
"""What opens windows or browsers when it is imported, and what is no library."""
CHANGED_LATER = {
    ("_pydecimal", "__xname__"): "it sets its own __name__ before",
    ("copy", "_copy_dispatch"): "filled under another name",
    ("copy", "_deepcopy_dispatch"): "filled under another name",
    ("distutils", "_DEPRECATION_MESSAGE"): "deleted",
    ("hashlib", "__builtin_constructor_cache"): "filled by a function",
    ("importlib._bootstrap", "_thread"): "set from outside",
    ("importlib._bootstrap", "_warnings"): "set from outside",
    ("importlib._bootstrap", "_weakref"): "set from outside",
}
PROGRAM = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
def plain(value):
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in (list, tuple):
        return [plain(item) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: plain(item) for key, item in value.items()}
    raise ValueError
found = {}
for name, constants in json.load(sys.stdin).items():
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    for constant in constants:
        try:
            found[f"{name}:{constant}"] = plain(getattr(module, constant))
        except (AttributeError, ValueError, RecursionError):
            found[f"{name}:{constant}"] = "no plain value"
print(json.dumps(found), file=sys.__stdout__)
"""


@pytest.mark.parametrize("number", range(PARTS) if SOAK else range(0, PARTS, 8))
def test_constants_are_what_python_makes_of_them(number, tmp_path):
    chosen = [(path, name) for path, name in _modules() if zlib.crc32(name.encode()) % PARTS == number]
    guessed = {name: _worked_out(path, tmp_path) for path, name in chosen}

    real = _real(guessed)

    wrong = [key for key, value in real.items() if value != guessed[key[0]][key[1]] and key not in CHANGED_LATER]
    assert wrong == []
    assert real


def _modules() -> Iterator[tuple[Path, str]]:
    for path in sorted(LIBRARY.rglob("*.py")):
        parts = path.relative_to(LIBRARY).with_suffix("").parts
        if not LEFT_OUT.intersection(parts) and parts[-1] != "__main__" and all(part.isidentifier() for part in parts):
            yield path, ".".join(parts).removesuffix(".__init__")


def _worked_out(path: Path, folder: Path) -> dict[str, object]:
    """The constants of a module of which the front end knows the value."""
    data = path.read_bytes()
    text = declaring(data)
    if text is None:
        return {}
    (folder / "pipe.py").write_text(text, encoding="utf-8")
    loaded = load(Settings("p", folder, folder / ".flowstone", ("pipe.py",)), fingerprints=False)
    names = constants(ast.parse(data))
    values = {asset.name: asset.meta["value"] for asset in loaded.project.assets.values() if "value" in asset.meta}
    known = {name: values[f"constant_{number}"] for number, name in enumerate(names) if f"constant_{number}" in values}
    return json.loads(json.dumps(known))


def _real(names: dict[str, dict[str, object]]) -> dict[tuple[str, str], object]:
    """The values after an import, by module and name; without modules that cannot be imported here."""
    text = json.dumps({module: list(values) for module, values in names.items() if values})
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=text, capture_output=True, text=True, check=True, timeout=120
    )
    return {tuple(key.split(":")): value for key, value in json.loads(done.stdout).items()}
