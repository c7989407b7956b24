"""Secrets that an engine keeps: looked up by its own API, in the task that needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowstone.errors import ConfigurationError


def look_up(kind: str, name: str, place: str) -> str:
    """The secret of a name in its engine. Errors: ConfigurationError if it cannot be had here."""
    return _LOOKUPS[kind](name, place)


def _connection(name: str, place: str) -> str:
    """The URI of one of Airflow's connections."""
    what = f"{place} needs the Airflow connection {name!r}"
    try:
        from airflow.sdk import Connection
        from airflow.sdk.exceptions import AirflowException, AirflowRuntimeError
    except ImportError:
        raise ConfigurationError(f"{what}, which is looked up in tasks of Airflow only", help=_HELP) from None
    try:
        uri: str = Connection.get(name).get_uri()
    except (AirflowException, AirflowRuntimeError) as error:
        first = str(error).partition("\n")[0]
        raise ConfigurationError(f"{what}: {first}", help=f"airflow connections add {name} --conn-uri ...") from None
    return uri


def _block(name: str, place: str) -> str:
    """The value of a block ``Secret`` of Prefect."""
    what = f"{place} needs the Prefect block secret/{name}"
    try:
        from prefect.blocks.system import Secret
    except ImportError:
        raise ConfigurationError(f"{what}, which is looked up in runs of Prefect only", help=_HELP) from None
    try:
        value = Secret.load(name).get()
    except ValueError as error:  # it says so if there is none
        first = str(error).partition("\n")[0]
        raise ConfigurationError(f"{what}: {first}", help="make a block of type Secret with that name") from None
    if not isinstance(value, str):
        raise ConfigurationError(f"{what}, which holds no text but a {type(value).__name__}")
    return value


_HELP = "refer to it by { env = ... } or { file = ... } here, in a profile of its own"
_LOOKUPS: Mapping[str, Callable[[str, str], str]] = {"airflow_connection": _connection, "prefect_secret": _block}
