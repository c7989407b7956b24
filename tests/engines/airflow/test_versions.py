"""What Airflow takes for a new version of a DAG."""

from __future__ import annotations

import json

from airflow.serialization.serialized_objects import DagSerialization

PROJECT = """
@asset
def number() -> int:
    {comment}
    return {value}

job = Job("job", select="*")
"""


def serialized(project) -> str:
    (dag,) = project.world.dags.values()
    text = json.dumps(DagSerialization.serialize_dag(dag), sort_keys=True, default=str)
    return text.replace(project.project.name, "NAME").replace(str(project.root), "ROOT")


def test_new_code_is_a_new_version_and_a_comment_is_not(compile_project):
    first = serialized(compile_project(PROJECT.format(value=1, comment="")))
    commented = serialized(compile_project(PROJECT.format(value=1, comment="# why\n")))
    changed = serialized(compile_project(PROJECT.format(value=2, comment="")))
    assert first == commented
    assert first != changed
