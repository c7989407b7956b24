import os
import time

from flowstone.cli.manifests import AGE, KEPT, write_manifest
from flowstone.config import load_settings
from flowstone.ir.project import Project


def configured(root):
    (root / "pipelines").mkdir()
    (root / "flowstone.toml").write_text('sources = ["pipelines"]')
    return load_settings(root)


def old(folder, number):
    """A manifest that was written long ago, the higher the number the longer."""
    path = folder / f"{number:064x}.json"
    path.write_text("{}")
    then = time.time() - AGE - 100 - number
    os.utime(path, (then, then))
    return path


def test_of_old_manifests_only_the_last_ones_stay(tmp_path):
    folder = tmp_path / ".flowstone" / "cache" / "manifests"
    folder.mkdir(parents=True)
    settings = configured(tmp_path)
    others = [old(folder, number) for number in range(KEPT + 3)]
    named = folder / "dev-1.json"
    named.write_text("{}")
    os.utime(named, (0, 0))
    young = others[-1]
    os.utime(young)
    written = write_manifest(Project(name="one"), settings)
    assert {path.name for path in folder.iterdir()} == {
        path.name for path in (written, named, young, *others[: KEPT - 2])
    }


def test_what_is_there_is_not_written_again(tmp_path):
    settings = configured(tmp_path)
    written = write_manifest(Project(name="one"), settings)
    before = written.stat().st_mtime_ns
    assert write_manifest(Project(name="one"), settings) == written
    assert written.stat().st_mtime_ns == before
