import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowstone.checks import Judgement, judge
from flowstone.cli.check_cache import CheckCache
from flowstone.cli.check_run import find
from flowstone.cli.kept import Kept
from flowstone.config import Settings, load_settings
from flowstone.diagnostics.diagnostic import Diagnostic, Edit, Fix, Related, Severity, Span
from flowstone.frontend import load

SPAN = Span("pipelines/a.py", 1, 1, 1, 5)
FIX = Fix("Change it to 'x'", (Edit(SPAN, "x"),), safe=False)
OWNED = "@asset(owners=OWNERS)\ndef a() -> int: return 1\n"
FINDING = Diagnostic("FS101", Severity.ERROR, "bad ü", SPAN, "help", (Related(SPAN, "here"),), FIX)


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "space").mkdir()
    (tmp_path / "pipelines/a.py").write_text("import helpers\n")
    (tmp_path / "helpers.py").write_text("x = 1\r\n", newline="")
    (tmp_path / "pipelines/b.py").write_text("from helpers import x\nfrom helpers import y\n")
    (tmp_path / "flowstone.toml").write_text('sources = ["pipelines"]\n[profiles.prod]\n')
    return tmp_path


def settings(project: Path, **keywords) -> Settings:
    return load_settings(project, environment={}, **keywords)


SOURCES = {
    "pipelines/a.py": "import helpers\n",
    "pipelines/b.py": "from helpers import x\nfrom helpers import y\n",
    "helpers.py": "x = 1\n",
}


def put(project: Path, *findings: Diagnostic, **keywords) -> None:
    CheckCache(settings(project, **keywords)).put(SOURCES, findings, 7)


def get(project: Path, **keywords):
    return CheckCache(settings(project, **keywords)).get()


def test_what_was_put_comes_back(project):
    assert get(project) is None
    put(project, FINDING)
    found = get(project)
    assert found is not None
    assert (found.diagnostics, found.assets) == ((FINDING,), 7)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "helpers.py").write_text("x = [1]\r\n", newline=""),
        lambda root: (root / "helpers.py").unlink(),
        lambda root: (root / "pipelines/c.py").write_text(""),
        lambda root: (root / "pipelines/sub").mkdir() or (root / "pipelines/sub/b.py").write_text(""),
        lambda root: (root / "new.py").write_text(""),
        lambda root: (root / "package").mkdir(),
        lambda root: (root / "space/new.py").write_text(""),
        lambda root: (root / "flowstone.toml").write_text('name = "x"\nsources = ["pipelines"]\n'),
        lambda root: (root / "flowstone.toml").write_text('# moved\nsources = ["pipelines"]\n[profiles.prod]\n'),
    ],
    ids=[
        "edited",
        "deleted",
        "added",
        "added below",
        "added to the root",
        "new package",
        "added to a package",
        "configured",
        "moved",
    ],
)
def test_any_change_is_noticed(project, change):
    put(project, FINDING)
    change(project)
    assert get(project) is None


@pytest.mark.parametrize(
    "edit",
    [
        lambda root: (root / "pipelines/b.py").write_text("# moved\n" + SOURCES["pipelines/b.py"]),
        lambda root: (root / "helpers.py").write_text("x = 1\nUNUSED = 5\n"),
    ],
)
def test_changes_that_check_does_not_see(project, edit):
    put(project, FINDING)
    edit(project)
    for _ in range(2):
        found = get(project)
        assert found is not None
        assert found.diagnostics == (FINDING,)


def test_places_in_a_changed_file_are_found_anew(project):
    put(project, FINDING)
    (project / "pipelines/a.py").write_text("# moved\nimport helpers\n")
    assert get(project) is None


def test_damaged_texts(project):
    put(project)
    (texts,) = (project / ".flowstone/cache/check").glob("*.texts")
    (project / "pipelines/b.py").write_text("# moved\n" + SOURCES["pipelines/b.py"])
    texts.write_text("{}")
    assert get(project) is None
    texts.unlink()
    assert get(project) is None


def test_same_size_and_time_are_not_enough(project):
    put(project)
    path = project / "helpers.py"
    before = path.stat()
    path.write_text("y = 1\r\n", newline="")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert get(project) is None


