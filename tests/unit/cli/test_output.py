"""Generated files on disk: what is written, what is left alone, what is noticed."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.cli.output import changes, write
from flowstone.errors import UsageError
from flowstone.ir.manifest import make_manifest
from flowstone.ir.project import Project
from flowstone.targets.contract import Rendered
from flowstone.targets.seal import is_generated, is_untouched, seal

MANIFEST = make_manifest(Project(name="p"), "..").model_dump_json(indent=1) + "\n"
FILES = Rendered({"nightly.py": "x = 1\n", "flowstone.json": MANIFEST})


@pytest.fixture
def folder(tmp_path):
    out = tmp_path / "build" / "airflow"
    write(out, changes(out, FILES))
    return out


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_sealed_text_is_known_and_any_other_is_not(text):
    body = text + "\n"
    assert is_untouched("a.py", seal("a.py", body))
    assert not is_untouched("a.py", seal("a.py", body).replace("# flowstone", "#  flowstone"))
    assert not is_untouched("a.py", "x" + seal("a.py", body))


def test_what_was_written_is_up_to_date(folder):
    assert changes(folder, FILES) == []
    assert sorted(path.name for path in folder.iterdir()) == ["flowstone.json", "nightly.py"]
    assert (folder / "nightly.py").read_text().startswith("x = 1\n# flowstone: sha256=")


def test_files_are_readable_by_the_group_as_the_umask_allows(folder):
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((folder / "nightly.py").stat().st_mode) == 0o666 & ~mask


def test_an_edit_by_hand_is_noticed(folder):
    path = folder / "nightly.py"
    path.write_text(path.read_text().replace("x = 1", "x = 2"))
    (change,) = changes(folder, FILES)
    assert change.edited
    assert "-x = 2\n+x = 1\n" in change.diff()


def test_an_edited_manifest_is_noticed(folder):
    path = folder / "flowstone.json"
    path.write_text(path.read_text().replace('"name": "p"', '"name": "q"'))
    (change,) = changes(folder, FILES)
    assert change.edited


def test_a_new_version_of_an_untouched_file_is_no_edit(folder):
    (change,) = changes(folder, Rendered({**FILES.files, "nightly.py": "x = 3\n"}))
    assert not change.edited


def test_files_that_are_generated_no_more_are_removed_and_others_are_left_alone(folder):
    (folder / "mine.py").write_text("y = 1\n")
    todo = changes(folder, Rendered({"flowstone.json": MANIFEST}))
    assert [(change.path, change.new) for change in todo] == [("nightly.py", None)]
    write(folder, todo)
    assert sorted(path.name for path in folder.iterdir()) == ["flowstone.json", "mine.py"]


def test_a_file_of_somebody_else_in_the_way_counts_as_edited(folder):
    (folder / "weekly.py").write_text("print()\n")
    (change,) = changes(folder, Rendered({**FILES.files, "weekly.py": "x = 1\n"}))
    assert change.edited


@pytest.mark.parametrize("text", ["{}", "[1]", "null", "not json", '{"digest": 1, "project": {}}'])
def test_other_json_is_not_taken_for_a_manifest(text):
    assert not is_generated("data.json", text)
    assert not is_untouched("data.json", text)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "build"
    with pytest.raises(UsageError, match=r"cannot (read|write) .*file"):
        write(target, changes(target, FILES))


@pytest.mark.parametrize(("name", "old"), [("nightly.py", b"x = 1"), ("flowstone.json", b'"p"')])
def test_a_file_that_is_not_utf8_was_edited(folder, name, old):
    path = folder / name
    path.write_bytes(path.read_bytes().replace(old, b'"\xff"'))
    (change,) = changes(folder, FILES)
    assert change.edited
    assert r'"\udcff"' in change.diff()
