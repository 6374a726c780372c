"""Lineage of a version: every edge says what proves it, and a broken proof is seen on its edge."""

from __future__ import annotations

import dataclasses
import io
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from govern.errors import InputError
from govern.evidence import log_check
from govern.evidence.log import Log
from govern.lineage.build import build
from govern.lineage.graph import Graph, Kind
from govern.lineage.tree import tree
from tests.evidence.test_log import tamper
from tests.lifecycle.conftest import Registered, certify
from tests.registry.conftest import Project


def rendered(graph: Graph) -> list[str]:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80)
    console.print(tree(graph))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


def text(graph: Graph) -> str:
    return " ".join("\n".join(rendered(graph)).replace("\u2502", " ").split())


def broken(graph: Graph) -> set[str]:
    """The kinds at the other end of broken edges than the version or what is proved."""
    kinds = graph.by_id
    return {kinds[e.target if e.source == graph.root else e.source].kind.value for e in graph.broken}


def steps(graph: Graph) -> list[tuple[str, str, str]]:
    kinds = graph.by_id
    return sorted((kinds[e.source].kind.value, e.relation, kinds[e.target].kind.value) for e in graph.edges)


def test_from_raw_data_to_version(registered: Project) -> None:
    graph = build(registered.workspace, "sepsis/1")
    assert steps(graph) == sorted(
        [
            ("data", "is snapshot as", "dataset"),
            ("data", "is snapshot as", "dataset"),
            ("dataset", "holds", "features"),
            ("dataset", "is measured in", "evidence"),
            ("features", "are inputs of", "run"),
            ("run", "logged", "model"),
            ("model", "is measured in", "evidence"),
            ("policy", "judges", "evidence"),
            ("evidence", "allows", "version"),
            ("version", "is described in", "dossier"),
            ("log", "freezes", "policy"),
            ("log", "is look 1 at", "dataset"),
            ("log", "decides", "evidence"),
            ("log", "records", "dossier"),
            ("log", "registers", "version"),
            ("checkpoint", "covers", "version"),
            *[("key", "signs", "log")] * 5,
            ("key", "signs", "evidence"),
            ("root", "certifies", "key"),
            *[s for s in steps(graph) if s == ("log", "changes", "key")],
        ]
    )
    assert all(e.proof for e in graph.edges)
    assert graph.ok, graph.broken
    assert len({n.id for n in graph.nodes}) == len(graph.nodes)
    ends = {e.source for e in graph.edges} | {e.target for e in graph.edges}
    assert ends == set(graph.by_id)


def test_tree_fits_a_terminal(registered: Project) -> None:
    lines = rendered(build(registered.workspace, "sepsis/1"))
    assert lines[0].startswith("version sepsis/1: all ")
    assert max(map(len, lines)) <= 80
    for word in (
        "evidence",
        "model model",
        "train data, 2 rows",
        "MD5",
        "policy small 1.0.0",
        "1 declared input: age",
    ):
        assert word in "\n".join(lines)


def test_each_broken_proof_is_on_its_edge(registered: Project) -> None:
    (registered.root / "data" / "test.csv").write_text("patient,died\n")
    assert broken(build(registered.workspace, "sepsis/1")) == {"data"}
    (registered.model / "extra.py").write_text("x = 1\n")
    assert broken(build(registered.workspace, "sepsis/1")) == {"data", "model"}
    registered.write("UPDATE model_versions SET description = 'fine'")
    graph = build(registered.workspace, "sepsis/1")
    assert broken(graph) == {"data", "model", "evidence"}
    assert "BROKEN" in text(graph)
    assert "proofs do not hold" in text(graph)


def test_declared_inputs_that_the_training_data_lacks(registered: Project) -> None:
    from govern.lineage import bound

    graph = build(registered.workspace, "sepsis/1")
    dataset = next(n for n in graph.nodes if n.facts.get("role") == "train")
    assert dataset.facts["path"] == "data/train.csv"
    record = registered.record()
    subject = dataclasses.replace(record.subject, inputs=("age", "pulse"))
    from govern.evidence import bundle
    from govern.types import Step

    held = Step(name="", ok=True, expected="", found="")
    stored = bundle.load(registered.workspace.evidence / _evidence(graph)).record.datasets[0]
    _, proof, ok = bound._training(dataclasses.replace(record, subject=subject), stored, "features", held)
    assert (proof, ok) == ("no columns of this data: pulse", False)


@pytest.mark.parametrize("fault", ["flipped byte", "other evidence", "no PDF", "gone"])
def test_a_dossier_that_is_not_this_versions(registered: Project, fault: str) -> None:
    from govern.signing import identity

    (path,) = (registered.root / "mlruns").rglob("fda.pdf")
    pdf = bytearray(path.read_bytes())
    pdf[200] ^= 1
    if fault == "other evidence":
        other = registered.decide(registered.record(name="other"))
        pdf = bytearray(certify(other, identity.load(registered.workspace.keys, "author")))
    path.write_bytes(b"nothing" if fault == "no PDF" else bytes(pdf))
    if fault == "gone":
        path.unlink()
    assert broken(build(registered.workspace, "sepsis/1")) == {"dossier"}


def test_another_run_is_seen(registered: Project) -> None:
    registered.write("UPDATE logged_models SET source_run_id = NULL")
    assert "run" in broken(build(registered.workspace, "sepsis/1"))