def test_other_files_and_folders_change_nothing(project):
    put(project)
    (project / "README.md").write_text("x")
    (project / ".hidden").mkdir()
    (project / "pipelines/__pycache__").mkdir()
    (project / "pipelines/__pycache__/a.py").write_text("x")
    (project / "pipelines/data.csv").write_text("x")
    assert get(project) is not None
    (project / "data").mkdir()
    put(project)
    (project / "data/x.parquet").write_text("x")
    assert get(project) is not None


def test_profiles_have_their_own(project):
    put(project, FINDING)
    assert get(project, profile="prod") is None
    put(project, profile="prod")
    assert get(project, profile="prod").diagnostics == ()
    assert get(project).diagnostics == (FINDING,)


def entry(project: Path) -> Path:
    (found,) = (project / ".flowstone/cache/check").glob("*[!s].json")
    return found


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"assets": 7', '"assets": 8'),
        lambda text: text.replace("bad", "mad"),
        lambda text: "[]",
        lambda text: "",
        lambda text: json.dumps({"checksum": 1, "content": {}}),
        lambda text: "[" * 100_000,
    ],
)
def test_damage_is_noticed(project, damage):
    put(project, FINDING)
    entry(project).write_text(damage(entry(project).read_text()))
    assert get(project) is None
    put(project, FINDING)
    assert get(project) is not None


def test_a_file_that_changed_while_it_was_checked_is_not_kept(project):
    cache = CheckCache(settings(project))
    (project / "helpers.py").write_text("x = 3\n")
    cache.put(SOURCES, [], 7)
    assert get(project) is None
    cache = CheckCache(settings(project))
    (project / "pipelines/late.py").write_text("")
    cache.put({**SOURCES, "helpers.py": "x = 3\n"}, [], 7)
    assert get(project) is None


def test_unreadable_files_are_looked_at_again_every_time(project):
    put(project, Diagnostic("FS002", Severity.ERROR, "unreadable", SPAN))
    assert get(project) is None


def test_nothing_is_written_where_nothing_can_be(project):
    (project / ".flowstone").write_text("not a folder")
    put(project, FINDING)
    assert get(project) is None


def test_many_at_once(project):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: put(project, FINDING), range(20)))
        assert all(item is not None for item in pool.map(lambda _: get(project), range(20)))
    assert sorted("".join(path.suffixes) for path in (project / ".flowstone/cache/check").iterdir()) == [
        ".json",
        ".texts",
    ]


def test_a_pipe_in_place_of_a_file_does_not_block(project):
    put(project)
    (project / "helpers.py").unlink()
    os.mkfifo(project / "helpers.py")
    assert get(project) is None


LOADED = (
    "import sys; sys.argv = ['flowstone', 'check', '-C', sys.argv[1]]\n"
    "from flowstone.cli import main\n"
    "try: main()\n"
    "except SystemExit as end: assert not end.code, end.code\n"
    "print(*sys.modules)"
)


