import ast
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowstone.config import load_settings
from flowstone.frontend import load
from flowstone.frontend.findings import Findings
from flowstone.frontend.fingerprint import Fingerprints
from flowstone.frontend.modules import ModuleIndex
from flowstone.frontend.names import Names
from flowstone.frontend.pins import Pins
from flowstone.frontend.values import Reference, Unknown


def fingerprint(root: Path, name: str = "orders", *, module: str = "main", closure=None, pins=None) -> str:
    """The fingerprint of the function of this name, wherever in the module it is defined."""
    index = ModuleIndex(root, ["."], Findings())
    found = index.get(module)
    assert found is not None
    function = next(
        node
        for node in ast.walk(found.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    )
    return Fingerprints(Names(index), pins or Pins()).of(found, function, closure or {})


@pytest.fixture
def write(tmp_path):
    """Write modules and give their folder."""

    def write_modules(**modules: str) -> Path:
        for name, text in modules.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return tmp_path

    return write_modules


HEAD = "from flowstone import asset\n"


def changes(write, old: dict[str, str], new: dict[str, str], **keywords) -> bool:
    """Whether the fingerprint of ``main.orders`` differs between two states of a project."""
    first = fingerprint(write(**{name: HEAD + dedent(text) for name, text in old.items()}), **keywords)
    second = fingerprint(write(**{name: HEAD + dedent(text) for name, text in new.items()}), **keywords)
    assert first.startswith("sha256:")
    return first != second


ORDERS = """
    import helpers

    @asset
    def orders(raw):
        return helpers.clean(raw)
"""
HELPERS = """
    from deep import LIMIT, base
    from deep.rates import Rates

    def clean(raw):
        return Rates(LIMIT).apply(base(raw))
"""
DEEP = """
    LIMIT = 10
    def base(x):
        return x + 1
    def unused(x):
        return x - 1
    OTHER = 5
"""
RATES = """
    FACTOR = 1.5
    class Base:
        def apply(self, x):
            return x * FACTOR
    class Rates(Base):
        def __init__(self, limit):
            self.limit = limit
    class Unused:
        value = 1
"""
PROJECT = {"main": ORDERS, "helpers": HELPERS, "deep/__init__": DEEP, "deep/rates": RATES}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("main", "clean(raw)", "clean(raw) + 1"),
        ("helpers", "base(raw)", "base(-raw)"),
        ("deep/__init__", "LIMIT = 10", "LIMIT = 11"),
        ("deep/__init__", "x + 1", "x * 1"),
        ("deep/rates", "FACTOR = 1.5", "FACTOR = 1.25"),
        ("deep/rates", "x * FACTOR", "x / FACTOR"),
        ("deep/rates", "Rates(Base)", "Rates"),
        ("deep/rates", "self.limit = limit", "self.limit = -limit"),
    ],
)
def test_edits_of_reachable_code_change_it(write, module, old, new):
    assert old in PROJECT[module]
    assert changes(write, PROJECT, {**PROJECT, module: PROJECT[module].replace(old, new)})


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("deep/__init__", "x - 1", "x - 2"),
        ("deep/__init__", "OTHER = 5", "OTHER = 6"),
        ("deep/rates", "value = 1", "value = 2"),
        ("main", "import helpers", "import os, helpers"),
        ("main", "@asset", "@asset(group='x', path='y', meta={'a': [1]})"),
        ("main", "def orders(raw):", "def orders(raw):\n        '''Clean orders.'''"),
        ("helpers", "def clean(raw):", "def clean(raw):  # comment\n        'Clean.'\n"),
    ],
)
def test_other_edits_do_not(write, module, old, new):
    assert old in PROJECT[module]
    assert not changes(write, PROJECT, {**PROJECT, module: PROJECT[module].replace(old, new)})


