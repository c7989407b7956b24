"""The reports: texts for people and a picture of the trend."""

from __future__ import annotations

import io
from datetime import date

import pandas as pd
import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from flowstone import asset

COLOURS = {"EWR": "#1b6ca8", "JFK": "#d1495b", "LGA": "#66a182"}


@asset(
    group="report",
    owners=["delays@example.com"],
    tags={"tier": "report"},
    io_manager="files",
    path="delay_report.md",
    format="text",
)
def delay_report(delay_trend: dict[str, pl.DataFrame]) -> str:
    """The seven-day delays of the last day that is there, with the best and the worst day of each airport."""
    trend = pl.concat(list(delay_trend.values())).sort("origin", "day")
    lines = [f"# Departure delays of the seven days up to {trend['day'].max()}", ""]
    lines += ["| airport | departures | late | mean delay | best day | worst day |", "|---" * 6 + "|"]
    for (origin,), points in trend.group_by("origin", maintain_order=True):
        now = points.row(-1, named=True)
        ranked = points.sort("mean_delay", "day")["day"].to_list()
        lines.append(
            f"| {origin} | {now['departed']} | {now['late_share']:.1%} | {now['mean_delay']:.1f} min "
            f"| {ranked[0]} | {ranked[-1]} |"
        )
    return "\n".join(lines) + "\n"


@asset(
    group="report",
    owners=["delays@example.com"],
    tags={"tier": "report"},
    io_manager="files",
    path="monthly_report.md",
    format="text",
)
def monthly_report(carrier_ranking: pl.DataFrame, monthly_delays: dict[str, pd.DataFrame], top: int = 10) -> str:
    """Delays of the months that are there, and the best carriers, as Markdown."""
    lines = ["# Departures from New York", "", "| month | airport | flights | late | mean delay |", "|---" * 5 + "|"]
    for month, table in sorted(monthly_delays.items()):
        lines += [
            f"| {month} | {row.airport} | {row.flights} | {row.late_share:.1%} | {row.mean_delay:.1f} min |"
            for row in table.itertuples()
        ]
    lines += ["", "## Carriers by late arrivals", ""]
    lines += [
        f"{row['rank']}. {row['airline']}: {row['late_share']:.1%} of {row['flights']} flights"
        for row in carrier_ranking.head(top).iter_rows(named=True)
    ]
    return "\n".join(lines) + "\n"


@asset(
    group="report",
    owners=["delays@example.com"],
    tags={"tier": "report"},
    io_manager="files",
    path="delay_trend.png",
    format="bytes",
)
def delay_picture(delay_trend: dict[str, pl.DataFrame]) -> bytes:
    """The seven-day mean delay of each airport over the days that are there, as a PNG picture."""
    trend = pl.concat(list(delay_trend.values())).sort("origin", "day")
    figure = Figure(figsize=(9, 4), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    for (origin,), points in trend.group_by("origin", maintain_order=True):
        days: list[date] = points["day"].to_list()
        axes.plot(days, points["mean_delay"].to_list(), label=str(origin), color=COLOURS.get(str(origin)))
    axes.set_title("Mean departure delay of seven days, in minutes")
    figure.legend(loc="outside right center")
    axes.grid(visible=True, alpha=0.3)
    figure.autofmt_xdate()
    picture = io.BytesIO()
    # The name and version of the program would otherwise be part of the bytes.
    FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None})
    return picture.getvalue()
