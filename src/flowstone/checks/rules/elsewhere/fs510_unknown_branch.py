"""FS510: a join that takes what is not there, or has no parameter for it."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS510",
    name="unknown-branch",
    summary="A branch of a join is no asset, or no parameter of its function",
    why="The join would wait for what nobody makes, or load what nobody takes.",
    bad="""\
from flowstone import asset, join


@asset
def maps() -> list[str]:
    return ["north"]


@asset
def news() -> list[str]:
    return ["rain"]


@join(branches={"maps": "maps", "papers": "newspapers"})  # <- here
def edition(maps: list[str], papers: list[str]) -> list[str]:
    return maps + papers
""",
    good="""\
from flowstone import asset, join


@asset
def maps() -> list[str]:
    return ["north"]


@asset
def news() -> list[str]:
    return ["rain"]


@join(branches={"maps": "maps", "papers": "news"})
def edition(maps: list[str], papers: list[str]) -> list[str]:
    return maps + papers
""",
    fixes=(Remedy("writes the name that is clearly meant"),),
    fixable="""\
from flowstone import asset, join


@asset
def front_pages() -> list[str]:
    return ["rain"]


@join(branches={"pages": "front_page"})  # <- here
def edition(pages: list[str]) -> list[str]:
    return pages
""",
)
