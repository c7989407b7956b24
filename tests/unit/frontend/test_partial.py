"""Reading the changed files alone gives what reading everything gives, or nothing."""

import random
from copy import copy
from itertools import pairwise

import pytest
from msgspec.structs import replace

from flowstone.checks import find_all, judge, judge_cutout
from flowstone.cli.kept import Kept, encode
from flowstone.config.model import Settings
from flowstone.frontend import Loaded, load, update
from flowstone.frontend.partial import reload
from flowstone.ir.project import Project

MODELS = """
import time
LOADED_AT = time.time()
class Model: ...
class Better(Model): ...
"""
FACTORIES = """
from flowstone import asset

def make(name, group="made"):
    @asset(name=name, group=group)
    def built() -> int: ...
"""
FILES = {
    "helpers.py": "LIMIT = 3\nTEAM = 'team'\nclass Outside: ...\ndef give_up() -> NoReturn: ...\n",
    "pipelines/models.py": MODELS,
    "pipelines/factories.py": FACTORIES,
    "pipelines/users.py": "from pipelines.factories import make\nmake('u1')\nmake('u2')\n",
}
EDITED = ("early", "middle", "zlast")
EXTRAS = [
    "from flowstone import asset\n@asset\ndef extra() -> int: ...\n",
    "from flowstone import asset\n@asset\ndef early1() -> str: ...\n",
    "from flowstone import asset, Job\n@asset\ndef more({other}: int): ...\nJob('nightly', select='more')\n",
    "import pipelines.early\n",
    "broken = (\n",
]
KNOWN = [f"{module}{number}" for module in EDITED for number in range(3)]
HEADS = [
    "",
    "from helpers import TEAM\n",
    "import pipelines.middle\n",
    "",
    "from pipelines.models import Model\n",
    "from pipelines import models\n",
    "from pipelines.factories import make\nmake('made')\n",
    "from helpers import Outside\n",
    "from helpers import give_up\n",
    "import requests\nRATES = requests.get('https://rates.example.org')\n",
    "import time\n\nSTARTED = time.time()\n",
    "# a comment about middle and early\n",
    "from flowstone import Jobs\n",
    "if True:\n    DEEP = 1\n",
]
TYPES = [
    "int",
    "str",
    "Model",
    "'models.Better'",
    "int | None",
    "Outside",
    "dict[str, int]",
    "None",
    "Own",
    "list[Own]",
]
KEYWORDS = [
    "group='one'",
    "group=TEAM",
    "tags=['x']",
    "tags={'x': 'y'}",
    "owners=[TEAM]",
    "retries=LIMIT",
    "timeout='5m'",
    "timeout='-5m'",
    "partitioned_by=days",
    "depends_on=['{other}']",
    "depends_on=[Dep('{other}', partitions=Offset(-1))]",
    "requires=['db']",
    "scatter=Scatter(over='db', as_='{other}')",
    "scatter=Scatter(over='{other}', as_='{other}', batch_size=2)",
    "io_manager='store'",
    "schedule=Cron('0 5 * * *')",
    "namespace='space'",
    "description='x'",
    "optional_deps=['{other}']",
    "groop='x'",
    "meta={'a': (1, 2.0), 'b': None}",
    "name='renamed'",
]
TAILS = [
    "",
    "\nnightly = Job('nightly', select='tag:x')\n",
    "\nnightly = Job('nightly', select='group:one+', exclude='{other}')\n",
    "\nJob('other', select='{other}+')\n",
    "\n@resource\ndef db() -> int: ...\n",
    "\n@resource\ndef db(ctx, size: int = 3) -> Model: ...\n",
    "\n@item_reader\ndef db() -> Iterator[int]:\n    yield 1\n",
    (
        "\n@join(branches={'db': '{other}', 'own': '{other}'}, on_failure='partial')\n"
        "def all_(db: Own | Failure, own: int): ...\n"
    ),
    "\n@check(asset='{other}')\ndef sane({other}, db: Own) -> bool: ...\n",
    "\n@check(asset='{other}', blocking=True)\ndef sane({other}) -> bool: ...\n",
    "\n@asset(outputs={'left': Output(), 'right': Output(group='one')})\ndef pair() -> tuple[int, Own]: ...\n",
    "\nfor index in range(LIMIT):\n    @asset(name=f'loop_{index}')\n    def looped() -> int: ...\n",
    "\ndef local(name):\n    @asset(name=name)\n    def inner(early0: int = 1) -> int: ...\n\nlocal('made_here')\n",
    "\ndef silent():\n    @asset\n    def lost() -> int: ...\n",
]
BODIES = [
    "...",
    "...",
    "return 1",
    "return",
    "\n    import random\n    return [LIMIT, random.random()]",
    "\n    open('out.txt', 'w').write(TEAM)\n    return 1",
    "\n    HELD.append(LIMIT)\n    return 1",
    "\n    if LIMIT:\n        return TEAM",
    "\n    if LIMIT:\n        return TEAM\n    stop()",
    "\n    if LIMIT:\n        return TEAM\n    give_up()",
]
ENDS = ["x = (\n", "def silent(:\n", "TEAM = LIMIT = input()\n", "days = 5\n", "\ndef early0(): ...\n"]
COMMENTS = ["", "  # flowstone: ignore[FS302]", "  # flowstone: ignore[FS301]", "  # fine"]


