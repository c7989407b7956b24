"""Views of a project as networkx graphs, and as text for other tools. Only the compiler's side loads this module."""

from __future__ import annotations

import json
from collections.abc import Collection

import networkx as nx

from flowstone.ir.project import Project


def step_graph(project: Project) -> nx.DiGraph[str]:
    """Steps as nodes (attribute ``step``); an edge goes from what is needed to what needs it. No self-edges."""
    graph: nx.DiGraph[str] = nx.DiGraph(name=project.name)
    graph.add_nodes_from((step.id, {"step": step}) for step in project.steps.values())
    graph.add_edges_from((need, step) for step, needs in project.upstream.items() for need in needs)
    return graph


def asset_graph(project: Project, only: Collection[str] | None = None) -> nx.DiGraph[str]:
    """Assets as nodes (attribute ``asset``); an edge (attribute ``dependency``) for each dependency, self-edges too.

    ``only`` are the ids of the assets to take, by default all.
    """
    chosen = project.assets.keys() if only is None else project.assets.keys() & set(only)
    graph: nx.DiGraph[str] = nx.DiGraph(name=project.name)
    graph.add_nodes_from((asset.id, {"asset": asset}) for asset in project.assets.values() if asset.id in chosen)
    for step in project.steps.values():
        outputs = [output for output in step.outputs.values() if output in chosen]
        for dependency in step.signature.dependencies:
            if dependency.asset in chosen:
                graph.add_edges_from((dependency.asset, output, {"dependency": dependency}) for output in outputs)
    return graph


def to_mermaid(project: Project, only: Collection[str] | None = None) -> str:
    """The asset graph, or the part of some assets, as a Mermaid flowchart."""
    graph = asset_graph(project, only)
    number = {asset: index for index, asset in enumerate(graph)}
    lines = ["flowchart LR"]
    lines += [f'    a{index}["{asset}"]' for asset, index in number.items()]
    lines += [f"    a{number[source]} --> a{number[target]}" for source, target in graph.edges]
    return "\n".join(lines) + "\n"


def to_dot(project: Project, only: Collection[str] | None = None) -> str:
    """The asset graph, or the part of some assets, in the language of Graphviz."""
    graph = asset_graph(project, only)
    lines = [f"digraph {json.dumps(project.name)} {{", "    rankdir=LR;"]
    lines += [f"    {json.dumps(asset)};" for asset in graph]
    lines += [f"    {json.dumps(source)} -> {json.dumps(target)};" for source, target in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"