def test_the_code_of_an_upstream_asset_does_not_count(write):
    text = """
        @asset
        def raw():
            return {value}
        @asset
        def orders(raw):
            total = [raw for raw in raw]
            return raw, total
    """
    assert not changes(write, {"main": text.format(value=1)}, {"main": text.format(value=2)})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("X = [1]", "X = [1]\nX.append(2)"),
        ("X = [1]", "X = [1]\nX[0] = 2"),
        ("X = [1]", "X = [1]\nX += [2]"),
        ("X = [1]", "X = [1]\ndel X[0]"),
        ("X = [1]", "X = [1]\nif True:\n    X = [2]"),
        ("X = [1]", "X = [1]\nfor i in range(2):\n    X.append(i)"),
        ("X = [1]\nimport random", "X = [1]\nimport random\nrandom.shuffle(X)"),
        ("def X(): return 1", "def X(): return 1\nX.limit = 2"),
        ("def X(): return 1", "def X(): return 2"),
        ("class X: a = 1\ndef add(c): c.a = 2", "class X: a = 1\ndef add(c): c.a = 2\nadd(X)"),
        ("class X: a = 1\ndef add(c): setattr(c, 'a', 2)", "class X: a = 1\ndef add(c): setattr(c, 'a', 2)\nadd(X)"),
        ("class X: a = 1", "class X: a = 1\nX.a = 2"),
        ("class X: a = 1", "class X: a = 2"),
        ("X = [1]\ndef init(): X.append(2)", "X = [1]\ndef init(): X.append(2)\ninit()"),
        ("X = 1\ndef init():\n    global X\n    X = 2", "X = 1\ndef init():\n    global X\n    X = 3"),
        (
            "X = {}\ndef register(f):\n    X[f.__name__] = f\n    return f\n@register\ndef one(): return 1",
            "X = {}\ndef register(f):\n    X[f.__name__] = f\n    return f\n@register\ndef one(): return 2",
        ),
        (
            "class R(list):\n    def add(self, f): self.append(f)\nX = R()\n@X.add\ndef one(): return 1",
            "class R(list):\n    def add(self, f): self.append(f)\nX = R()\n@X.add\ndef one(): return 2",
        ),
        ("X, Y = 1, 2", "X, Y = 1, 3"),
        ("try:\n    X = 1\nexcept ImportError:\n    X = 2", "try:\n    X = 1\nexcept ImportError:\n    X = 3"),
        ("with open('a') as X: pass", "with open('b') as X: pass"),
        ("A = 1; X = A", "A = 2; X = A"),
        ("(X := 1)", "(X := 2)"),
        ("from other import *", "from other import *\nX = 1"),
    ],
)
def test_everything_that_makes_a_name_counts(write, before, after):
    body = "\n@asset\ndef orders(raw):\n    return X\n"
    other = {"other": "X = 5"}
    assert changes(write, {"main": before + body, **other}, {"main": after + body, **other})


def test_statements_on_one_line_are_told_apart(write):
    body = "\n@asset\ndef orders(raw):\n    return X\n"
    assert not changes(write, {"main": "X = 1; Y = 2" + body}, {"main": "X = 1; Y = 3" + body})


@pytest.mark.parametrize(
    "body",
    [
        "return getattr(helpers, raw)()",
        "return helpers.clean.__globals__['hidden']()",
        "return importlib.import_module('helpers')",
        "return __import__('helpers')",
        "import helpers as h\n    return [getattr(h, name) for name in raw]",
        "from helpers import hidden as h\n    return h()",
        "return helpers.anything_made_by_getattr",
    ],
)
def test_dynamic_access_takes_the_whole_module(write, body):
    main = f"import helpers, importlib\n@asset\ndef orders(raw):\n    {body}\n"
    helpers = "def clean(): return hidden()\ndef hidden(): return {}\n"
    assert changes(write, {"main": main, "helpers": helpers.format(1)}, {"main": main, "helpers": helpers.format(2)})


MADE = "import made\n@asset\ndef orders(raw):\n    return made.LIMIT\n"


def test_a_module_as_value_takes_what_it_imports(write):
    main = "import helpers\n@asset\ndef orders(raw):\n    return getattr(helpers, raw)()\n"
    modules = {"main": main, "helpers": "from inner import clean\n"}
    assert changes(write, {**modules, "inner": "def clean(): return 1"}, {**modules, "inner": "def clean(): return 2"})