def test_an_order_of_events_that_the_log_does_not_tell(registered: Project) -> None:
    """A second decision claims a freeze that never was."""
    workspace = registered.workspace
    log = Log(workspace.log)
    (decision,) = log.find("decision")
    order = {**decision.body["order"], "frozen": {"index": 1, "time": decision.time, "actor": "Nobody"}}
    from govern.signing import identity

    log.append("decision", {**decision.body, "order": order}, identity=identity.load(workspace.keys, "author"))
    graph = build(workspace, "sepsis/1")
    told = [e for e in graph.broken if "others than the decision recorded" in e.proof]
    assert told
    assert {graph.by_id[e.source].kind for e in told} == {Kind.LOG}


def test_a_log_that_was_edited(registered: Project) -> None:
    tamper(Log(registered.workspace.log), "UPDATE entry SET record = replace(record, '\"allow\"', '\"alloy\"')")
    log_check._held.clear()  # as in another process than that which registered
    graph = build(registered.workspace, "sepsis/1")
    assert {"checkpoint", "log"} <= broken(graph)
    assert "does not verify" in text(graph)


def test_a_version_around_the_gate(registered: Project) -> None:
    registered.write("DELETE FROM model_version_tags")
    graph = build(registered.workspace, "sepsis/1")
    assert not graph.ok
    assert "around the gate" in text(graph)


def test_lost_evidence(registered: Project) -> None:
    shutil.rmtree(registered.workspace.evidence)
    graph = build(registered.workspace, "sepsis/1")
    assert not graph.ok
    assert "no such evidence" in text(graph)


@pytest.mark.parametrize("target", ["sepsis", "sepsis/x", "/1", "sepsis/9", "absent/1", "", "sepsis/-1"])
def test_no_such_version(project: Project, target: str) -> None:
    with pytest.raises(InputError):
        build(project.workspace, target)


def test_approvals_a_rejection_and_a_promotion(promoted: Registered) -> None:
    graph = build(promoted.workspace, promoted.target)
    assert graph.ok, graph.broken
    found = steps(graph)
    assert found.count(("approval", "approves", "version")) == 2
    assert found.count(("rejection", "rejects", "version")) == 1
    assert ("version", "is promoted to", "alias") in found
    assert ("log", "sets", "alias") in found
    holders = {graph.by_id[e.source].facts["holder"] for e in graph.edges if graph.by_id[e.source].kind is Kind.KEY}
    assert {"Ada Lee", "Grace Hopper", "Mary Shaw"} <= holders
    proofs = {e.relation: e.proof for e in graph.edges}
    assert "took its place" in proofs["rejects"]
    assert "since then signed as clinical, regulatory" in proofs["is described in"]


def test_an_alias_that_nobody_approved(registered: Project) -> None:
    registered.write(
        "INSERT INTO registered_model_aliases (alias, version, name, workspace) VALUES ('live', 1, 'sepsis', 'default')"
    )
    version = build(registered.workspace, "sepsis/1")
    aliases = [n for n in version.nodes if n.kind is Kind.ALIAS]
    assert [n.label for n in aliases] == ["alias live"]
    assert broken(version) == {"alias"}


def test_an_alias_that_moved_on(promoted: Registered) -> None:
    promoted.project.write("UPDATE registered_model_aliases SET version = 2")
    graph = build(promoted.workspace, promoted.target)
    assert not [n for n in graph.nodes if n.kind is Kind.ALIAS]
    assert "alias champion no longer leads here" in text(graph)


def test_an_approval_that_does_not_count(promoted: Registered) -> None:
    """Entered around `govern approve` by the author: in the log, and worth nothing."""
    body = {"evidence": promoted.evidence.sha256, "name": "sepsis", "version": 1, "role": "quality"}
    log = Log(promoted.workspace.log)
    log.append("approval", {**body, "meaning": "fine", "dossiers": {}}, identity=promoted.people["author"])
    graph = build(promoted.workspace, promoted.target)
    (edge,) = graph.broken
    assert graph.by_id[edge.source].kind is Kind.APPROVAL
    assert edge.proof.startswith("it does not count: ")


def test_a_waiver_with_owner_and_approver(project: Any) -> None:
    from govern.lifecycle import waivers
    from govern.registry.register import register
    from govern.signing import identity
    from govern.signing.trust import Trust
    from govern.types import Outcome
    from tests.lifecycle.conftest import PEOPLE, enrol, policy, record_under

    workspace, now, judged_by = project.workspace, datetime.now(UTC), policy(approvals=[])
    people = enrol(workspace, PEOPLE)
    author = identity.load(workspace.keys, "author")
    project.decide(record_under(project, judged_by, Outcome.FAIL))
    trust = Trust.of(workspace.trust)
    proposed = waivers.propose(
        workspace,
        "discrimination",
        reason="the next 200 patients are being enrolled",
        expires=(now.date() + timedelta(days=30)).isoformat(),
        name=project.name,
        policy=judged_by,
        owner=author,
        trust=trust,
        now=now,
    )
    waivers.approve(workspace, proposed.index, approver=people["clinical"], trust=trust, now=now)
    found = waivers.valid(
        workspace, judged_by, project.name, author=author.certificate, trust=trust, now=datetime.now(UTC)
    )
    record = record_under(project, judged_by, Outcome.FAIL)
    from govern.gate import decide

    decision = decide(judged_by, record.findings, waivers=found, name=project.name, today=now.date())
    evidence = project.decide(dataclasses.replace(record, waivers=found, decision=decision))
    register(workspace, evidence, project.name)
    graph = build(workspace, "sepsis/1")
    assert graph.ok, graph.broken
    assert ("waiver", "excuses a finding in", "evidence") in steps(graph)
    assert [s for s in steps(graph) if s[2] == "waiver"] == [
        ("log", "approves", "waiver"),
        ("log", "proposes", "waiver"),
    ]


def _evidence(graph: Graph) -> str:
    return next(n.digest for n in graph.nodes if n.kind is Kind.EVIDENCE) or ""
