import subprocess
import sys

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli
from flowstone.errors import ConfigurationError

ONE = '''
@asset
def one() -> int:
    """One."""
    return 1

@check(asset="one")
def positive(one) -> bool:
    return one > 0
'''


@pytest.fixture
def helper(tmp_path):
    """Writes a module that others import; it is forgotten in the end."""
    path = tmp_path / "pipeline_helper.py"

    def write(text, newline="\n"):
        path.write_text(text, newline=newline)
        return path

    yield write
    sys.modules.pop("pipeline_helper", None)


def source(made):
    return made.root / f"{made.module}.py"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_other_code_than_was_compiled_is_not_run(make_project):
    made = make_project(ONE)
    edit(source(made), "return 1", "return 2")
    with pytest.raises(ConfigurationError, match=rf"{made.module}\.py is not the file that was compiled") as caught:
        made.make("one")
    assert "compile the project again" in caught.value.help
    assert made.module not in sys.modules
    assert made.value("one") is None
    edit(source(made), "return 2", "return 1")
    assert made.make("one").status == "materialized"
    assert made.value("one") == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 1", "return (1)  # one"),
        ('"""One."""', '"""Another text."""'),
        ('    """One."""\n', ""),
        ("def one()", "def one( )"),
        ("\n", "\r\n"),
        ("\n", "\r"),
        ("from flowstone", "\ufefffrom flowstone"),
    ],
)
def test_comments_layout_and_line_ends_may_differ(make_project, old, new):
    made = make_project(ONE)
    data = source(made).read_bytes()
    assert old.encode() in data
    source(made).write_bytes(data.replace(old.encode(), new.encode()))
    assert made.make("one").status == "materialized"


@pytest.mark.parametrize(
    "text",
    [
        "from pipeline_helper import RATE\n@asset\ndef one() -> int:\n    return RATE\n",
        "@asset\ndef one() -> int:\n    from pipeline_helper import RATE\n    return RATE\n",
        "import pipeline_helper as h\n@resource\ndef r(): return h.RATE\n@asset\ndef one(r) -> int: return r\n",
    ],
)
def test_what_is_imported_is_compared_too(make_project, helper, text):
    helper("RATE = 1\n")
    made = make_project(text)
    helper("RATE = 2\n")
    with pytest.raises(ConfigurationError, match=r"pipeline_helper\.py is not the file that was compiled"):
        made.make("one")
    helper("RATE = 1\r\n# unchanged\r\n", newline="")
    assert made.make("one").status == "materialized"


def test_what_is_not_imported_may_differ(make_project, helper):
    helper("RATE = 1\n")
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pipeline_helper import RATE\n"
    made = make_project(text + ONE)
    helper("RATE = 2\n")
    assert made.make("one").status == "materialized"


def test_a_file_that_is_broken_by_now_is_another_file(make_project):
    made = make_project(ONE)
    edit(source(made), "return 1", "return (")
    with pytest.raises(ConfigurationError, match="is not the file that was compiled"):
        made.make("one")


def test_code_that_the_process_has_imported_before_is_not_run_for_a_newer_project(make_project):
    made = make_project(ONE)
    made.make("one")
    imported = sys.modules[made.module]
    newer = make_project(ONE.replace("return 1", "return 2"), like=made)
    sys.modules[made.module] = imported
    with pytest.raises(ConfigurationError, match="was imported by this process in another version") as caught:
        newer.make("one")
    assert "start the worker again" in caught.value.help
    del sys.modules[made.module]
    newer.make("one")
    assert newer.value("one") == 2


def test_a_compiled_script_with_older_sources_stores_nothing(tmp_path):
    text = "from flowstone import Job, asset\n@asset\ndef one() -> int: return {}\njob = Job('default', select='one')\n"
    (tmp_path / "flowstone.toml").write_text('sources = ["old_or_new.py"]\n')
    module = tmp_path / "old_or_new.py"
    module.write_text(text.format(2))
    compiled = CliRunner().invoke(cli, ["compile", "-C", str(tmp_path), "--target", "local"])
    assert compiled.exit_code == 0, compiled.output
    script = next((tmp_path / "build" / "local").glob("*.py"))

    def run():
        return subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=120)

    module.write_text(text.format(1))
    stale = run()
    assert stale.returncode == 1
    assert "old_or_new.py is not the file that was compiled" in stale.stdout + stale.stderr
    module.write_text(text.format(2))
    assert run().returncode == 0
    assert next((tmp_path / ".flowstone" / "data").rglob("one*.json")).read_text().strip() == "2"
