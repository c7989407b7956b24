"""One call for each item: in order, some at once, and not again after a failure."""

import json

import pytest

from flowstone.errors import NotMaterializedError, OutputError
from flowstone.runtime.materialize import materialize
from flowstone.runtime.run import Run

HEAD = """
import asyncio, threading
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")
@asset
def urls() -> list[str]:
    return ["a", "bb", "ccc", "dddd"]
"""
SIZES = (
    HEAD
    + """
@asset(scatter=Scatter(over="urls", as_="url", max_concurrent=1))
def sizes(url: str, urls: list[str], times: int = 1) -> int:
    log(url)
    if (HERE / "broken").exists() and url in (HERE / "broken").read_text().split():
        raise ConnectionError(f"no answer for {url}")
    return len(url) * times + len(urls)
"""
)


@pytest.fixture
def scatter(make_project):
    def make(text, like=None):
        made = make_project(text, like=like)
        made.make("urls")
        return made

    return make


def test_results_are_in_the_order_of_the_items(scatter):
    made = scatter(SIZES)
    outcome = made.make("sizes", config={"times": 10})
    assert made.value("sizes") == [14, 24, 34, 44]
    assert made.lines() == ["a", "bb", "ccc", "dddd"]
    assert outcome.records[0].metadata["scatter"] == {"items": 4, "failures": 0}
    assert made.make("sizes", config={"times": 10}).status == "reused"


def test_as_many_run_at_once_as_it_says(scatter):
    text = SIZES.replace("max_concurrent=1", "max_concurrent=4").replace("log(url)", "TOGETHER.wait(20)")
    made = scatter(text.replace("@asset", "TOGETHER = threading.Barrier(4)\n@asset", 1))
    made.make("sizes")
    assert made.value("sizes") == [5, 6, 7, 8]


def test_items_of_an_async_function_share_a_loop(scatter):
    made = scatter(
        HEAD
        + """
@asset(scatter=Scatter("urls", "url", max_concurrent=2))
async def sizes(url: str) -> int:
    waiting.append(url)
    if len(waiting) == 2:
        both.set()
    await both.wait()
    return len(url)
waiting = []
both = asyncio.Event()
"""
    )
    made.make("sizes")
    assert made.value("sizes") == [1, 2, 3, 4]


def test_the_error_of_an_item_is_the_error_of_the_asset(scatter):
    made = scatter(SIZES)
    (made.root / "broken").write_text("bb ccc")
    with pytest.raises(ConnectionError, match="no answer for bb") as caught:
        made.make("sizes")
    assert caught.value.__notes__ == ["item 2 of 4 of sizes, 'bb'"]
    assert made.lines() == ["a", "bb"]  # no more are begun once too many have failed
    assert made.value("sizes") is None


def test_what_is_done_is_not_done_again(scatter):
    made = scatter(SIZES)
    (made.root / "broken").write_text("ccc")
    with pytest.raises(ConnectionError):
        made.make("sizes")
    (made.root / "broken").unlink()
    made.make("sizes", workspace=made.workspace)
    assert made.value("sizes") == [5, 6, 7, 8]
    assert made.lines() == ["a", "bb", "ccc", "ccc", "dddd"]
    assert list((made.root / ".flowstone" / "scatter").iterdir()) == []


@pytest.mark.parametrize("change", ["configuration", "code", "input", "cut off"])
def test_what_depends_on_something_else_now_is_done_again(scatter, change):
    made = scatter(SIZES)
    (made.root / "broken").write_text("ccc")
    with pytest.raises(ConnectionError):
        made.make("sizes")
    (made.root / "broken").unlink()
    more = {}
    if change == "configuration":
        more = {"config": {"times": 2}}
    elif change == "code":
        made = scatter(SIZES.replace("return len(url)", "return 1 * len(url)"), like=made)
    elif change == "input":
        made = scatter(SIZES.replace('"dddd"]', '"dddd", "eeeee"]'), like=made)
    else:
        (kept,) = (made.root / ".flowstone" / "scatter").iterdir()
        kept.write_bytes(b"".join(kept.read_bytes().splitlines(keepends=True)[:1]) + b'["sha256:')
    made.make("sizes", **more)
    again = ["bb", "ccc", "dddd"] if change == "cut off" else ["a", "bb", "ccc", "dddd"]
    again += ["eeeee"] if change == "input" else []
    assert made.lines()[3:] == again