def filled(text: str, chance: random.Random) -> str:
    return text.replace("{other}", chance.choice(KNOWN))


class Source:
    """A module that is edited piece by piece."""

    def __init__(self, name: str, chance: random.Random) -> None:
        self._chance = chance
        self._head = self._constant = ""
        self._limit = 2
        self._tails = [""]
        self._assets = [self._asset(f"{name}{number}", plain=True) for number in range(3)]
        self._name = name
        self._end = ""

    def copy(self) -> "Source":
        other = copy(self)
        other._assets = list(self._assets)
        return other

    def edit(self) -> None:
        chance = self._chance
        self._end = ""
        match chance.randrange(15):
            case 12:
                self._end = chance.choice(ENDS)
            case 13:  # renamed, and taken from elsewhere perhaps
                name = chance.choice([f"{self._name}{chance.randrange(5)}", chance.choice(KNOWN), "db"])
                self._assets[chance.randrange(len(self._assets))] = self._asset(name, plain=chance.random() < 0.5)
            case 14:
                self._assets.append(self._asset(f"{self._name}{chance.randrange(6)}", plain=True))
            case 0 if chance.random() < 0.6:
                self._head = chance.choice(HEADS)
            case 1:
                self._limit = chance.randrange(4)
            case 2 | 3:
                self._tails = [filled(chance.choice(TAILS), chance) for _ in range(chance.randrange(3))]
            case 4:
                self._constant = f"# {chance.random()}\n" * chance.randrange(3)
            case 5:
                chance.shuffle(self._assets)
            case 6 if len(self._assets) > 1 and chance.random() < 0.3:
                self._assets.pop()
            case _:
                index = chance.randrange(len(self._assets))
                self._assets[index] = self._asset(f"{self._name}{index}", plain=chance.random() < 0.3)

    def _asset(self, name: str, *, plain: bool) -> str:
        chance = self._chance
        if plain:
            return f"@asset\ndef {name}() -> int:\n    return {chance.randrange(9)}\n"
        keywords = filled(", ".join(chance.sample(KEYWORDS, chance.randrange(4))), chance)
        inputs = [f"{other}: {chance.choice(TYPES)}" for other in chance.sample(KNOWN, chance.randrange(3))]
        inputs += chance.sample(
            ["ctx=None", "rate: float = 1.5", "db: Own = None", "early7: int = LIMIT"], chance.randrange(2)
        )
        inputs = [item for item in inputs if not item.startswith(name)]
        decorator = f"@asset({keywords})" if keywords else "@asset"
        returns = chance.choice(["", *(f" -> {item}" for item in TYPES)])
        body = chance.choice(BODIES)
        return f"{decorator}{chance.choice(COMMENTS)}\ndef {name}({', '.join(inputs)}){returns}: {body}\n"

    def text(self) -> str:
        head = (
            "from __future__ import annotations\nfrom flowstone import *\nfrom flowstone import Job, resource, check\n"
        )
        body = f"days = DailyPartitions(start='2024-01-0{self._limit + 1}', timezone='UTC')\nLIMIT = {self._limit}\n"
        own = (
            "TEAM = 'mine'\nclass Own: ...\n" if "TEAM" not in self._head else "class Own(Base): ...\nclass Base: ...\n"
        )
        own += "HELD = []\n"
        own += "def stop() -> NoReturn: ...\n" if self._limit else "def stop() -> int: ...\n"
        return (
            head + self._head + body + own + self._constant + "\n".join(self._assets) + "".join(self._tails) + self._end
        )


