"""Fixing the projects of the corpus: nothing comes that was not there, once is enough, and good projects stay."""

from __future__ import annotations

from collections import Counter

import pytest

from flowstone.checks.fixing import fix_findings
from flowstone.checks.selection import STRICT
from flowstone.config import load_settings
from tests.corpus.reading import CORPUS


def counts(item):
    return item.code not in STRICT


def keys(found):
    return Counter((item.code, item.span.file, item.message) for item in found if counts(item))


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_fixing(case, tmp_path):
    case.write(tmp_path)
    settings = load_settings(tmp_path, environment={})

    outcome = fix_findings(settings, counts, counts)

    assert not keys(outcome.after.findings) - keys(outcome.before.findings)
    assert sum(keys(outcome.before.findings).values()) - sum(keys(outcome.after.findings).values()) == len(
        outcome.fixed
    )
    assert bool(outcome.changed) == bool(outcome.fixed)
    if case.kind == "good":
        assert not outcome.changed
    for path, text in outcome.changed.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert not fix_findings(settings, counts, counts).fixed