def loaded_by_check(project: Path) -> set[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", LOADED, str(project)]
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_a_check_loads_what_it_needs(project):
    source = project / "pipelines/a.py"
    source.write_text("from flowstone import asset\n@asset\ndef a() -> int: return 1\n")
    cold, warm = loaded_by_check(project), loaded_by_check(project)
    assert "pydantic" in cold
    assert warm.isdisjoint({"pydantic", "networkx", "jinja2", "rich"})
    assert cold.isdisjoint({"importlib.metadata", "email", "networkx", "jinja2", "pickle", "tarfile"})
    source.write_text("from flowstone import asset\n@asset\ndef a() -> int: return 2\n")
    assert "pydantic" not in loaded_by_check(project), "after an edit of a body"


def judged(project: Path) -> Judgement:
    return judge(load(settings(project), fingerprints=False), settings(project))


def whole(project: Path, text: str) -> CheckCache:
    """A project of which a check was kept, and whose file has the text now."""
    (project / "pipelines/b.py").write_text("from flowstone import asset\n\n\n@asset\ndef orders() -> int: ...\n")
    cache = CheckCache(settings(project))
    cache.put_judgement(judged(project))
    (project / "pipelines/b.py").write_text(text)
    return CheckCache(settings(project))


EDITED = "from flowstone import asset\n\n\n@asset(group='sales')\ndef orders() -> str: ...\n"


def test_a_kept_project_is_as_good_as_a_new_one(project):
    again = whole(project, EDITED).judge_again()
    assert again is not None
    assert again.judgement.loaded.project == load(settings(project), fingerprints=False).project
    assert again.judgement.loaded.project.assets["orders"].group == "sales"


def test_a_file_that_can_be_read_again_is_noticed(project):
    (project / "pipelines/b.py").write_bytes(b"\xff")
    CheckCache(settings(project)).put_judgement(judged(project))
    (project / "pipelines/b.py").write_text(EDITED)
    assert CheckCache(settings(project)).judge_again() is None


def test_a_project_with_findings_of_the_front_end_is_kept_too(project):
    (project / "pipelines/b.py").write_text("x = (\n")
    CheckCache(settings(project)).put_judgement(judged(project))
    for text in (EDITED, "y = (\n"):
        (project / "pipelines/b.py").write_text(text)
        again = CheckCache(settings(project)).judge_again()
        assert again is not None
        whole = judged(project)
        assert again.judgement.loaded.project == whole.loaded.project
        assert again.judgement.diagnostics == whole.diagnostics


READER = "from flowstone import asset\n\n\n@asset\ndef report(orders: int) -> int: ...\n"
TWICE = "from flowstone import asset\n\n\n@asset\ndef orders() -> int: ...\n"


def rename(root: Path) -> None:
    (root / "pipelines/b.py").rename(root / "pipelines/c.py")


def nest(root: Path) -> None:
    (root / "pipelines/sub").mkdir()
    (root / "pipelines/sub/b.py").write_text(READER)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "pipelines/b.py").unlink(),
        lambda root: (root / "pipelines/c.py").write_text(""),
        lambda root: (root / "pipelines/c.py").write_text(READER),
        lambda root: (root / "pipelines/c.py").write_text(TWICE),
        lambda root: (root / "pipelines/c.py").write_text("x = (\n"),
        lambda root: (root / "pipelines/a.py").unlink(),
        rename,
        nest,
    ],
    ids=["deleted", "empty", "reader", "duplicate", "broken", "unrelated", "renamed", "in a new folder"],
)
def test_a_kept_project_is_used_after_files_came_and_went(project, change):
    whole(project, TWICE)
    change(project)
    again = CheckCache(settings(project)).judge_again()
    assert again is not None
    anew = judged(project)
    assert again.judgement.loaded.project == anew.loaded.project
    assert again.judgement.diagnostics == anew.diagnostics
    assert again.assets == len(anew.loaded.project.assets)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "helpers.py").write_text("x = 2\n"),
        lambda root: (root / "helpers.py").unlink(),
        lambda root: (root / "new.py").write_text(""),
        lambda root: (root / "space/new.py").write_text(""),
        lambda root: (root / "package").mkdir(),
        lambda root: (root / "pipelines/sub").mkdir(),
        lambda root: (root / "pipelines/__init__.py").write_text(""),
        lambda root: (root / "pipelines/helpers.py").write_text(""),
        lambda root: (root / "pipelines/c.py").write_text("") or (root / "new.py").write_text(""),
        lambda root: (root / "flowstone.toml").write_text('name = "x"\nsources = ["pipelines"]\n'),
    ],
    ids=[
        "imported",
        "no longer imported",
        "beside the sources",
        "in a package",
        "new package",
        "new folder",
        "folder made a package",
        "name of another",
        "two of which one",
        "configured",
    ],
)
def test_a_kept_project_is_not_used_after_other_changes(project, change):
    whole(project, EDITED)
    change(project)
    assert CheckCache(settings(project)).judge_again() is None


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("damage", [b"", b"{}", b"null", b"\xff", b"0"])
def test_a_damaged_project_is_as_good_as_none(project, part, damage):
    cache = whole(project, EDITED)
    (path,) = (project / ".flowstone/cache/check").glob("*.project.json")
    lines = path.read_bytes().split(b"\n")
    lines[part] = damage
    path.write_bytes(b"\n".join(lines))
    assert cache.judge_again() is None
    path.write_bytes(b"\n".join([hashlib.sha256(lines[1]).hexdigest().encode(), *lines[1:]]))
    if part:
        assert cache.judge_again() is None


