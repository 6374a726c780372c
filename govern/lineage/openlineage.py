"""Lineage as OpenLineage run events, one JSON object on each line; nothing is sent.

Jobs of the namespace ``govern``: ``snapshot``, ``train`` (MLflow's run), ``gate``, ``register``, ``dossier``,
``promote``, ``approve``, ``reject``. Acts of the log give the times of START and COMPLETE. What no act of the log is
about is told by one event of the type OTHER, at the time of the decision, when the gate recorded it. The facet
``govern_proof`` of each input and output says what proves that link, and whether it holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from govern.lineage.graph import Edge, Graph, Kind, Node

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

NAMESPACE, PRODUCER = "govern", "https://govern.dev/lineage"
FACET = "govern_proof"
_NAMESPACE_ID = uuid.uuid5(uuid.NAMESPACE_URL, PRODUCER)
#: Kind of what was made -> the job's name, and the act of the log that gives its time, if any.
_JOBS = {
    Kind.DATASET: ("snapshot", None),
    Kind.MODEL: ("train", None),
    Kind.EVIDENCE: ("gate", "decision"),
    Kind.VERSION: ("register", "registration"),
    Kind.DOSSIER: ("dossier", "dossier"),
    Kind.ALIAS: ("promote", "promotion"),
}
_ACTS = {Kind.APPROVAL: "approve", Kind.REJECTION: "reject"}
_NO_DATA = frozenset({Kind.RUN, Kind.LOG, Kind.APPROVAL, Kind.REJECTION, Kind.CHECKPOINT, Kind.KEY, Kind.ROOT})


def openlineage(graph: Graph) -> str:
    """Return the events as JSON lines, in the order of time."""
    from openlineage.client.serde import Serde

    return "".join(f"{Serde.to_json(e)}\n" for e in sorted(events(graph), key=lambda e: e.eventTime))


def events(graph: Graph) -> Iterator[RunEvent]:
    """Yield the events as objects of openlineage-python, which check themselves."""
    for node in graph.nodes:
        if node.kind in _JOBS:
            yield from _made(graph, node)
        elif node.kind in _ACTS:
            about = [e for e in graph.edges if e.source == node.id]
            used = [(graph.by_id[e.target], e) for e in about]
            yield from _run(_ACTS[node.kind], node, node.facts["time"], used, None, about)


def _made(graph: Graph, node: Node) -> Iterator[RunEvent]:
    """Yield the events of the job that made a node."""
    nodes = graph.by_id
    job, act = _JOBS[node.kind]
    into = [e for e in graph.edges if e.target == node.id]
    acts = [e for e in into if act and nodes[e.source].facts.get("act") == act]
    run = next((nodes[e.source] for e in into if nodes[e.source].kind is Kind.RUN), None)
    through = {node.id, *([run.id] if run else []), "features" if job == "train" else node.id}
    used = [(nodes[e.source], e) for e in graph.edges if e.target in through and nodes[e.source].kind not in _NO_DATA]
    time = nodes[acts[0].source].facts["time"] if acts else None
    shown = acts or [e for e in into if run and e.source == run.id]
    yield from _run(job, run or node, time, used, node, shown, recorded=_recorded(graph))


def _recorded(graph: Graph) -> str:
    """Return when the gate recorded what no act of the log is about."""
    for wanted in ("decision", "registration"):
        for node in graph.nodes:
            if node.facts.get("act") == wanted:
                return node.facts["time"]
    return datetime.now(UTC).isoformat()  # the log tells nothing, which the graph says


def _run(
    job: str,
    node: Node,
    time: str | None,
    used: Sequence[tuple[Node, Edge]],
    made: Node | None,
    shown: Sequence[Edge],
    *,
    recorded: str = "",
) -> Iterator[RunEvent]:
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import job_type_job

    inputs: list[InputDataset] = [_dataset(InputDataset, n, [e]) for n, e in used]
    outputs: list[OutputDataset] = [] if made is None else [_dataset(OutputDataset, made, shown)]
    kind = job_type_job.JobTypeJobFacet(processingType="BATCH", integration="GOVERN", jobType=job.upper())
    states = (RunState.START, RunState.COMPLETE) if time else (RunState.OTHER,)
    for state in states:
        yield RunEvent(
            eventType=state,
            eventTime=time or recorded,
            run=Run(runId=_run_id(job, node)),
            job=Job(namespace=NAMESPACE, name=job, facets={"jobType": kind}),
            producer=PRODUCER,
            inputs=inputs,
            outputs=[] if state is RunState.START else outputs,
        )


def _run_id(job: str, node: Node) -> str:
    """Return MLflow's own id of a run, which is a UUID; of others one that is a function of what they made."""
    own = node.id.removeprefix("run:")
    try:
        return str(uuid.UUID(own))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE_ID, f"{job} {node.id}"))


def _dataset(kind: Any, node: Node, edges: Sequence[Edge]) -> Any:
    """Return an input or output, with the proofs of the edges."""
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import (
        DatasetFacet,
        InputDatasetFacet,
        OutputDatasetFacet,
        dataset_version_dataset,
        documentation_dataset,
    )

    facets: dict[str, DatasetFacet] = {
        "documentation": documentation_dataset.DocumentationDatasetFacet(description=node.label)
    }
    if node.digest:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=node.digest)
    proofs = [{"relation": e.relation, "proof": e.proof, "holds": e.ok} for e in edges]
    base, name = (InputDatasetFacet, "inputFacets") if kind is InputDataset else (OutputDatasetFacet, "outputFacets")
    facet = base(producer=PRODUCER).with_additional_properties(proofs=proofs)
    return kind(namespace=NAMESPACE, name=node.id, facets=facets, **{name: {FACET: facet}})
