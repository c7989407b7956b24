"""FS606: jobs that start themselves, or each other, by what they make."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.schedules import Updated, updates
from flowstone.checks.subject import Subject
from flowstone.frontend.components import components
from flowstone.ir.project import Project


def check(subject: Subject) -> Iterator[Finding]:
    found = list(updates(subject.project))
    loops = _endless(subject.project, found)
    for place, update in enumerate(found):
        own = [asset for asset in update.assets if subject.project.assets[asset].step in update.scheduled.steps]
        if own:
            yield _own(subject, update, own[0])
        elif place in loops:
            yield _loop(found, place, loops)


def _own(subject: Subject, update: Updated, asset: str) -> Finding:
    return Finding(
        f"{update.scheduled.owner} runs after {asset!r} was made, which it makes itself",
        update.scheduled.location,
        help=f"leave {asset!r} out of OnUpdate, or out of the job",
        related=((subject.project.assets[asset].location, f"{asset!r} is made by the job"),),
    )


def _loop(found: list[Updated], place: int, loops: dict[int, int]) -> Finding:
    scheduled, other = found[place].scheduled, found[loops[place]].scheduled
    return Finding(
        f"{scheduled.owner} runs after {other.owner}, which runs after it in turn",
        scheduled.location,
        help="once one of them has run they would start each other for ever; let one of them run by a clock",
        related=((other.location, f"the schedule of {other.owner}"),),
    )


def _endless(project: Project, found: list[Updated]) -> dict[int, int]:
    """The schedules that run for ever once they ran, each with one in the circle that starts it."""
    starts = _starters(project, found)
    alive = _alive(found, starts)
    edges = {place: {item for group in starts[place].values() for item in group if item in alive} for place in alive}
    circles: dict[int, int] = {}
    done: set[int] = set()
    for start in sorted(alive):
        for component in components(start, edges.__getitem__, done):
            done.update(component)
            inside = set(component)
            circles.update((place, min(first)) for place in component if (first := edges[place] & inside))
    return circles


def _starters(project: Project, found: list[Updated]) -> list[dict[str, set[int]]]:
    """By schedule and asset, the schedules whose runs make it."""
    makers: dict[str, set[int]] = {}
    for place, update in enumerate(found):
        for step in update.scheduled.steps:
            for asset in project.steps[step].outputs.values() if step in project.steps else ():
                makers.setdefault(asset, set()).add(place)
    return [{asset: makers.get(asset, set()) for asset in update.assets} for update in found]


def _alive(found: list[Updated], starts: list[dict[str, set[int]]]) -> set[int]:
    """The schedules that others of them start again and again: what starts none of them is left out, one by one."""
    started: dict[int, set[int]] = {}
    for place, groups in enumerate(starts):
        for maker in (item for group in groups.values() for item in group):
            started.setdefault(maker, set()).add(place)
    left = [{asset: len(makers) for asset, makers in groups.items()} for groups in starts]
    alive = set(range(len(found)))
    ending = [place for place in alive if not _goes_on(found[place], left[place])]
    while ending:
        place = ending.pop()
        if place in alive:
            alive.remove(place)
            for other in started.get(place, ()):
                for asset, makers in starts[other].items():
                    left[other][asset] -= place in makers
                if other in alive and not _goes_on(found[other], left[other]):
                    ending.append(other)
    return alive


def _goes_on(update: Updated, makers: dict[str, int]) -> bool:
    """Whether a schedule is started again, with so many others that make each of its assets again."""
    met = [count > 0 for count in makers.values()]
    if update.schedule.when == "any":
        return any(met)
    return bool(met) and len(met) == len(update.schedule.assets) and all(met)


RULE = Rule(
    code="FS606",
    name="job-that-starts-itself",
    summary="A job runs after an asset that it makes itself, or that another one makes which runs after it",
    why="Each run would start the next one, for ever; or none the first, where another asset is waited for too.",
    bad="""\
from flowstone import Job, OnUpdate, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: list[int]) -> int:
    return sum(orders)


publish = Job("publish", select="+report", schedule=OnUpdate("orders"))  # <- here
""",
    good="""\
from flowstone import Job, OnUpdate, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: list[int]) -> int:
    return sum(orders)


publish = Job("publish", select="report", schedule=OnUpdate("orders"))
""",
    check=check,
)
