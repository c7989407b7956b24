"""What an object store's client says went wrong, in one line.

Its own texts hold times and counts of attempts, which differ from run to run, and a dump of the exception.
"""

from __future__ import annotations

import re

_PARTS = re.compile(r" in [\d.]+\w*s(?:, after \d+ retries, max_retries: \d+, retry_timeout: \S+)?\s+- ")
"""What lies between the request and what became of it."""
_STATUS = re.compile(r"Server returned non-2xx status code: (\d+ [A-Za-z -]+)")
_ELEMENT = "<{0}>([^<]{{1,200}})</{0}>"


def in_words(text: str, endpoint: str) -> str:
    """The text of a client's exception as one line."""
    told = text.partition("\n\nDebug source:")[0].strip()
    request, what = [*_PARTS.split(told, maxsplit=1), ""][:2]
    status = _STATUS.match(what)
    if status is not None:
        elements = (re.search(_ELEMENT.format(name), what) for name in ("Code", "Message"))
        said = [status[1].strip(), *(_first_line(found[1].strip()) for found in elements if found is not None)]
        return f"the server says {': '.join(said)}"
    if what.startswith("HTTP error: "):
        return f"no answer from {endpoint}: {_first_line(what.removeprefix('HTTP error: '))}"
    return _first_line(what or request)


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()
