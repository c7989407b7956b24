from pathlib import Path

import pytest

from flowstone.config import Settings, load_settings


@pytest.fixture
def load(tmp_path):
    """Settings of a project that has the text as its configuration, and a folder ``pipelines``."""

    def load_text(text: str, *, file: str = "flowstone.toml", **keywords) -> Settings:
        (tmp_path / "pipelines").mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
        keywords.setdefault("environment", {})
        return load_settings(Path(tmp_path), **keywords)

    return load_text