@pytest.mark.parametrize("force", [True, False])
def test_what_is_to_run_in_any_case_takes_nothing_of_another_run(scatter, force):
    made = scatter(SIZES if force else SIZES.replace("scatter=", "cache=False, scatter="))
    (made.root / "broken").write_text("ccc")
    for run, lines in (("one", ["a", "bb", "ccc"]), ("one", ["ccc"]), ("two", ["a", "bb", "ccc"])):
        (made.root / "log").unlink(missing_ok=True)
        with pytest.raises(ConnectionError):
            materialize(made.workspace, "sizes", None, Run(run, "local"), force=force)
        assert made.lines() == lines


def test_some_items_may_fail(scatter):
    made = scatter(SIZES.replace("max_concurrent=1", "failure_threshold=0.5"))
    (made.root / "broken").write_text("bb dddd")
    (record,) = made.make("sizes").records
    assert made.value("sizes") == [5, 7]
    assert record.metadata["scatter"] == {
        "items": 4,
        "failures": 2,
        "failed": [
            {"item": 2, "error": "ConnectionError: no answer for bb"},
            {"item": 4, "error": "ConnectionError: no answer for dddd"},
        ],
    }
    (made.root / "broken").write_text("bb ccc dddd")
    with pytest.raises(ConnectionError) as caught:
        made.make("sizes", force=True)
    assert "3 items failed" in caught.value.__notes__[0]


def test_no_items_make_an_empty_list(scatter):
    made = scatter(SIZES.replace('return ["a", "bb", "ccc", "dddd"]', "return []"))
    made.make("sizes")
    assert (made.value("sizes"), made.lines()) == ([], [])


@pytest.mark.parametrize("value", ["'text'", "{'a': 1}", "None", "3"])
def test_what_is_no_list_is_an_error(scatter, value):
    made = scatter(
        SIZES.replace('return ["a", "bb", "ccc", "dddd"]', f"return {value}").replace(", urls: list[str]", "")
    )
    with pytest.raises(OutputError, match="sizes scatters over urls"):
        made.make("sizes")


def test_items_and_results_may_be_objects(make_project):
    made = make_project(
        """
from dataclasses import dataclass
@dataclass(frozen=True)
class Page:
    number: int
@asset
def pages() -> list[Page]:
    return [Page(1), Page(2), Page(3)]
@asset(scatter=Scatter(over="pages", as_="page"))
def doubled(page: Page) -> Page:
    if page.number == 3 and not (HERE / "mended").exists():
        raise ValueError('not yet')
    return Page(page.number * 2)
@check(asset="doubled", blocking=True)
def are_pages(doubled: list[Page]) -> bool:
    return all(isinstance(item, Page) for item in doubled)
"""
    )
    made.make("pages")
    with pytest.raises(ValueError, match="not yet"):
        made.make("doubled")
    (made.root / "mended").touch()
    made.make("doubled")
    assert made.value("doubled") == [{"number": 2}, {"number": 4}, {"number": 6}]


def test_a_set_is_gone_through_in_the_same_order_each_time(scatter):
    text = SIZES.replace(
        'list[str]:\n    return ["a", "bb", "ccc", "dddd"]', 'set[str]:\n    return {"a", "bb", "ccc"}'
    )
    made = scatter(text.replace("urls: list[str]", "urls: set[str]"))
    made.make("sizes")
    first = made.value("sizes")
    made.make("sizes", force=True)
    assert made.value("sizes") == first


def test_an_exit_in_a_thread_is_no_failed_item(scatter):
    made = scatter(
        SIZES.replace("max_concurrent=1", "max_concurrent=2, failure_threshold=1").replace(
            "log(url)", "raise SystemExit(3)"
        )
    )
    with pytest.raises(SystemExit):
        made.make("sizes")


def test_a_missing_upstream_is_told_as_ever(make_project):
    made = make_project(SIZES)
    with pytest.raises(NotMaterializedError, match="urls is not materialized, and sizes reads it"):
        made.make("sizes")


def test_what_is_kept_of_items_is_private(scatter):
    made = scatter(SIZES)
    (made.root / "broken").write_text("ccc")
    with pytest.raises(ConnectionError):
        made.make("sizes")
    folder = made.root / ".flowstone" / "scatter"
    (kept,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
    assert [json.loads(line)[2] for line in kept.read_text().splitlines()] == [5, 6]
