"""What the tests of the IO managers' contract share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowstone.errors import StorageError
from flowstone.io.contract import IOManager
from flowstone.io.streams import is_once
from flowstone.testing.io_actions import open_manager, slot_of
from flowstone.testing.io_samples import Sample, accepted


class IoFixtures:
    """Fixtures: override ``manager_type``, and ``config`` if the manager needs one."""

    @pytest.fixture
    def manager_type(self) -> type[IOManager]:
        """The class under test."""
        raise NotImplementedError("override the fixture manager_type")

    @pytest.fixture
    def config(self) -> dict[str, Any]:
        """Its configuration, without ``type``."""
        return {}

    @pytest.fixture
    def project_root(self, tmp_path: Path) -> Path:
        """Folder of an empty project."""
        root = tmp_path / "project"
        root.mkdir()
        return root

    @pytest.fixture
    def manager(self, manager_type: type[IOManager], config: dict[str, Any], project_root: Path) -> IOManager:
        """A manager with an empty store."""
        return open_manager(manager_type, config, project_root)

    @pytest.fixture
    def samples(self, manager_type: type[IOManager], manager: IOManager) -> list[Sample]:
        """The samples that the manager takes."""
        return [sample for sample in accepted(manager_type) if not sample.optional or _takes(manager, sample)]

    @pytest.fixture
    def sample(self, samples: list[Sample]) -> Sample:
        """One of them."""
        return samples[0]

    @pytest.fixture
    def streams(self, samples: list[Sample]) -> list[Sample]:
        """Those that come as record batches."""
        found = [sample for sample in samples if is_once(sample.make(1))]
        if not found:
            pytest.skip("the manager stores no record batches")
        return found

    @pytest.fixture(autouse=True)
    def _gap(self, request: pytest.FixtureRequest, manager_type: type[IOManager]) -> None:
        name = getattr(request.node, "originalname", request.node.name)
        if name in manager_type.gaps:
            request.applymarker(pytest.mark.xfail(reason=manager_type.gaps[name], strict=True))

    @pytest.fixture
    def durable(self, manager_type: type[IOManager]) -> None:
        """For tests that need other processes."""
        if not manager_type.traits.durable:
            pytest.skip("the manager keeps values in one process only")


def _takes(manager: IOManager, sample: Sample) -> bool:
    try:
        manager.discard(manager.stage(slot_of(manager), sample.make(1)))
    except StorageError:
        return False
    return True
