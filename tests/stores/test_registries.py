"""Registries of dynamic partitions on real servers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from flowstone.dsl.dynamic_partitions import DynamicPartitions, written_key
from flowstone.ir.asset import Step
from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.node import Location
from flowstone.ir.project import IoManagerConfig, Project
from flowstone.runtime.registry import Registry
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

RUN = Run("run", "local")
PLACE = Location(file="shop.py", line=1, column=1, end_line=1, end_column=2)
STEP = Step(
    id="orders",
    function=FunctionRef(module="shop", defined_in="shop", name="orders", key="orders"),
    signature=Signature(),
    outputs={"orders": "orders"},
    partitions=DynamicPartitions("customers"),
    code="sha256:0",
    location=PLACE,
)
HOSTILE = ["..", "a/b", "'; DROP TABLE records; --", "Größe L", "\n", "a~20b", "x" * 200]


def test_in_a_database(postgres_server, tmp_path):
    config = IoManagerConfig(type="postgres", options={"dsn": postgres_server, "schema": "registries"})
    many_add_hostile_keys_at_once(config, tmp_path)


@pytest.mark.parametrize("objects", ["moto"], indirect=True)
def test_in_an_object_store(objects, tmp_path):
    options = {"root": f"{objects.url}/registries", "storage_options": objects.options}
    many_add_hostile_keys_at_once(IoManagerConfig(type="filesystem", options=options), tmp_path)


def many_add_hostile_keys_at_once(config, tmp_path):
    project = Project(name="shop", steps={"orders": STEP}, io_managers={"own": config}, partitions_io_manager="own")

    def opened():
        return Registry(Workspace(project, tmp_path, {}), "customers")

    keys = [written_key(key) for key in HOSTILE]
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda rest: opened().add(rest, RUN), [keys[start:] for start in range(4)]))
    assert {key.key for found in added for key in found} == set(HOSTILE)
    assert sorted(key.key for key in opened().keys()) == sorted(HOSTILE)  # noqa: SIM118 - no mapping
    assert opened().add(keys, RUN) == []
    assert opened().has(keys[1])
    assert opened().remove(keys[1:]) == keys[1:]
    assert not opened().has(keys[1])
    assert [key.key for key in opened().keys()] == HOSTILE[:1]  # noqa: SIM118 - no mapping
