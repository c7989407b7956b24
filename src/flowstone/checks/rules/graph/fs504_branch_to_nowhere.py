"""FS504: a choice that no asset follows."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.branches import choice_of, followers, route_of
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import nearest
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    if not subject.complete:
        return  # what follows may be in a file that could not be read
    following = followers(subject.project)
    for step in subject.project.steps.values():
        if step.choices:
            steps = following.get(step.id, ())
            followed = {choice_of(step, follower) for follower in steps}
            others = [  # FS505 tells of these
                follower.id.rpartition(".")[2] for follower in steps if choice_of(step, follower) is None
            ]
            for choice in step.choices:
                if choice not in followed and nearest(choice, others) is None and not _is_astray(subject, choice):
                    yield _finding(subject, step, choice)


def _is_astray(subject: Subject, choice: str) -> bool:
    """Whether the asset is there and follows what is no route, which is another rule's finding."""
    project = subject.project
    steps = (project.steps[asset.step] for asset in project.named.get(choice, ()) if asset.step in project.steps)
    return any("routed_from" in (*step.keywords, *step.unknown) and route_of(project, step) is None for step in steps)


def _finding(subject: Subject, route: Step, choice: str) -> Finding:
    place = route.keywords.get("choices", route.location)
    named = subject.project.named.get(choice, ())
    return Finding(
        f"route {route.id!r} can choose {choice!r}, and no asset of this name is routed from it",
        place,
        help=f"write routed_from={route.id!r} at the asset {choice!r}"
        if named
        else f"declare an asset {choice!r} with routed_from={route.id!r}, or leave the choice out",
        related=tuple((asset.location, "this asset is always made") for asset in named[:1]),
    )


RULE = Rule(
    code="FS504",
    name="branch-to-nowhere",
    summary="A route can choose a name that no asset follows",
    why="Nothing at all is made where it is chosen, or an asset is always made that should wait for the choice.",
    bad="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])  # <- here
def mode() -> str:
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset
def incremental() -> list[int]:
    return [3]
""",
    good="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])
def mode() -> str:
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")
def incremental() -> list[int]:
    return [3]
""",
    check=check,
)