@pytest.mark.parametrize(
    "statement",
    [
        "exec('LIMIT = {}')",
        "globals()['LIMIT'] = {}",
        "for name in ('LIMIT', 'RATE'):\n    globals()[name] = {}",
        "globals().update(LIMIT={})",
        "import sys\nsetattr(sys.modules[__name__], 'LIMIT', {})",
    ],
)
def test_names_that_no_statement_binds_are_those_that_a_module_makes_at_run_time(write, statement):
    own = statement + "\n@asset\ndef orders(raw):\n    return LIMIT\n"
    assert changes(write, {"main": own.replace("{}", "1")}, {"main": own.replace("{}", "2")})
    for use in ("from made import LIMIT\n@asset\ndef orders(raw):\n    return LIMIT\n", MADE):
        modules = {"main": use, "made": statement}
        assert changes(write, modules, {**modules, "made": statement.replace("{}", "2")})


@pytest.mark.parametrize("names", ["globals()[raw]", "getattr(sys.modules[__name__], raw)", "modules[__name__].hidden"])
def test_names_of_the_own_module_take_all_of_it(write, names):
    main = f"import sys\nfrom sys import modules\nhidden = {{}}\n@asset\ndef orders(raw):\n    return {names}\n"
    assert changes(write, {"main": main.format(1)}, {"main": main.format(2)})


def test_modules_that_change_others_when_imported(write):
    modules = {
        "main": "import options, patches\n@asset\ndef orders(raw):\n    return options.LIMIT[0]\n",
        "options": "LIMIT = [1]\n",
    }
    old, new = "import options\noptions.LIMIT[0] = 2\n", "import options\noptions.LIMIT[0] = 3\n"
    assert changes(write, {**modules, "patches": old}, {**modules, "patches": new})
    harmless = "import options\nOWN = {}\n"
    assert not changes(write, {**modules, "patches": harmless.format(1)}, {**modules, "patches": harmless.format(2)})


REGISTRY = {
    "main": "from lib.registry import REG\n@asset\ndef orders(raw):\n    return REG['rate']()\n",
    "lib/__init__": "from lib import plugins\n",
    "lib/registry": "REG = {}\ndef register(f):\n    REG[f.__name__] = f\n    return f\n",
}
PLUGIN = "from lib.registry import register\n@register\ndef rate(): return "


@pytest.mark.parametrize(
    "modules",
    [
        {},
        {"main": "import lib.registry\n@asset\ndef orders(raw):\n    return lib.registry.REG['rate']()\n"},
        {"main": "@asset\ndef orders(raw):\n    from lib.registry import REG\n    return REG['rate']()\n"},
        {"lib/__init__": "from . import plugins\n"},
        {"lib/__init__": "import lib.plugins\n"},
        {"lib/__init__": "import lib.deep.more\n", "lib/deep/__init__": "import lib.plugins\n", "lib/deep/more": ""},
        {
            "main": REGISTRY["main"].replace(".registry", ""),
            "lib/__init__": "from .registry import REG\nimport lib.plugins\n",
        },
    ],
)
def test_what_a_package_imports_counts_for_its_modules(write, modules):
    modules = {**REGISTRY, **modules}
    assert changes(write, {**modules, "lib/plugins": PLUGIN + "10\n"}, {**modules, "lib/plugins": PLUGIN + "20\n"})


def test_what_the_packages_of_the_own_module_import_counts(write):
    main = "from registry import REG\n@asset\ndef orders(raw):\n    return REG['rate']()\n"
    modules = {"app/main": main, "app/__init__": "import plugins\n", "registry": REGISTRY["lib/registry"]}
    old, new = (PLUGIN.replace("lib.", "") + number for number in ("10\n", "20\n"))
    assert changes(write, {**modules, "plugins": old}, {**modules, "plugins": new}, module="app.main")


def test_what_a_package_imports_and_changes_nothing_does_not_count(write):
    modules = {**REGISTRY, "lib/plugins": PLUGIN + "10\n"}
    init = REGISTRY["lib/__init__"] + "from lib import other\n"
    old, new = ({**modules, "lib/__init__": init, "lib/other": f"LIMIT = {number}\n"} for number in (1, 2))
    assert not changes(write, old, new)


