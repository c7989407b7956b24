"""One call for each item: in order, some at once, and not again after a failure."""

import json

import pytest

from flowstone.errors import NotMaterializedError, OutputError
from flowstone.runtime.materialize import materialize
from flowstone.runtime.pace import Pace
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


def test_batches_have_a_result_for_each_item(scatter):
    made = scatter(
        HEAD
        + """
@asset(scatter=Scatter("urls", "some", batch_size=3))
def sizes(some: list[str]) -> list[int]:
    log(",".join(some))
    return [len(url) for url in some]
"""
    )
    assert made.make("sizes").records[0].metadata["scatter"] == {"items": 4, "failures": 0}
    assert made.value("sizes") == [1, 2, 3, 4]
    assert made.lines() == ["a,bb,ccc", "dddd"]


BATCHES = (
    HEAD
    + """
@asset(scatter=Scatter("urls", "some", batch_size=2, failure_threshold=0.5))
def sizes(some: list[str]) -> list[int]:
    if some[0] in (HERE / "broken").read_text().split():
        raise ConnectionError("no answer")
    return [len(url) for url in some]
"""
)


def test_a_batch_fails_as_a_whole(scatter):
    made = scatter(BATCHES)
    (made.root / "broken").write_text("a")
    facts = made.make("sizes").records[0].metadata["scatter"]
    assert facts == {"items": 4, "failures": 2, "failed": [{"item": 1, "error": "ConnectionError: no answer"}]}
    assert made.value("sizes") == [3, 4]
    (made.root / "broken").write_text("a ccc")
    with pytest.raises(ConnectionError) as caught:
        made.make("sizes", force=True)
    assert caught.value.__notes__ == ["items 1 to 2 of 4 of sizes, ['a', 'bb']; 4 items failed"]


@pytest.mark.parametrize(("result", "told"), [("some[:1]", "returned 1 results"), ("'ab'", "returned a str")])
def test_a_batch_without_a_result_for_each_item_fails(scatter, result, told):
    made = scatter(
        HEAD
        + f"""
@asset(scatter=Scatter("urls", "some", batch_size=2))
def sizes(some):
    return {result}
"""
    )
    with pytest.raises(OutputError, match=f"{told} for a batch of 2 items"):
        made.make("sizes")


READER = """
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")
@resource
def archive():
    yield [1, 2, 3, 4, 5]
    log("closed")
@item_reader
def numbers(archive: list[int], most: int = 3):
    try:
        for number in archive[:most]:
            log(f"reads {number}")
            yield number
    finally:
        log("read")
@asset(scatter=Scatter(over="numbers", as_="number", failure_threshold=0.5), cache=False)
def squares(number: int, archive: list[int]) -> int:
    if number in map(int, (HERE / "broken").read_text().split()):
        raise ValueError(number)
    log(number)
    return number**2 + len(archive)
"""


def test_items_are_read_as_they_are_needed_and_the_reader_is_closed_before_what_it_needs(make_project):
    made = make_project(READER, params={"numbers": {"most": 2}})
    (made.root / "broken").write_text("")
    made.make("squares")
    assert made.value("squares") == [6, 9]
    assert made.lines() == ["reads 1", "1", "reads 2", "2", "read", "closed"]


def test_of_a_stream_it_is_known_at_its_end_how_many_failures_are_too_many(make_project):
    made = make_project(READER)
    (made.root / "broken").write_text("1")
    assert made.make("squares").records[0].metadata["scatter"]["failures"] == 1
    assert made.value("squares") == [9, 14]
    (made.root / "broken").write_text("1 2")
    with pytest.raises(ValueError, match="1") as caught:
        made.make("squares")
    assert caught.value.__notes__ == ["item 1 of 3 of squares, 1; 2 items failed"]


def test_a_reader_that_fails_fails_the_asset_and_what_is_done_is_not_done_again(make_project):
    text = READER.replace(
        'log("read")', 'log("read")\n    if (HERE / "cut").exists():\n        raise OSError("cut off")'
    )
    made = make_project(text)
    (made.root / "broken").write_text("")
    (made.root / "cut").touch()
    with pytest.raises(OSError, match="cut off"):
        made.make("squares")
    (made.root / "cut").unlink()
    made.make("squares")
    assert [line for line in made.lines() if line.isdigit()] == ["1", "2", "3"]


def test_calls_begin_no_faster_than_they_may(scatter, monkeypatch):
    slept = []
    monkeypatch.setattr("flowstone.runtime.scatter.time.sleep", slept.append)
    made = scatter(SIZES.replace("max_concurrent=1", 'rate_limit="5/100s"'))
    made.make("sizes")
    assert [round(wait) for wait in slept] == [0, 20, 40, 60]


def test_a_pace_is_even_and_makes_up_for_nothing():
    now = [100.0]
    pace = Pace("10/s", clock=lambda: now[0])
    assert [round(pace.delay(), 3) for _ in range(3)] == [0.0, 0.1, 0.2]
    now[0] = 200.0
    assert [round(pace.delay(), 3) for _ in range(2)] == [0.0, 0.1]
