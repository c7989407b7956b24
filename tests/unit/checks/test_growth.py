"""The work of a check grows as the project does, also where everything is wrong."""

from __future__ import annotations

import itertools
import sys

import pytest

from flowstone.checks import find_all
from flowstone.config import load_settings
from flowstone.frontend import load

HEAD = "from flowstone import Cron, Job, asset, check\n"
KINDS = {
    "checks": "@asset\ndef a{0}() -> int: ...\n@check(asset='a{0}')\ndef c{0}(a{0}: int) -> bool: ...\n",
    "jobs": "@asset\ndef a{0}() -> int: ...\n"
    "j{0} = Job('j{0}', select='a{0}', schedule=Cron('{1} 2 * * *', timezone='UTC'))\n",
    "typos": "@asset\ndef some_asset_{0}(some_aset_{1}: int) -> int: ...\n",
    "unknown": "@asset(depends_on=['nothing_{0}'])\ndef some_asset_{0}() -> int: ...\n",
    "mismatches": "@asset\ndef a{0}() -> int: ...\n@asset\ndef b{0}(a{0}: str) -> int: ...\n",
    "one place": "@asset(path='x.json')\ndef a{0}() -> int: ...\n",
}


def calls(folder, text, count):
    """How many functions a check of so many declarations calls: unlike its time, that is the same every time."""
    source = HEAD + "".join(text.format(number, number % 60) for number in range(count))
    (folder / "a.py").write_text(source)
    (folder / "flowstone.toml").write_text('sources = ["a.py"]\n')
    settings = load_settings(folder, environment={})
    numbers = itertools.count()
    sys.setprofile(lambda *_: next(numbers))
    try:
        find_all(load(settings, fingerprints=False), settings)
    finally:
        sys.setprofile(None)
    return next(numbers)


@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS)
def test_four_times_the_declarations_take_no_more_than_four_times_as_much_by_much(tmp_path, text):
    calls(tmp_path, text, 5)  # what is imported and worked out once

    assert calls(tmp_path, text, 1200) < 6 * calls(tmp_path, text, 300)  # 16, if each looked at each
