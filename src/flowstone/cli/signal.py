"""``flowstone signal`` and ``flowstone signals``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options
from flowstone.cli.stores import place, to_json, workspace_of

if TYPE_CHECKING:
    from flowstone.ir.node import Json
    from flowstone.runtime.signals import Event, Talk
    from flowstone.runtime.workspace import Workspace


@click.command("signal")
@click.argument("token")
@click.option("--payload", metavar="JSON", help="The answer. Default: null.")
@click.option(
    "--payload-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A file that holds it; - reads the input.",
)
@project_options
def signal(token: str, payload: str | None, payload_file: Path | None, project: Path, profile: str | None) -> None:
    """Send the answer that an asset waits for under TOKEN: the next run makes the asset's value of it, and goes on.

    It may be sent before the asset waits. Of two answers under one token the first counts, and the second is refused.
    What waits is shown by ``flowstone signals``.
    """
    from flowstone.diagnostics.terminal import printable
    from flowstone.errors import UsageError
    from flowstone.runtime.signals import shown, signals_of

    if payload is not None and payload_file is not None:
        raise UsageError("--payload and --payload-file exclude each other")
    workspace = workspace_of(project, profile)
    log = signals_of(workspace)
    before = log.talk(token).wait
    send(workspace, token, payload if payload_file is None else _text(payload_file))
    wait = log.talk(token).wait or before  # it may have been taken at once
    told = "nothing waits for it yet" if wait is None else f"for {place(wait.asset, wait.partition)}"
    click.echo(printable(workspace.hide(f"{shown(token)} was sent: {told}")))


@click.command("signals")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_options
def signals(output_format: str, project: Path, profile: str | None) -> None:
    """Show what waits for a signal, and the signals that nothing has taken yet, whichever engine runs."""
    from flowstone.diagnostics.terminal import printable
    from flowstone.runtime.signals import signals_of

    workspace = workspace_of(project, profile)
    found = list(signals_of(workspace).open())
    if output_format == "json":
        click.echo(workspace.hide(to_json([_json(talk) for talk in found])))
        return
    for talk in found:
        click.echo(printable(workspace.hide(_line(talk))))
    if not found:
        click.echo("nothing waits", err=True)


def send(workspace: Workspace, token: str, text: str | None) -> None:
    """Send an answer that is written as JSON. Errors: UsageError for one that cannot be sent."""
    from flowstone.runtime.decisions import user
    from flowstone.runtime.signals import signals_of

    payload = _parsed(text)
    _demand_sound(workspace, token, payload)
    signals_of(workspace).send(token, payload, user())


def _text(file: Path) -> str:
    """Errors: UsageError if the file cannot be read."""
    from flowstone.errors import UsageError

    try:
        with click.open_file(str(file), encoding="utf-8") as opened:
            return str(opened.read())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}") from error


def _parsed(text: str | None) -> Json:
    """Errors: UsageError for what is no JSON."""
    import json

    from flowstone.errors import UsageError

    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the payload is no JSON: {error}", help="a text stands in quotes: '\"yes\"'") from None


def _demand_sound(workspace: Workspace, token: str, payload: Json) -> None:
    """Errors: UsageError for a token or a payload that cannot be kept, or does not suit what waits for it."""
    import json

    from flowstone.dsl.signals import token_fault
    from flowstone.errors import UsageError
    from flowstone.runtime.event_log import keeps
    from flowstone.runtime.gate import payload_fault
    from flowstone.runtime.signals import MAX_PAYLOAD, shown, signals_of

    if (fault := token_fault(token)) is not None:
        raise UsageError(f"the token {fault}")
    text = json.dumps(payload)
    if len(text) > MAX_PAYLOAD:
        raise UsageError(
            f"the payload has {len(text):,} bytes, and {MAX_PAYLOAD:,} are the most", help="send where it is stored"
        )
    if not keeps(payload):
        raise UsageError("the payload holds a number or text that JSON cannot keep")
    if any(workspace.hide(item) != item for item in (token, json.dumps(payload, ensure_ascii=False))):
        raise UsageError("a secret of the project stands in it, and would be kept in the log of signals")
    wait = signals_of(workspace).talk(token).wait
    asset = None if wait is None else workspace.project.assets.get(wait.asset)
    step = None if asset is None else workspace.project.steps[asset.step]
    if step is None or step.gate is None or step.gate.on_signal is None:
        return
    if (why := payload_fault(step.gate.on_signal, payload)) is not None:
        wanted = step.gate.on_signal.payload_type
        raise UsageError(f"{step.id} takes {wanted} for {shown(token)}: {why}")


def _json(talk: Talk) -> dict[str, Any]:
    found = [item for item in (talk.wait, talk.sent) if item is not None]
    return {
        "token": found[0].token,
        "state": _state(talk),
        "waits": None if talk.wait is None else talk.wait.to_builtins(),
        "sent": None if talk.sent is None else talk.sent.to_builtins(),
    }


def _state(talk: Talk) -> str:
    if talk.sent is not None:
        return "sent"
    return "over" if talk.wait is not None and talk.wait.is_over else "waits"


def _line(talk: Talk) -> str:
    from flowstone.runtime.signals import shown

    parts: list[str] = []
    if (wait := talk.wait) is not None:
        parts += [f"{wait.at:%Y-%m-%d %H:%M:%S}", place(wait.asset, wait.partition), f"waits for {shown(wait.token)}"]
        parts += [_until(wait)] if talk.sent is None else []
    if (sent := talk.sent) is not None:
        told = "sent" if wait is not None else f"{shown(sent.token)} sent"
        parts.append(f"{told} {sent.at:%Y-%m-%d %H:%M:%S} by {sent.by}")
    return "  ".join(part for part in parts if part)


def _until(wait: Event) -> str:
    if wait.until is None:
        return ""
    return f"{'was over' if wait.is_over else 'until'} {wait.until:%Y-%m-%d %H:%M:%S}"