@pytest.mark.parametrize(
    "statement",
    [
        "settings.LIMIT = {}",
        "settings.LIMIT += {}",
        "settings.LIMIT: int = {}",
        "settings.LIMIT, x = {}, 1",
        "for settings.LIMIT in range({}): pass",
        "if True:\n    settings.LIMIT = {}",
        "setattr(settings, 'LIMIT', {})",
        "settings.__dict__['LIMIT'] = {}",
        "vars(settings)['LIMIT'] = {}",
        "settings.__dict__.update(LIMIT={})",
        "import settings as s\ns.LIMIT = {}",
        "settings.configure({})",
        "from settings import configure\nconfigure({})",
        "def init(): settings.LIMIT = {}\ninit()",
        "def init():\n    import settings as s\n    s.LIMIT = {}\ninit()",
        "def init(module): module.LIMIT = {}\ninit(settings)",
        "def init(module, n): setattr(module, 'LIMIT', n)\ninit(settings, {})",
        "def deeper(): settings.LIMIT = {}\ndef init(): deeper()\ninit()",
    ],
)
@pytest.mark.parametrize("place", ["main", "other"])
def test_assigning_to_the_attribute_of_a_module_counts(write, statement, place):
    body = "@asset\ndef orders(raw):\n    return settings.LIMIT\n"
    configure = "def configure(n):\n    global LIMIT\n    LIMIT = n\n"
    modules = {"main": "import settings, other\n" + body, "settings": "LIMIT = 10\n" + configure, "other": ""}
    head = f"import settings\n{statement}\n"
    old, new = ({**modules, place: head.format(number) + modules[place]} for number in (20, 30))
    assert changes(write, old, new)


@pytest.mark.parametrize(
    "statement",
    ["globals()['LIMIT'] = {}", "vars()['LIMIT'] = {}", "import main\nmain.LIMIT = {}", "globals().update(LIMIT={})"],
)
def test_assigning_to_the_own_module_counts(write, statement):
    main = f"LIMIT = 10\n{statement}\n@asset\ndef orders(raw):\n    return LIMIT\n"
    assert changes(write, {"main": main.format(20)}, {"main": main.format(30)})


REACHED = [
    ("class Rule:\n    def __init__(self, item): ITEMS.append(item)", "from items import Rule\nRule(NUMBER)"),
    (
        "class Rule:\n    def __init_subclass__(cls): ITEMS.append(cls)",
        "import items\nclass A(items.Rule):\n    n = NUMBER",
    ),
    (
        "class Rule:\n    def __init_subclass__(cls): cls.known(cls)",
        "import items\nclass A(items.Rule):\n    n = NUMBER",
    ),
    (
        "class Meta(type):\n    def __init__(cls, *given): ITEMS.append(cls)\nclass Rule(metaclass=Meta): ...",
        "import items\nclass A(items.Rule):\n    n = NUMBER",
    ),
    (
        "def add(name):\n    def keep(f):\n        ITEMS.append(f)\n        return f\n    return keep",
        "from items import add\n@add('a')\ndef one(): return NUMBER",
    ),
    (
        "class add:\n    def __init__(self, name): ...\n    def __call__(self, f): ITEMS.append(f)",
        "from items import add\n@add('a')\ndef one(): return NUMBER",
    ),
    (
        "class Tool:\n    def add(self, item): ITEMS.append(item)\ntool = Tool()",
        "from items import tool\ndef prepare():\n    tool.add(NUMBER)\nprepare()",
    ),
    (
        "class With:\n    def __enter__(self): ITEMS.append(1)\n    def __exit__(self, *given): ...",
        "import items\nwith items.With(): n = NUMBER",
    ),
    (
        "class Rule: ...\nclass ITEMS:\n    known = Rule.__subclasses__",
        "from items import Rule\nclass A(Rule):\n    n = NUMBER",
    ),
    ("def add(item): ITEMS.append(item)\nput = add", "import items\nitems.put(NUMBER)"),
    ("", "from items import ITEMS\nadd = ITEMS.append\nadd(NUMBER)"),
    ("", "from items import ITEMS\nlist(map(ITEMS.append, [NUMBER]))"),
    ("", "from items import ITEMS\n(lambda: ITEMS.append(NUMBER))()"),
    ("", "from items import ITEMS\nclass A:\n    ITEMS.append(NUMBER)"),
    ("", "import items\nclass A:\n    items.ITEMS = [NUMBER]"),
    ("", "import items\ndef one():\n    def two(): items.ITEMS.append(NUMBER)\n    two()\none()"),
]
NOT_REACHED = [
    ("class Rule:\n    def __init__(self, item): self.item = item", "from items import Rule\nRULE = Rule(NUMBER)"),
    ("class Rule:\n    def more(self): ITEMS.append(1)", "import items\nclass A(items.Rule):\n    n = NUMBER"),
    (
        "def cached(f):\n    def asked(x):\n        ITEMS.append(x)\n        return f(x)\n    return asked",
        "from items import cached\n@cached\ndef one(): return NUMBER",
    ),
    (
        "def cached(n):\n    def of(f):\n        def asked(x): ITEMS.append(x)\n        return asked\n    return of",
        "from items import cached\n@cached(3)\ndef one(): return NUMBER",
    ),
    (
        "class Part: ...",
        "import items\nfrom attrs import field\nclass A:\n    n = NUMBER\n    p = field(factory=items.Part)",
    ),
    ("def add(item): ITEMS.append(item)", "from items import add\nTABLE = {'add': add, 'n': NUMBER}"),
]


