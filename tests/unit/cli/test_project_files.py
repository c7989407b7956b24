"""Files of a project as a cache looks at them."""

import hashlib
import os

import pytest

from flowstone.cli.project_files import ProjectFiles, packed, unpacked
from flowstone.frontend.files import UnreadableError


def test_a_file_is_read_once(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"x = 1\r\n")
    files = ProjectFiles(tmp_path)
    assert files.digest("a.py") == hashlib.sha256(b"x = 1\r\n").hexdigest()
    path.write_text("x = 2\n")
    assert files.text("a.py") == "x = 1\n"
    assert ProjectFiles(tmp_path).text("a.py") == "x = 2\n"


def test_what_is_no_file_has_no_digest_and_no_text(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    files = ProjectFiles(tmp_path)
    for path in ("pipe.py", "missing.py"):
        assert files.digest(path) is None
        with pytest.raises(UnreadableError):
            files.text(path)


@pytest.mark.parametrize("texts", [{}, {"a": ""}, {"a": "", "b": "x\n", "c": "ü\ud800"}])
def test_texts_are_unpacked_as_they_were(texts):
    assert unpacked(list(texts), packed(texts)) == texts


@pytest.mark.parametrize("paths", [[], ["a"], ["a", "b", "c"]])
def test_texts_of_other_files_are_refused(paths):
    with pytest.raises(ValueError, match=r"zip\(\)"):
        unpacked(paths, packed({"a": "x", "b": "y"}))