class World:
    """A project on disk, and what its files hold."""

    def __init__(self, project, chance: random.Random, *, steady: bool = False) -> None:
        self._steady = steady
        """No file comes or goes."""
        self._loader = project
        self._chance = chance
        self.sources = {f"pipelines/{name}.py": Source(name, chance) for name in EDITED}
        self.texts = {**FILES, **{path: source.text() for path, source in self.sources.items()}}
        self._loader.write(self.texts)
        self.settings = Settings(
            name="demo",
            root=project.root,
            home=project.root / ".flowstone",
            sources=("pipelines",),
            import_roots=(".",),
        )

    def edit(self, paths: list[str]) -> None:
        for path in paths:
            self.sources[path].edit()
        self._write(paths)
        if not self._steady and self._chance.random() < 0.15:
            self._come_or_go()

    def _come_or_go(self) -> None:
        """A file is added, or taken away."""
        path = self._chance.choice(["pipelines/extra.py", "pipelines/new/deep.py", "pipelines/users.py"])
        text = filled(self._chance.choice(EXTRAS), self._chance)
        if self.texts.pop(path, None) is None:
            self.texts[path] = text
            self._loader.write({path: text})
        else:
            (self._loader.root / path).unlink()
            if path == "pipelines/new/deep.py":
                (self._loader.root / "pipelines/new").rmdir()

    def copy(self) -> dict[str, Source]:
        return {path: source.copy() for path, source in self.sources.items()}

    def undo(self, sources: dict[str, Source]) -> None:
        """Back to a copy of the sources."""
        self.sources = {path: source.copy() for path, source in sources.items()}
        self._write(list(sources))

    def _write(self, paths: list[str]) -> None:
        self.texts.update({path: self.sources[path].text() for path in paths})
        self._loader.write({path: self.texts[path] for path in paths})

    def read(self, base: Loaded) -> dict[str, str]:
        """The texts of what was read before and is there still, and of the sources."""
        return {
            path: text for path, text in self.texts.items() if path in base.sources or path.startswith("pipelines/")
        }

    def load(self) -> Loaded:
        return load(self.settings, fingerprints=False)


def kept(loaded: Loaded) -> Loaded:
    """What is left of it in a file."""
    return replace(loaded, project=Project.model_validate_json(loaded.project.model_dump_json()))


def outcome(loaded: Loaded, settings: Settings) -> tuple[object, ...]:
    findings = [item.to_json() for item in find_all(loaded, settings)]
    return loaded.project.model_dump_json(), loaded.project, findings, loaded.diagnostics


@pytest.mark.parametrize("seed", range(16))
def test_a_part_is_as_good_as_the_whole(project, seed):
    chance = random.Random(seed)
    world = World(project, chance)
    base = kept(world.load())
    assert not base.diagnostics
    clean, partly = world.copy(), 0
    judgement = judge(base, world.settings)
    for _ in range(40):
        world.edit(chance.sample(sorted(world.sources), chance.choice([1, 1, 1, 2])))
        full = world.load()
        part = reload(base, world.settings, world.read(base))
        if part is not None:
            partly += 1
            assert outcome(part, world.settings) == outcome(full, world.settings)
            assert part.effort >= full.effort * (1 - 1e-9)  # sums of floats, in another order
            judgement = judge(part, world.settings, judgement)
            assert judgement.diagnostics == find_all(full, world.settings)
        if chance.random() < 0.7:
            base = kept(full) if part is None or chance.random() < 0.5 else part
        if not full.diagnostics:
            clean = world.copy()
        elif chance.random() < 0.4:
            world.undo(clean)
    assert partly > 10