@pytest.mark.parametrize(
    ("items", "plugin", "counts"), [*((*c, True) for c in REACHED), *((*c, False) for c in NOT_REACHED)]
)
def test_what_an_imported_module_enters_elsewhere_counts(write, items, plugin, counts):
    main = "import items, plugin\n@asset\ndef orders(raw):\n    return items.ITEMS\n"
    modules = {"main": main, "items": f"ITEMS = []\n{items}\n"}
    before, after = (plugin.replace("NUMBER", number) + "\n" for number in ("1", "2"))
    assert changes(write, {**modules, "plugin": before}, {**modules, "plugin": after}) is counts


def test_names_and_classes_in_circles_come_to_an_end(write):
    names = "".join(f"a{one} = a{other}\nb{one} = b{other}()\n" for one in range(12) for other in range(12))
    classes = "".join(f"class C{number}(C{(number + 1) % 9}): ...\n" for number in range(9))
    main = f"{names}{classes}a1()\nb1.go()\nC1()\n@asset\ndef orders(raw):\n    return a1, b1, C1, LIMIT\n"
    assert changes(write, {"main": f"LIMIT = 1\n{main}"}, {"main": f"LIMIT = 2\n{main}"})


SETTING = """
    import decimal, logging, os, random, warnings
    from decimal import getcontext
    import settings

    {statement}

    @asset
    def orders():
        return str(decimal.Decimal(1) / 3)
"""
OUTSIDE = [
    "decimal.getcontext().prec = NUMBER",
    "getcontext().prec = NUMBER",
    "random.seed(NUMBER)",
    "os.environ['LEVEL'] = 'NUMBER'",
    "os.environ |= {'LEVEL': 'NUMBER'}",
    "setattr(decimal.DefaultContext, 'prec', NUMBER)",
    "for seed in (1, NUMBER):\n        random.seed(seed)",
    "def prepare():\n        random.seed(NUMBER)\n    prepare()",
    "def prepare():\n        import locale\n        locale.setlocale(locale.LC_ALL, 'NUMBER')\n    prepare()",
    "def prepare():\n        import locale as known\n        known.current.name = 'NUMBER'\n    prepare()",
    "def prepare(f):\n        random.seed(NUMBER)\n        return f\n    @prepare\n    def other(): ...",
    "if __name__ == '__main__':\n        orders()\n    else:\n        random.seed(NUMBER)",
]
BESIDE = [
    "LIMIT = decimal.Decimal(NUMBER)",
    "logging.basicConfig(level=NUMBER)",
    "logging.getLogger().setLevel(NUMBER)",
    "warnings.filterwarnings('ignore', lineno=NUMBER)",
    "def later():\n        random.seed(NUMBER)",
    "def make(random):\n        random['x'] = NUMBER\n        return random\n    ROWS = make({})",
    "if __name__ == '__main__':\n        random.seed(NUMBER)",
]


