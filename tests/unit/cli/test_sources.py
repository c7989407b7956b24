"""Source texts for excerpts."""

from __future__ import annotations

import pytest

from flowstone.cli.sources import SourceFiles


def test_texts_are_read_when_they_are_asked_for(tmp_path):
    sources = SourceFiles(tmp_path)
    (tmp_path / "a.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\r\n")

    assert sources["a.py"] == "# coding: latin-1\nx = '\N{LATIN SMALL LETTER E WITH ACUTE}'\n"
    assert "a.py" in sources
    assert list(sources) == ["a.py"]


@pytest.mark.parametrize("content", [None, b"\xff", b"\0"])
def test_what_cannot_be_read_is_not_there(tmp_path, content):
    if content is not None:
        (tmp_path / "a.py").write_bytes(content)
    sources = SourceFiles(tmp_path)

    assert sources.get("a.py") is None
    assert len(sources) == 0
