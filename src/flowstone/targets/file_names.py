"""Names of generated files, whose folder engines and scripts put where Python looks for modules."""

from __future__ import annotations

import sys

from flowstone.ir.project import Project


def file_stems(project: Project, suffix: str) -> dict[str, str]:
    """File name by job: the job's, unless an import would find the file instead of the module that it means.

    Python looks for modules in a script's own folder first. Such a file's name gets the suffix.
    """
    taken = set(sys.stdlib_module_names) | {"airflow", "flowstone", "pendulum", "prefect", "pydantic"}
    taken |= {step.function.module.partition(".")[0] for step in project.steps.values()}
    found: dict[str, str] = {}
    for job in sorted(project.jobs):
        stem = job
        while stem in taken or (stem != job and stem in project.jobs):
            stem += suffix
        taken.add(stem)
        found[job] = stem
    return found