@pytest.mark.parametrize("statement", OUTSIDE)
def test_what_an_import_changes_outside_of_the_project_counts(write, statement):
    before, after = (SETTING.replace("{statement}", statement.replace("NUMBER", number)) for number in ("6", "9"))
    assert changes(write, {"main": before, "settings": ""}, {"main": after, "settings": ""})
    before, after = (f"import random\nrandom.seed({number})" for number in (6, 9))
    assert changes(write, {"main": SETTING, "settings": before}, {"main": SETTING, "settings": after})


@pytest.mark.parametrize("statement", BESIDE)
def test_what_an_import_does_and_no_value_shows_does_not_count(write, statement):
    before, after = (SETTING.replace("{statement}", statement.replace("NUMBER", number)) for number in ("6", "9"))
    assert not changes(write, {"main": before, "settings": ""}, {"main": after, "settings": ""})


def test_reading_a_module_changes_nothing(write):
    main = "import settings\nOTHER = str(settings.LIMIT + {})\n@asset\ndef orders(raw):\n    return settings.LIMIT\n"
    modules = {"settings": "LIMIT = 10\n"}
    assert not changes(write, {"main": main.format(1), **modules}, {"main": main.format(2), **modules})


def test_swapped_imports_change_it(write):
    main = "from helpers import one as {}, two as {}\n@asset\ndef orders(raw):\n    return a(raw) - b(raw)\n"
    helpers = "def one(x): return x\ndef two(x): return -x\n"
    assert changes(
        write, {"main": main.format("a", "b"), "helpers": helpers}, {"main": main.format("b", "a"), "helpers": helpers}
    )


def test_cycles_between_functions_and_modules(write):
    modules = {
        "main": "import even\n@asset\ndef orders(raw):\n    return even.even(raw)\n",
        "even": "import odd\ndef even(n): return n == 0 or odd.odd(n - 1)\n",
    }
    odd = "import even, main\ndef odd(n): return n != {} and even.even(n - 1)\n"
    assert changes(write, {**modules, "odd": odd.format(0)}, {**modules, "odd": odd.format(9)})


def test_the_first_function_asked_for_makes_no_difference(write):
    root = write(
        main=HEAD
        + dedent("""
            def a(n): return b(n)
            def b(n): return c(n) + a(n)
            def c(n): return b(n) + d(n)
            def d(n): return n
            @asset
            def orders(raw): return a(raw)
            @asset
            def others(raw): return c(raw)
        """)
    )
    alone = {name: fingerprint(root, name) for name in ("orders", "others")}
    index = ModuleIndex(root, ["."], Findings())
    module = index.get("main")
    for order in (1, -1):
        prints = Fingerprints(Names(index), Pins())
        functions = [node for node in module.tree.body if isinstance(node, ast.FunctionDef) and node.name in alone]
        assert {node.name: prints.of(module, node) for node in functions[::order]} == alone


def test_annotations_and_other_decorators_count(write):
    main = "import polars as pl\nfrom tools import traced\n@asset\n{}def orders(raw: {}):\n    return raw\n"
    tools = {"tools": "def traced(f): return f\n"}
    plain = {"main": main.format("", "pl.DataFrame"), **tools}
    assert changes(write, plain, {"main": main.format("", "list"), **tools})
    assert changes(write, plain, {"main": main.format("@traced\n", "pl.DataFrame"), **tools})
    assert not changes(write, plain, {"main": main.format("", "'pl.DataFrame'"), **tools})


def test_pinned_versions_of_what_is_used(write):
    root = write(
        main=HEAD + "import PIL.Image\nimport polars as pl\nimport yaml\n"
        "def helper(): return PIL.Image.open('x')\n"
        "@asset\ndef orders(raw: pl.DataFrame): return helper()\n"
    )
    base = {"polars": "1.0", "pillow": "11.0", "pyyaml": "6.0"}
    found = fingerprint(root, pins=Pins(base))
    assert found != fingerprint(root, pins=Pins({**base, "polars": "1.1"}))
    assert found != fingerprint(root, pins=Pins({**base, "pillow": "11.1"}))
    assert found == fingerprint(root, pins=Pins({**base, "pyyaml": "6.1", "other": "1"}))
    assert found != fingerprint(root)


