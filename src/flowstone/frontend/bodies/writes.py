"""Files that a function writes or removes by itself, where the path is certainly one of the user's own.

Paths that come from ``tempfile``, from the context, from resources or from elsewhere are not judged.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowstone.frontend.bodies.module_names import ModuleNames
from flowstone.frontend.bodies.origins import Origins
from flowstone.frontend.functions import parameters
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_METHODS_OF_PATHS = frozenset({"rename", "touch", "unlink", "write_bytes", "write_text"})
_METHODS = frozenset(
    {"to_csv", "to_excel", "to_feather", "to_hdf", "to_html", "to_json", "to_markdown", "to_orc", "to_parquet"}
    | {"to_pickle", "to_stata", "to_xml", "write_avro", "write_csv", "write_delta", "write_excel", "write_ipc"}
    | {"write_json", "write_ndjson", "write_parquet", "sink_csv", "sink_ipc", "sink_ndjson", "sink_parquet", "savefig"}
)
"""Methods that take a path first."""
_FIRST = "builtins.open io.open os.remove os.unlink os.rmdir shutil.rmtree shutil.make_archive"
_SECOND = "os.rename os.replace shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move joblib.dump"
_FUNCTIONS = {
    **dict.fromkeys(_FIRST.split(), 0),
    **dict.fromkeys(("numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.savetxt"), 0),
    **dict.fromkeys(_SECOND.split(), 1),
    **dict.fromkeys(("pyarrow.parquet.write_table", "urllib.request.urlretrieve"), 1),
}
"""Functions that write or remove, and the place of the path among their arguments."""
WORDS = tuple(sorted(f"{name.rpartition('.')[2]}(" for name in {*_FUNCTIONS, *_METHODS, *_METHODS_OF_PATHS}))
"""One of these stands in a module that writes."""
_PATH_WORDS = frozenset({"excel_writer", "file", "fname", "path", "path_or_buf", "path_or_buffer", "target"})
"""Names of that parameter."""
_FREE = ("/tmp", "/var/tmp", "/dev/", "memory:", ":memory:")  # noqa: S108 - nothing is written
_SAME_PATH = frozenset({"builtins.str", "os.fspath", "os.path.join", "pathlib.Path", "pathlib.PurePath", "str"})
_DEEPEST = 10


def is_written_to(call: ast.Call) -> bool:
    """Whether a call of ``open`` asks for more than to read."""
    modes = [*call.args[1:2], *(item.value for item in call.keywords if item.arg == "mode")]
    return any(
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and set(mode.value) & set("wax+")
        for mode in modes
    )


def writes(function: _Function, module: ModuleNames) -> Iterator[ast.Call]:
    """The calls of a function that write or remove files of the user's own."""
    paths = _Paths(function, module)
    for node in (node for statement in function.body for node in walk(statement)):
        if isinstance(node, ast.Call) and (path := _path(node, paths.names)) is not None and paths.is_own(path):
            yield node


def _path(call: ast.Call, names: Origins) -> ast.expr | None:
    """The path that a call writes to, if it is a call that does."""
    dotted = names.of(call.func) or ""
    if dotted in ("builtins.open", "io.open") and not is_written_to(call):
        return None
    if dotted in _FUNCTIONS:
        place = _FUNCTIONS[dotted]
        return call.args[place] if len(call.args) > place else None
    if not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr in _METHODS_OF_PATHS:
        return call.func.value
    if call.func.attr in _METHODS:
        named = (keyword.value for keyword in call.keywords if keyword.arg in _PATH_WORDS)
        return call.args[0] if call.args else next(named, None)
    return None


class _Paths:
    def __init__(self, function: _Function, module: ModuleNames) -> None:
        self.names = module.origins.inside(function)
        self._module = module
        self._defaults = {item.arg: default for item, default in parameters(function.args) if default is not None}
        self._assigned = {
            target.id: node.value
            for statement in function.body
            for node in walk(statement)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and self.names.bound[target.id] == 1
        }

    def is_own(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether a path begins with a text that is written down, and not with a place for temporary files."""
        if depth > _DEEPEST:
            return False
        match node:
            case ast.Constant(value=str() as text):
                return bool(text) and not text.startswith(_FREE)
            case ast.JoinedStr(values=[first, *_]):
                return self.is_own(first.value if isinstance(first, ast.FormattedValue) else first, depth + 1)
            case ast.BinOp(left=left):
                return self.is_own(left, depth + 1)
            case ast.Attribute(value=inner):
                return self.is_own(inner, depth + 1)
            case ast.Call(func=func, args=args):
                if (self.names.of(func) or getattr(func, "id", "")) in _SAME_PATH:
                    return bool(args) and self.is_own(args[0], depth + 1)
                return isinstance(func, ast.Attribute) and self.is_own(func.value, depth + 1)
            case ast.Name(id=name):
                value = self._assigned.get(name) or self._value_outside(name)
                return value is not None and self.is_own(value, depth + 1)
        return False

    def _value_outside(self, name: str) -> ast.expr | None:
        if self.names.bound[name] == 1 and name in self._defaults:
            return self._defaults[name]
        return self._module.assigned.get(name) if self.names.bound[name] == 1 else None
