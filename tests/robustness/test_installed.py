"""Every installed Python file goes through the front end: no crash, no hang, and no finding that Python does not share.

By default an eighth of the files; ``make soak`` takes all.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.robustness.examine import TooLongError, examine
from tests.robustness.soak import SOAK
from tests.robustness.subjects import declaring, installed_files, part

PARTS = 64
CHOSEN = range(PARTS) if SOAK else range(0, PARTS, 8)
VARIED = range(PARTS) if SOAK else range(0, PARTS, 32)
REFUSED = {"FS001", "FS002"}
SECRET = "FS703"
RARE = 0.01
"""Share of the files that may hold what looks like a secret."""
SECONDS_OF_VARIANTS = 10.0


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return installed_files()


@pytest.mark.parametrize("number", CHOSEN)
def test_a_file_without_declarations_has_no_finding(number, files):
    mine = [path for path in files if part(path, PARTS) == number]
    secrets: list[Path] = []
    wrong = [problem for path in mine if (problem := _problem(path, secrets)) is not None]

    assert wrong == []
    assert len(secrets) <= RARE * len(mine)


@pytest.mark.parametrize("number", VARIED)
def test_whatever_code_declares_assets_is_judged_in_bounded_time(number, files, tmp_path):
    wrong = []
    for path in files:
        text = declaring(path.read_bytes()) if part(path, PARTS) == number else None
        if text is not None:
            (tmp_path / "pipe.py").write_text(text, encoding="utf-8")
            try:
                examine(tmp_path / "pipe.py", seconds=SECONDS_OF_VARIANTS)
            except (Exception, TooLongError) as error:  # noqa: BLE001 - all are told together
                wrong.append(f"{path}: {error!r}")

    assert wrong == []


@pytest.mark.skipif(not SOAK, reason="only by make soak")
def test_there_are_many_files(files):
    assert len(files) > 10_000


def _problem(path: Path, secrets: list[Path]) -> str | None:
    """What is wrong with the findings in a file: there must be one if Python refuses it, else none.

    Keys do stand in some files, in emulators of services above all. Such files are put into ``secrets``.
    """
    try:
        everything = examine(path)
    except (Exception, TooLongError) as error:  # noqa: BLE001 - all are told together
        return f"{path}: {error!r}"
    found = [item for item in everything if item.code != SECRET]
    if len(found) < len(everything):
        secrets.append(path)
    if _is_refused(path):
        return None if len(found) == 1 and found[0].code in REFUSED else f"{path}: refused by Python, found {found}"
    return f"{path}: {[str(item) for item in found]}" if found else None


def _is_refused(path: Path) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), path.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return True
    return False