FACTORY = """
    from helpers import scale
    def make(country, factor, group="g"):
        rate = factor * 2
        def nested(x): return x + {nested}
        @asset(name=country, group=group)
        def orders(raw):
            return scale(raw, rate) {extra}
        return orders
    make("de", 2)
"""


def test_values_that_a_factory_gives(write):
    root = write(main=HEAD + dedent(FACTORY.format(nested=1, extra="")), helpers="def scale(x, y): return x * y\n")

    def of(**closure):
        return fingerprint(root, closure=closure)

    plain = of(country="de", factor=2, rate=4, group="g")
    assert plain == of(country="fr", factor=2, rate=4, group="h")
    assert plain != of(country="de", factor=2, rate=6, group="g")
    hidden = of(country="de", factor=2, rate=Unknown(None), group="g")
    assert hidden not in (plain, of(country="de", factor=3, rate=Unknown(None), group="g"))
    assert of(rate=Reference("polars.Int8")) != of(rate=Reference("polars.Int16"))


def test_functions_beside_it_in_a_factory(write):
    helpers = {"helpers": "def scale(x, y): return x * y\n"}
    closure = {"rate": 4}
    plain = FACTORY.format(nested=1, extra="")
    assert not changes(
        write, {"main": plain, **helpers}, {"main": FACTORY.format(nested=2, extra=""), **helpers}, closure=closure
    )
    used = FACTORY.format(nested=1, extra="+ nested(1)")
    assert changes(write, {"main": plain, **helpers}, {"main": used, **helpers}, closure=closure)
    assert changes(
        write,
        {"main": used, **helpers},
        {"main": FACTORY.format(nested=2, extra="+ nested(1)"), **helpers},
        closure=closure,
    )


def test_another_call_of_the_factory_changes_nothing(write):
    helpers = {"helpers": "def scale(x, y): return x * y\n"}
    plain = FACTORY.format(nested=1, extra="")
    more = plain + "    make('fr', 3)\n"
    assert not changes(write, {"main": plain, **helpers}, {"main": more, **helpers}, closure={"rate": 4})


def test_functions_and_classes_that_a_factory_is_given(tmp_path):
    text = dedent("""
        from flowstone import asset
        def make(function, kind, n):
            def even(x): return x == 0 or odd(x - 1)
            def odd(x): return x != 0 and even(x - 1)
            @asset(name=f"given{n}")
            def given() -> int: return function(n) + kind.level
            @asset(name=f"nested{n}")
            def nested() -> bool: return even(n)
        def one(x): return x
        def two(x): return -x
        class Low: level = 1
        class High: level = 2
        make(one, Low, 1)
        make(two, High, 2)
    """)
    (tmp_path / "flowstone.toml").write_text('sources = ["main.py"]\n')

    def codes(text):
        (tmp_path / "main.py").write_text(text)
        loaded = load(load_settings(tmp_path, environment={}))
        assert loaded.diagnostics == ()
        return {name: step.code for name, step in loaded.project.steps.items()}

    before = codes(text)

    def changed(old, new):
        after = codes(text.replace(old, new))
        return {name for name in before if before[name] != after[name]}

    assert changed("return x\n", "return +x\n") - {"nested1"} == {"given1"}
    assert changed("return -x", "return ~x") - {"nested2"} == {"given2"}
    assert changed("level = 2", "level = 3") - {"nested2"} == {"given2"}
    assert changed("x != 0", "x != 1") == {"nested1", "nested2"}
    assert changed("make(one, Low, 1)", "make(one, High, 1)") - {"nested1"} == {"given1"}


def test_code_as_deep_as_the_parser_allows(write):
    deep = "+".join(["x"] * 900)
    attributes = ".a()" * 90
    root = write(main=HEAD + f"@asset\ndef orders(x):\n    return {deep}, x{attributes}, {'[' * 90}{']' * 90}\n")
    assert fingerprint(root) == fingerprint(root)


