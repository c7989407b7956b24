"""Time zones: whether there is one of a name."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from flowstone.diagnostics.suggest import did_you_mean, nearest


@cache
def known_zone(name: str) -> bool:
    """Whether the name is that of a zone in the IANA database, in its spelling."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def zone_hint(name: str) -> str:
    """Help for a zone that is not known."""
    close = did_you_mean(name, available_timezones()) or _by_city(name)
    return close or "write an IANA name, such as 'Europe/Berlin' or 'UTC'"


def meant_zone(name: str) -> str | None:
    """The zone that an unknown name clearly means: in another case, with a typo, or by its city."""
    zones = sorted(available_timezones())
    same = [zone for zone in zones if zone.casefold() == name.casefold()]
    if len(same) == 1:
        return same[0]
    near = nearest(name, zones)
    cities = [zone for zone in zones if zone.rpartition("/")[2].casefold() == _city(name)]
    return near or (cities[0] if len(cities) == 1 else None)


def _by_city(name: str) -> str | None:
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(available_timezones())}
    zone = cities.get(_city(name))
    return f"did you mean {zone!r}?" if zone else None


def _city(name: str) -> str:
    return name.rpartition("/")[2].replace(" ", "_").casefold()
