"""The versions to which a project's files pin packages. Read from text; nothing is installed or imported."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from flowstone.patterns import pattern

PROJECT_FILE = "pyproject.toml"
USUAL_FILES = (
    PROJECT_FILE,
    "requirements*.txt",
    "constraints*.txt",
    "pylock*.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
)
"""Patterns of the files in the project's folder that are read if the configuration names none."""

DISTRIBUTIONS: Mapping[str, str] = {
    "Crypto": "pycryptodome",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "github": "pygithub",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "pkg_resources": "setuptools",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "pythoncom": "pywin32",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "snowflake": "snowflake-connector-python",
    "telegram": "python-telegram-bot",
    "umap": "umap-learn",
    "usb": "pyusb",
    "win32api": "pywin32",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Distributions whose name is not that of the package that they install."""

_REQUIREMENT = pattern(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:===?\s*([^\s;,#]+)|@\s*([^\s;]+))")
_INCLUDE = pattern(r"(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)")
_LOCKED = pattern(r"(name|version)\s*=\s*[\"']([^\"']+)[\"']\s*(?:#.*)?\Z")


class Pins(Struct, frozen=True):
    """Versions by normal name of the distribution."""

    versions: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    """The files that were read."""

    def of(self, dotted: str) -> str:
        """``pillow==11.0`` for ``PIL.Image``; the name alone if nothing pins it."""
        name = self._distribution(dotted)
        version = self.versions.get(name)
        return name if version is None else f"{name}=={version}"

    def _distribution(self, dotted: str) -> str:
        parts = dotted.split(".")
        known = DISTRIBUTIONS.get(parts[0])
        if known in self.versions:
            return known or ""
        for length in range(min(len(parts), 4), 0, -1):  # a namespace package: google.cloud.storage
            name = normal_name("-".join(parts[:length]))
            if name in self.versions:
                return name
        return known or normal_name(parts[0])


def normal_name(name: str) -> str:
    """The name of a distribution in its normal form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pin_files(root: Path, configured: Sequence[str] | None) -> tuple[Path, ...]:
    """The files that pin packages, sorted: the configured ones, else those with the usual names."""
    if configured is not None:
        return tuple(root / path for path in configured)
    return tuple(sorted(path for pattern in USUAL_FILES for path in root.glob(pattern) if path.is_file()))


def read_pins(root: Path, configured: Sequence[str] | None = None) -> Pins:
    """Read all files that pin packages. A file that cannot be read pins nothing."""
    found: dict[str, set[str]] = {}
    pending = list(reversed(pin_files(root, configured)))
    read: dict[Path, None] = {}
    while pending:
        path = pending.pop()
        if path in read:
            continue
        read[path] = None
        text = _text(path)
        for name, version in _pins(path, text):
            found.setdefault(normal_name(name), set()).add(version)
        if path.suffix == ".txt":
            pending.extend(
                path.parent / match[1] for line in text.splitlines() if (match := _INCLUDE.match(line.strip()))
            )
    return Pins({name: ",".join(sorted(versions)) for name, versions in found.items()}, tuple(read))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace") if path.is_file() else ""
    except OSError:
        return ""


def _pins(path: Path, text: str) -> Iterator[tuple[str, str]]:
    if path.name == PROJECT_FILE:
        return _declared(text)
    if path.suffix in (".toml", ".lock") and path.name != "Pipfile.lock":
        return _locked(text)
    if path.name == "Pipfile.lock":
        return _pipfile(text)
    return _requirements(text)


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\n", " ").splitlines():
        match = _REQUIREMENT.match(line.strip())
        if match is not None:
            yield match[1], match[2] or match[3]


def _declared(text: str) -> Iterator[tuple[str, str]]:
    """The dependencies of a project that are pinned in its own file, those of extras and groups too."""
    if "==" not in text and "@" not in text:
        return
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    project = document.get("project")
    declared = project if isinstance(project, dict) else {}
    groups = [declared.get("dependencies")]
    for tables in (declared.get("optional-dependencies"), document.get("dependency-groups")):
        groups += tables.values() if isinstance(tables, dict) else ()
    lines = [item for group in groups if isinstance(group, list) for item in group if isinstance(item, str)]
    yield from _requirements("\n".join(lines))


def _locked(text: str) -> Iterator[tuple[str, str]]:
    """Packages of a lock file in TOML. Line by line, since such files are large and always written by a machine."""
    inside, name = False, None
    for line in text.splitlines():
        if line.startswith("["):
            inside, name = line.startswith(("[[package]]", "[[packages]]")), None
        elif inside and (match := _LOCKED.match(line)) is not None:
            if match[1] == "name":
                name = match[2]
            elif name is not None:
                yield name, match[2]


def _pipfile(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for section in ("default", "develop"):
        packages = document.get(section) if isinstance(document, dict) else None
        for name, entry in packages.items() if isinstance(packages, dict) else ():
            version = entry.get("version") if isinstance(entry, dict) else None
            if isinstance(version, str):
                yield name, version.removeprefix("==")
