"""What the tests of the IO managers' contract share."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name
from typing import Any, ClassVar

import pytest

from flowstone.errors import StorageError
from flowstone.io.contract import IOManager
from flowstone.io.streams import is_once
from flowstone.testing.io_actions import SAMPLES, Task, dotted, open_manager, slot_of
from flowstone.testing.io_samples import Sample, accepted


class IoFixtures:
    """Fixtures: override ``manager_type``, and ``config`` if the manager needs one."""

    samples_from: ClassVar[str] = SAMPLES
    """``module:name`` of the samples, which child processes import too: for a manager of values of its own."""

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
        return [sample for sample in self.accepted(manager_type) if not sample.optional or _takes(manager, sample)]

    def accepted(self, manager_type: type[IOManager]) -> list[Sample]:
        """The samples whose type the manager does not refuse."""
        return accepted(manager_type, resolve_name(self.samples_from))

    def task(self, manager: IOManager, config: dict[str, Any], project_root: Path, sample: Sample, **more: Any) -> Task:
        """Something that a child process does with values of a sample."""
        names = [sample.name]
        return Task(dotted(manager), config, str(project_root), names, samples_from=self.samples_from, **more)

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