@pytest.mark.parametrize("seed", range(8))
def test_a_cutout_is_as_good_as_the_whole(project, seed):
    chance = random.Random(seed)
    world = World(project, chance, steady=True)
    before = judge(world.load(), world.settings)
    clean, near = world.copy(), 0
    for _ in range(60):
        world.edit(chance.sample(sorted(world.sources), chance.choice([1, 1, 1, 2])))
        full = judge(world.load(), world.settings)
        data = Kept.decode(encode(before, {}))
        assert data.judgement(world.settings).loaded == before.loaded
        texts = world.read(before.loaded)
        paths = data.around({path for path in texts if texts[path] != before.loaded.sources.get(path)})
        if paths is not None:
            cut = data.judgement(world.settings, paths)
            part = reload(cut.loaded, world.settings, texts)
            found = None if part is None else judge_cutout(part, cut)
            if found is not None:
                near += 1
                assert found.diagnostics == full.diagnostics
                assert data.assets == len(full.loaded.project.assets)
        if full.loaded.diagnostics:
            world.undo(clean)
        else:
            clean, before = world.copy(), full
    assert near > 3


BASE = {
    "a.py": "from flowstone import asset\n\n\n@asset\ndef first() -> int: ...\n",
    "b.py": "from flowstone import asset, Job\n\n\n@asset\ndef second(first: int) -> int: ...\n\n\nJob('all', '*')\n",
    "lib.py": "from flowstone import asset\nGROUP = []\n\ndef make(name):\n    @asset(name=name)\n    def it(): ...\n",
    "user.py": "from lib import make\n\nmake('one')\n",
}


FIRST_JOB = "from flowstone import Job\n\nJob('first_job', 'first')\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", BASE["a.py"].replace("@asset", "@asset(tags=['x'])")),
        ("a.py", BASE["a.py"].replace("int", "str") + "\n\ndef helper(): ...\n"),
        ("a.py", "from typing import Any\n" + BASE["a.py"]),
        ("b.py", BASE["b.py"].replace("first: int", "first: int, factor: float = 1.0")),
        ("b.py", BASE["b.py"].replace("'*'", "'second'")),
        ("b.py", BASE["b.py"].replace("Job('all', '*')", "x = 1")),
        ("a.py", BASE["a.py"].replace("first", "renamed")),
        ("a.py", BASE["a.py"] + "\n\n@asset\ndef more(): ...\n"),
        ("a.py", BASE["a.py"] + "\n\n@asset\ndef second(): ...\n"),
        ("a.py", BASE["a.py"].replace("@asset", "@asset(groop='x')")),
        ("a.py", BASE["a.py"] + "x = (\n"),
        ("b.py", BASE["b.py"] + "Job('none', 'tag:x')\nJob('all', 'second')\n"),
        ("a.py", BASE["a.py"] + FIRST_JOB),
        ("c.py", BASE["a.py"].replace("first", "third") + FIRST_JOB),
        ("c.py", BASE["a.py"].replace("def first()", "def third(first: str)") + "x = (\n"),
        ("b.py", None),
        ("a.py", None),
    ],
)
def test_the_usual_edits_need_no_others(project, path, text):
    base = kept(load_all(project, BASE))
    states = [BASE, {**BASE, path: text}, BASE]
    for before, now in pairwise(states):
        texts = {name: content for name, content in now.items() if content is not None}
        whole = load_all(project, now)
        part = reload(base, settings_of(project), texts)
        assert part is not None, (before, now)
        assert outcome(part, settings_of(project)) == outcome(whole, settings_of(project))
        base = kept(part)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "from lib import make\n\nmake('two')\n" + BASE["a.py"]),
        ("lib.py", BASE["lib.py"].replace("name=name", "name=name, group='x'")),
        ("user.py", "from lib import make\n\nmake('one')  # again\n"),
        ("lib.py", None),
        ("flowstone.py", ""),
        ("lib/__init__.py", ""),
        ("lib/deep.py", ""),
        ("a.py", "import lib\n\nlib.GROUP = None\n" + BASE["a.py"]),
        ("a.py", "from lib import GROUP\n\nGROUP.append('x')\n" + BASE["a.py"]),
        ("a.py", "import lib\n\n\ndef later():\n    setattr(lib, 'GROUP', None)\n\n\n" + BASE["a.py"]),
    ],
    ids=[
        "factory",
        "imported",
        "calls a factory",
        "removed",
        "added and imported",
        "package",
        "in a package",
        "sets a name of another",
        "changes a value of another",
        "sets it in a function",
    ],
)
def test_other_edits_need_the_whole(project, path, text):
    base = kept(load_all(project, BASE))
    texts = {name: content for name, content in {**BASE, path: text}.items() if content is not None}
    load_all(project, {**BASE, path: text})
    assert reload(base, settings_of(project), texts) is None


