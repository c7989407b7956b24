"""What waits for somebody outside, by the logs: for an approval, or for a signal."""

from __future__ import annotations

from collections.abc import Mapping

from flowstone.ir.asset import Asset
from flowstone.runtime.decisions import decisions_of
from flowstone.runtime.gate import told
from flowstone.runtime.signals import signals_of
from flowstone.runtime.workspace import Workspace


def pending(workspace: Workspace, asset: Asset) -> Mapping[str | None, str]:
    """The partitions of an asset that wait, and for what.

    Errors: StorageError if a log cannot be read.
    """
    step = workspace.project.steps[asset.step]
    if step.checkpoint is not None:
        asked = [item for item in decisions_of(workspace).last().values() if item.asset == asset.id]
        return {
            item.partition: f"waits for approval: {item.message}"
            for item in asked
            if item.event == "asked" and not item.is_over
        }
    if step.gate is not None:
        talks = [talk for talk in signals_of(workspace).open() if talk.wait is not None and talk.sent is None]
        return {
            talk.wait.partition: told(talk.wait)
            for talk in talks
            if talk.wait is not None and talk.wait.asset == asset.id and not talk.wait.is_over
        }
    return {}
