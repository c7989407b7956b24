"""Kinds of URLs that are reached through fsspec, and those that are not, with the reason.

Standard library only: a configuration is judged where no package of a store is installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from flowstone.diagnostics.suggest import did_you_mean

Option = str | int | bool
OBJECTS = ("s3://", "az://")
"""How URLs of object stores begin that are reached without fsspec."""


class Kind(Struct, frozen=True):
    """What is known of the file systems of one protocol."""

    implementation: str | None = None
    """``module:class``; None for the one that fsspec has for the protocol."""
    extra: str = "fsspec"
    options: tuple[str, ...] | None = None
    """Names of its options; None if they are not known."""
    fixed: tuple[tuple[str, Option], ...] = ()
    """Options that are always given."""
    folders: bool = True
    """Whether a folder has to be made before something can be put into it."""
    renames: bool = False
    """Whether ``mv`` makes a file appear under its new name at once, as a whole."""
    url: str = r"[^\s?#]+"
    """What a URL looks like behind its protocol."""
    example: str = "host/folder"


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "gs": Kind(
            implementation="gcsfs.core:GCSFileSystem",
            extra="gcs",
            options=("token", "project", "access", "endpoint_url", "requester_pays", "timeout"),
            fixed=(("use_listings_cache", False),),
            folders=False,
            url=r"[a-z0-9][a-z0-9._-]*(/[A-Za-z0-9_./=-]*)?",
            example="bucket/prefix",
        ),
        "sftp": Kind(
            implementation="flowstone.io.sftp:SftpFileSystem",
            extra="sftp",
            options=(
                *("username", "password", "key_filename", "passphrase", "known_hosts", "timeout"),
                *("allow_agent", "look_for_keys", "compress"),
            ),
            renames=True,
            url=r"([A-Za-z0-9_.-]+@)?[A-Za-z0-9._-]+(:[0-9]{1,5})?/[A-Za-z0-9_./=-]+",
            example="user@host:22/folder",
        ),
    }
)
"""Those that the tests try on a server."""

_OWN = "it is reached without fsspec: write {}"
_NO_STORE = "what it holds cannot be written file by file"

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("file", "local", "asynclocal"), "a folder is written without a protocol"),
        **dict.fromkeys(("s3a", "s3n"), _OWN.format("s3://")),
        **dict.fromkeys(("abfs", "abfss", "adl", "wasb", "wasbs", "azure"), _OWN.format("az://")),
        "gcs": "write gs://",
        "ssh": "write sftp://",
        "memory": "what it holds ends with the process; the IO manager of type memory is made for that",
        "ftp": "it does not tell a file that is not there from other errors",
        **dict.fromkeys(("http", "https", "data", "github", "gist", "git", "reference"), "it can only be read"),
        **dict.fromkeys(("zip", "tar", "libarchive"), _NO_STORE),
        **dict.fromkeys(
            ("simplecache", "filecache", "blockcache", "cached", "dir", "generic", "asyncwrapper"),
            "it stands before another file system, and may answer with what is old",
        ),
    }
)
"""Protocols that are not taken."""


def is_url(root: str) -> bool:
    """Whether a root is no folder."""
    return "://" in root


def kind_of(url: str) -> Kind:
    """The kind of a URL."""
    return KINDS.get(url.partition("://")[0], Kind())


def check_url(url: str) -> str:
    """The URL as it is. Errors: ValueError if it is none that a store can lie in."""
    protocol, _, rest = url.partition("://")
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", protocol):
        raise ValueError(f"{url!r} is neither a folder nor a URL")
    if protocol in REFUSED:
        raise ValueError(f"{url!r}: {protocol}:// is not taken: {REFUSED[protocol]}")
    if re.match(r"[^/]*:[^/]*@", rest):
        raise ValueError(
            f"the root holds a password; write it as storage_options.password, by reference: {protocol}://"
        )
    kind = kind_of(url)
    if not re.fullmatch(kind.url, rest) or "://" in rest or ".." in rest.split("/"):
        raise ValueError(f"{url!r} is not a URL such as {protocol}://{kind.example}")
    return url


def check_options(url: str, options: Mapping[str, Option]) -> None:
    """Errors: ValueError for an option that the kind does not have."""
    known = kind_of(url).options
    if known is None:
        return
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
            raise ValueError(f"storage_options.{name}: {url.partition('://')[0]}:// has no such option; {hint}")