def test_a_file_of_factories_stays_a_source_when_its_callers_are_read_again(project):
    files = {
        "a.py": BASE["a.py"],
        "lib.py": "from flowstone import asset\n\ndef make(name):\n    @asset(name=name)\n    def it(first: int): ...\n"
        "\n\ndef lost():\n    @asset\n    def never(): ...\n",
        "user.py": "from lib import make\n\nmake('one')\n",
    }
    base = kept(load_all(project, files))
    assert "lib.py" in base.found
    texts = {**files, "a.py": BASE["a.py"].replace("first", "renamed")}
    whole = load_all(project, texts)
    assert whole.project.sources == ("a.py", "lib.py", "user.py")
    assert update(base, settings_of(project), texts).project.sources == whole.project.sources


def test_what_no_longer_changes_another_module_needs_the_whole(project):
    files = {**BASE, "a.py": "import lib\n\nlib.GROUP = None\n" + BASE["a.py"]}
    base = kept(load_all(project, files))
    assert reload(base, settings_of(project), {**files, "a.py": BASE["a.py"]}) is None
    assert reload(base, settings_of(project), {**files, "b.py": BASE["b.py"] + "\n"}) is not None


def test_an_update_reads_as_little_as_it_can_and_as_much_as_it_must(project):
    loaded = load_all(project, BASE)
    for path, text in (
        ("a.py", BASE["a.py"].replace("@asset", "@asset(tags=['x'])")),
        ("a.py", BASE["a.py"].replace("first", "renamed")),
        ("b.py", BASE["b.py"] + "x = (\n"),
        ("b.py", BASE["b.py"]),
        ("a.py", BASE["a.py"]),
    ):
        loaded = update(loaded, settings_of(project), {**loaded.sources, path: text})
        whole = load_all(project, loaded.sources)
        assert outcome(loaded, settings_of(project)) == outcome(whole, settings_of(project))


def test_a_base_that_does_not_fit_is_refused(project):
    base = kept(load_all(project, BASE))
    text = BASE["a.py"].replace("@asset", "@asset(tags=['x'])")
    changed = {**BASE, "a.py": text}
    assert reload(base, settings_of(project), changed) is not None
    assert reload(replace(base, files={}), settings_of(project), changed) is None
    assert reload(base, settings_of(project), {"a.py": text}) is None
    assert reload(replace(base, effort=1.0), settings_of(project), BASE) is not None
    assert reload(replace(base, effort=1.0), settings_of(project), changed) is None


def test_what_one_module_uses_first_does_not_hide_a_finding_in_another(project):
    files = {
        "lib.py": "TAGS = ['x']\nTAGS.append('y')\n",
        "a.py": "from flowstone import asset\nfrom lib import TAGS\nfor _ in [1]:\n    tags = TAGS\n\n"
        "    @asset\n    def first(): ...\n",
        "b.py": "from flowstone import asset\nfrom lib import TAGS\n\n\n@asset(tags=TAGS)\ndef second(): ...\n",
    }
    assert [(item.code, item.span.file) for item in load_all(project, files).diagnostics] == [("FS003", "b.py")]


def settings_of(project) -> Settings:
    return Settings(name="demo", root=project.root, home=project.root / ".flowstone", sources=(".",))


def load_all(project, files: dict[str, str | None]) -> Loaded:
    """The project of these files, and of no others."""
    for path in [*project.root.rglob("*.py")]:
        path.unlink()
    project.write({name: text for name, text in files.items() if text is not None})
    return load(settings_of(project), fingerprints=False)
