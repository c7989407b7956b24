"""The address under which engines know an asset."""

from __future__ import annotations


def asset_uri(project: str, asset: str) -> str:
    """``flowstone://PROJECT/ASSET``: one for all partitions, the same on every engine that has assets."""
    return f"flowstone://{project}/{asset}"