REFORMATTED = '''
import math
from   helpers import (clean , TABLE)

@asset( name = "x",
   group="y")
def orders(raw: "list[int]", factor = 0x10) -> dict:
    """  Doc """
    text = 'it\\'s' + "b" 'c' + f'{raw!r:>{factor}} {raw[ "k" ]}' + u"d"
    del (text, raw)
    x = (yield)
    with (open("a") as a, open("b") as b): pass
    try:
        pass
    except (ValueError): raise
    return {  "a":(1),**TABLE, 'b':[clean(v)for v in raw if(v>1e3)],
        'l': lambda a,*,b=1:(a,b), 't': (1,) }[('a')] if not(raw) else (math.pi+
        1 ) // 3 - (-2)**2
'''
FORMATS = [
    ["--line-length", "40"],
    ["--line-length", "200", "--config", "format.quote-style='single'"],
    ["--line-length", "88", "--config", "format.skip-magic-trailing-comma=true"],
    ["--line-length", "60", "--config", "format.indent-style='tab'"],
]


@pytest.mark.parametrize("options", FORMATS)
def test_reformatting_does_not_change_it(write, options):
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if ruff is None:
        pytest.skip("needs ruff")
    helpers = "TABLE = {'a' : 1,\n 'b':(2)}\ndef clean( x ) :\n    return  x  #c\n"
    root = write(main=HEAD + REFORMATTED, helpers=helpers)
    before = fingerprint(root)
    texts = [(root / name).read_text() for name in ("main.py", "helpers.py")]
    subprocess.run([ruff, "format", "--isolated", "-q", *options, "main.py", "helpers.py"], cwd=root, check=True)
    assert [(root / name).read_text() for name in ("main.py", "helpers.py")] != texts
    assert fingerprint(root) == before


REACHED = """
import json
from dataclasses import dataclass, field
LEVELS = {"low": 1, "high": (2, -3.5)}
def decorate(times):
    def wrap(function):
        return lambda *args: [function(*args) for _ in range(times)]
    return wrap
@dataclass(frozen=True)
class Row:
    name: str = "n"
    values: list = field(default_factory=lambda: [4, 5])
    @property
    def total(self):
        return sum(self.values[:6]) if self.name != "x" else 7
@decorate(8)
def clean(raw, *, limit=9):
    with open("path") as file:
        for line in file:
            if line and 10 < len(line) <= limit:
                raw[line] = json.loads(line, strict=True)
    try:
        return LEVELS["low"] + Row().total
    except KeyError:
        return f"failed {raw!r:>11} after" or b"bytes"
"""


def constants(text: str):
    """Each constant in a text, with its place."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and node.end_col_offset - node.col_offset == len(repr(node.value)):
            yield node


@pytest.mark.parametrize("number", range(len(list(constants(REACHED)))))
def test_every_constant_in_reached_code_counts(tmp_path, number):
    node = list(constants(REACHED))[number]
    lines = REACHED.split("\n")
    line = lines[node.lineno - 1]
    lines[node.lineno - 1] = f"{line[: node.col_offset]}'changed'{line[node.end_col_offset :]}"
    (tmp_path / "main.py").write_text(HEAD + "import deep\n@asset\ndef orders(raw): return deep.clean(raw)\n")
    (tmp_path / "deep.py").write_text(REACHED)
    before = fingerprint(tmp_path)
    (tmp_path / "deep.py").write_text("\n".join(lines))
    assert fingerprint(tmp_path) != before


NUMBERS = st.integers(0, 300) | st.floats(0, 1e9) | st.booleans() | st.text(max_size=4) | st.none()
OPERATORS = ["+", "-", "*", "//", "==", "<", "and", "or", "in", "is not"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.tuples(NUMBERS, st.sampled_from(OPERATORS)), second=st.tuples(NUMBERS, st.sampled_from(OPERATORS)))
def test_different_values_and_operators_three_modules_away(tmp_path, first, second):
    def of(value, operator):
        (tmp_path / "main.py").write_text(HEAD + "import a\n@asset\ndef orders(raw): return a.f(raw)\n")
        (tmp_path / "a.py").write_text("from b import g as f\n")
        (tmp_path / "b.py").write_text("import c\ndef g(x): return c.h(x)\n")
        (tmp_path / "c.py").write_text(f"K = {value!a}\ndef h(x): return x {operator} K\n")
        return fingerprint(tmp_path)

    same = (repr(first[0]), first[1]) == (repr(second[0]), second[1])
    assert (of(*first) == of(*second)) == same
