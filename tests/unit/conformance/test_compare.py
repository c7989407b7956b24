from datetime import UTC, datetime

import pytest

from flowstone.conformance.compare import Stored, differences
from flowstone.io.record import Record

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def stored(engine, run_id, content, **fields):
    record = Record(
        asset="orders",
        data_version=fields.get("data_version", "sha256:1"),
        code_version="sha256:2",
        config_version="sha256:3",
        run_id=run_id,
        engine=engine,
        started_at=NOW,
        finished_at=NOW,
        size=1,
        metadata={"content": content, "user": {}, **fields.get("metadata", {})},
        flowstone="1",
    )
    return Stored(engine, {("orders", None): record}, {})


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (stored("airflow", "two", {"rows": 1, "version": "b", "object": "orders.vb.json"}), None),
        (stored("airflow", "two", {"rows": 2, "version": "a"}), "local and airflow differ in metadata"),
        (stored("airflow", "two", {"rows": 1}, data_version="sha256:9"), "local and airflow differ in data_version"),
        (stored("airflow", "one", {"rows": 1}), "local and airflow have one store between them, so that only one of"),
        (Stored("airflow", {}, {}), "no record by airflow"),
    ],
    ids=["same", "rows", "version", "shared", "none"],
)
def test_records_are_compared_without_what_is_of_the_run_or_by_chance(other, what):
    first = stored("local", "one", {"rows": 1, "version": "a", "object": "orders.va.json"})
    found = [difference.what for difference in differences(first, other)]
    assert found == [] if what is None else found[0].startswith(what)


@pytest.mark.parametrize("answer", ["signal", "approval"])
def test_who_answered_is_compared_and_not_when(answer):
    first, second, third = (
        stored(engine, engine, {}, metadata={answer: {"by": by, "at": at}})
        for engine, by, at in (("local", "ada", "09:00"), ("airflow", "ada", "09:01"), ("prefect", "timeout", "09:00"))
    )
    assert list(differences(first, second)) == []
    assert [item.what for item in differences(first, third)] == ["local and prefect differ in metadata"]
