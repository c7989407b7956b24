"""The timeline of a run: a row for each step, with a bar for each attempt."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence

from flowstone.runner.page.facts import Attempt, Facts
from flowstone.runner.page.markup import Markup, element, number
from flowstone.runner.text import first_line, seconds_text

WIDTH = 960.0
LABEL = 220.0
_BAR = 12.0
_GAP = 6.0
_TICKS = 8
_NARROW = 1.0
"""Bars are at least so wide."""
LETTERS = 30
"""Letters of a step's name that there is room for."""


def timeline(facts: Facts) -> Markup:
    """The drawing."""
    whole = max(facts.elapsed, max((attempt.end for attempt in facts.attempts), default=0.0), 0.001)
    scale = (WIDTH - LABEL) / whole
    top, drawn = 24.0, []
    for step, attempts in _by_step(facts.attempts).items():
        lanes = _lanes(attempts)
        height = (max(lanes) + 1) * _BAR
        drawn.append(_label(step, top + _BAR - 2))
        drawn += [_bar(item, scale, top + lane * _BAR) for item, lane in zip(attempts, lanes, strict=True)]
        top += height + _GAP
    return element(
        "svg",
        *_axis(whole, scale, top),
        *drawn,
        viewBox=f"0 0 {number(WIDTH)} {number(top)}",
        width=WIDTH,
        height=top,
        role="img",
        aria_label="timeline",
    )


def shortened(name: str, most: int = LETTERS) -> str:
    """A name that fits."""
    return name if len(name) <= most else name[: most - 1] + "…"


def _by_step(attempts: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        found.setdefault(attempt.step, []).append(attempt)
    return found


def _lanes(attempts: Sequence[Attempt]) -> list[int]:
    """Those that run at the same time lie below each other: the lowest lane that is free."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    found = []
    for attempt in attempts:
        while busy and busy[0][0] <= attempt.start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (attempt.end, lane))
        found.append(lane)
    return found


def _bar(attempt: Attempt, scale: float, y: float) -> Markup:
    took = seconds_text(attempt.end - attempt.start)
    told = f"{attempt.name}: {attempt.status}, {took}, from {seconds_text(attempt.start)}"
    if attempt.failure is not None:
        told += f"\n{attempt.failure['kind']}: {first_line(attempt.failure['message'])}"
    return element(
        "rect",
        element("title", told),
        class_=attempt.status,
        x=LABEL + attempt.start * scale,
        y=y,
        width=max(_NARROW, (attempt.end - attempt.start) * scale),
        height=_BAR - 2,
    )


def _label(step: str, y: float) -> Markup:
    return element("text", element("title", step), shortened(step), x=0, y=y)


def _axis(whole: float, scale: float, bottom: float) -> Iterator[Markup]:
    step = _round_step(whole / _TICKS)
    for place in range(int(whole / step) + 1):
        x = LABEL + place * step * scale
        yield element("line", class_="axis", x1=x, x2=x, y1=16, y2=bottom)
        yield element("text", f"{place * step:g} s", class_="axis", x=x, y=12)


def _round_step(rough: float) -> float:
    """The next larger of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999999)
