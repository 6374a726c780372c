"""Lineage of a version: every edge says what proves it, and a broken proof is seen on its edge."""

from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from govern.data.setup import initialise
from govern.data.snapshot import snapshot
from govern.errors import InputError
from govern.lineage import Graph, build, tree
from govern.registry.register import register
from govern.signing import identity, pades
from govern.types import Role


def signed(project: Any, statement: bytes) -> bytes:
    """A one-page PDF that carries a statement and the author's signature."""
    import pikepdf

    with pikepdf.new() as document:
        document.add_blank_page()
        document.attachments["statement.dsse.json"] = pikepdf.AttachedFileSpec(document, statement)
        pdf = io.BytesIO()
        document.save(pdf)
    author = identity.load(project.workspace.keys, "author")
    prepared = pades.prepare(pdf.getvalue(), {"author": (0, 72, 72, 300, 120)})
    return pades.sign(prepared, author, field="author", reason="authorship", when=datetime.now(UTC))


@pytest.fixture
def registered(project: Any, tmp_path: Path) -> Any:
    """A registered model with training and test data under DVC and a dossier with the run."""
    initialise(project.root)
    for role in (Role.TRAIN, Role.TEST):
        data = project.root / "data" / f"{role.value}.csv"
        data.parent.mkdir(exist_ok=True)
        data.write_text(f"patient,died\n{role.value}-1,0\n{role.value}-2,1\n")
    datasets = tuple(
        snapshot(project.workspace, project.root / "data" / f"{r.value}.csv", r) for r in (Role.TRAIN, Role.TEST)
    )
    evidence = project.decide(dataclasses.replace(project.record(), datasets=datasets))
    dossier = tmp_path / "fda.pdf"
    dossier.write_bytes(signed(project, evidence.files["statement.dsse.json"]))
    register(project.workspace, evidence, project.name, artifacts=[dossier])
    return project


def rendered(graph: Graph) -> list[str]:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80)
    console.print(tree(graph))
    return console.file.getvalue().splitlines()


def broken(graph: Graph) -> set[str]:
    kinds = {n.id: n.kind for n in graph.nodes}
    return {kinds[e.source] for e in graph.edges if not e.ok}


def test_from_raw_data_to_version(registered: Any) -> None:
    graph = build(registered.workspace, "sepsis/1")
    kinds = {n.id: n.kind for n in graph.nodes}
    steps = sorted((kinds[e.source], kinds[e.target]) for e in graph.edges)
    assert steps == [
        ("data", "dataset"),
        ("data", "dataset"),
        ("dataset", "evidence"),
        ("dataset", "run"),
        ("dossier", "version"),
        ("evidence", "version"),
        ("log", "evidence"),
        ("log", "version"),
        ("model", "evidence"),
        ("policy", "evidence"),
        ("run", "model"),
    ]
    assert all(e.proof for e in graph.edges)
    assert graph.ok


def test_tree_fits_a_terminal(registered: Any) -> None:
    lines = rendered(build(registered.workspace, "sepsis/1"))
    assert lines[0] == "version sepsis/1"
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for word in (
        "evidence",
        "model model",
        "train data, 2 rows",
        "MD5",
        "policy small 1.0.0",
        "log entry 1: registration",
    ):
        assert word in text


def test_each_broken_proof_is_on_its_edge(registered: Any) -> None:
    (registered.root / "data" / "test.csv").write_text("patient,died\n")
    assert broken(build(registered.workspace, "sepsis/1")) == {"data"}
    (registered.model / "extra.py").write_text("x = 1\n")
    assert broken(build(registered.workspace, "sepsis/1")) == {"data", "model"}
    registered.write("UPDATE model_versions SET description = 'fine'")
    assert broken(build(registered.workspace, "sepsis/1")) == {"data", "model", "evidence"}
    assert "BROKEN" in "\n".join(rendered(build(registered.workspace, "sepsis/1")))


@pytest.mark.parametrize("fault", ["flipped byte", "other evidence", "no PDF"])
def test_a_dossier_that_is_not_this_versions(registered: Any, fault: str) -> None:
    (path,) = (registered.root / "mlruns").rglob("fda.pdf")
    pdf = bytearray(path.read_bytes())
    pdf[200] ^= 1
    if fault == "other evidence":
        other = registered.decide(registered.record(name="other"))
        pdf = bytearray(signed(registered, other.files["statement.dsse.json"]))
    path.write_bytes(b"nothing" if fault == "no PDF" else bytes(pdf))
    assert broken(build(registered.workspace, "sepsis/1")) == {"dossier"}


def test_another_run_is_seen(registered: Any) -> None:
    registered.write("UPDATE logged_models SET source_run_id = NULL")
    assert "run" in broken(build(registered.workspace, "sepsis/1"))


def test_a_version_around_the_gate(registered: Any) -> None:
    registered.write("DELETE FROM model_version_tags")
    graph = build(registered.workspace, "sepsis/1")
    assert not graph.ok
    assert "around the gate" in "\n".join(rendered(graph))


def test_lost_evidence(registered: Any) -> None:
    import shutil

    shutil.rmtree(registered.workspace.evidence)
    graph = build(registered.workspace, "sepsis/1")
    assert not graph.ok
    told = " ".join("\n".join(rendered(graph)).replace("│", " ").split())
    assert "no such evidence" in told


@pytest.mark.parametrize("target", ["sepsis", "sepsis/x", "/1", "sepsis/9", "absent/1", "", "sepsis/-1"])
def test_no_such_version(project: Any, target: str) -> None:
    with pytest.raises(InputError):
        build(project.workspace, target)