@pytest.mark.parametrize("piece", range(3))
def test_a_damaged_piece_of_a_project_is_noticed_when_it_is_needed(project, piece):
    """The texts, what belongs to no module, and the nodes of the first one."""
    cache = whole(project, EDITED)
    (path,) = (project / ".flowstone/cache/check").glob("*.project.json")
    data = path.read_bytes()
    start, sizes = data.index(b"\n", 65) + 1, [size for size, _ in Kept.decode(data).head["pieces"]]
    place = start + sum(sizes[:piece]) + sizes[piece] // 2
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    assert cache.judge_again(whole=True) is None
    path.write_bytes(data)
    assert cache.judge_again(whole=True) is not None


def test_check_finds_what_an_edit_of_a_declaration_breaks_and_mends(project):
    reader = "from flowstone import asset\n\n\n@asset\ndef report(orders: int) -> int: ...\n"
    (project / "pipelines/a.py").write_text(reader)
    whole(project, EDITED)
    command = [sys.executable, "-m", "flowstone", "check", "--output-format", "json"]
    for text, codes in ((EDITED, ["FS301"]), (EDITED.replace("str", "int"), []), (EDITED, ["FS301"])):
        (project / "pipelines/b.py").write_text(text)
        for more in ([], ["--no-cache"], []):
            done = subprocess.run([*command, *more], cwd=project, capture_output=True, text=True, check=False)
            assert [item["code"] for item in json.loads(done.stdout)] == codes


@pytest.mark.parametrize(
    ("name", "folder", "file"),
    [
        ("lib.deep.util", "lib/deep", "lib/deep/util.py"),
        ("lib.deep.util", "lib/deep/util", "lib/deep/util/__init__.py"),
        ("lib.deep.deeper.util", "lib/deep", "lib/deep/deeper/util.py"),
        ("lib.deep.util", "src/lib/deep", "src/lib/deep/util.py"),
    ],
)
def test_a_module_that_comes_into_a_folder_where_none_was_read_is_noticed(tmp_path, name, folder, file):
    (tmp_path / "src").mkdir()
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "flowstone.toml").write_text('sources = ["a.py"]\nimport_roots = [".", "src"]\n')
    (tmp_path / "a.py").write_text(f"from flowstone import asset\nfrom {name} import OWNERS\n{OWNED}")
    assert [item.code for item in find(settings(tmp_path), use_cache=True).diagnostics] == ["FS004"]
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("OWNERS = ['a']\n")

    for _ in range(2):
        assert find(settings(tmp_path), use_cache=True).diagnostics == ()


def test_where_a_symbolic_link_leads_to_counts(tmp_path):
    project, shared = tmp_path / "project", tmp_path / "shared.py"
    project.mkdir()
    (project / "flowstone.toml").write_text('sources = ["a.py"]\n')
    (project / "a.py").write_text(f"from flowstone import asset\nfrom helpers import OWNERS\n{OWNED}")
    (project / "helpers.py").symlink_to(shared)
    (project / "round").symlink_to("round")
    assert [item.code for item in find(settings(project), use_cache=True).diagnostics] == ["FS003"]
    shared.write_text("OWNERS = ['a']\n")

    assert find(settings(project), use_cache=True).diagnostics == ()


@pytest.mark.parametrize("file", ["plug.py", "plug/__init__.py", "plug/store.py"])
def test_the_code_of_an_io_manager_of_another_package_counts(project, tmp_path_factory, monkeypatch, file):
    site = tmp_path_factory.mktemp("site")
    (site / "plug-1.dist-info").mkdir()
    (site / "plug-1.dist-info/METADATA").write_text("Name: plug\nVersion: 1\n")
    (site / "plug-1.dist-info/entry_points.txt").write_text("[flowstone.io_managers]\nplug = plug:Plug\n")
    (site / file).parent.mkdir(exist_ok=True)
    (site / file).write_text("x = 1\n")
    monkeypatch.syspath_prepend(site)
    with (project / "flowstone.toml").open("a") as config:
        config.write('[io_managers.plugged]\ntype = "plug"\n')
    put(project, FINDING)
    assert get(project) is not None
    os.utime(site / file, (1, 1))

    assert get(project) is None
