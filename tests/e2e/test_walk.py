"""The main path with the installed command: init, snapshot, check, register, dossier, verify, lineage, log."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def walked(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, for the walk alone."""
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("walk") / "project", symlinks=True))


@pytest.fixture(scope="module")
def registered(run: Any, walked: Path, model: str) -> dict[str, object]:
    answer = run(walked, "register", model, "--name", "small", "--format", "json")
    assert answer.code == 0, answer.out + answer.err
    value: dict[str, object] = json.loads(answer.out)
    return value


def test_the_decision_has_the_form_of_the_contract(registered: dict[str, object]) -> None:
    assert registered["decision"] == "allow"
    assert registered["blocking"] == []
    assert {"schema", "policy", "subject", "datasets", "findings", "evidence"} <= set(registered)
    keys = {"id", "check", "family", "slice", "estimate", "lower", "upper", "n", "events"}
    keys |= {"criterion", "outcome", "severity", "message", "controls"}
    for finding in registered["findings"]:  # type: ignore[attr-defined]
        assert set(finding) == keys
    rare = next(f for f in registered["findings"] if f["id"] == "sensitivity[race=c]")  # type: ignore[attr-defined]
    assert rare["outcome"] == "inconclusive"


def test_registering_again_gives_the_same_version(
    run: Any, walked: Path, model: str, registered: dict[str, object]
) -> None:
    again = run(walked, "register", model, "--name", "small", "--format", "json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["evidence"] == registered["evidence"]
    with sqlite3.connect(walked / "mlflow.db") as database:
        assert database.execute("select count(*) from model_versions").fetchone() == (1,)


def test_the_version_carries_the_gates_facts(walked: Path, registered: dict[str, object]) -> None:
    with sqlite3.connect(walked / "mlflow.db") as database:
        tags = dict(database.execute("select key, value from model_version_tags").fetchall())
        (text,) = database.execute("select description from model_versions").fetchone()
    assert tags["govern.evidence"] == registered["evidence"]["sha256"]  # type: ignore[index]
    assert "discrimination" in text
    assert "| " in text


def test_everything_verifies(run: Any, walked: Path, registered: dict[str, object], tmp_path: Path) -> None:
    evidence = str(registered["evidence"]["path"])  # type: ignore[index]
    pdf = tmp_path / "dossier.pdf"
    answer = run(walked, "dossier", "small/1", "--template", "fda", "--output", str(pdf))
    assert answer.code == 0, answer.err
    for target in ("small/1", evidence, "log", str(pdf)):
        answer = run(walked, "verify", target, "--format", "json")
        assert answer.code == 0, f"{target}: {answer.out}{answer.err}"
        assert json.loads(answer.out)["ok"] is True


def test_a_dossier_taken_home_verifies_with_the_root_and_not_without(
    run: Any, walked: Path, registered: dict[str, object], tmp_path: Path
) -> None:
    pdf = tmp_path / "home.pdf"
    assert run(walked, "dossier", "small/1", "--template", "eu-ai-act", "--output", str(pdf)).code == 0
    root = next((walked / ".govern" / "trust").glob("*.pem"))
    assert run(tmp_path, "verify", "home.pdf", "--trust", str(root)).code == 0
    assert run(tmp_path, "verify", "home.pdf").code == 0, "whoever made the root trusts it everywhere"
    stranger = {"XDG_CONFIG_HOME": str(tmp_path / "stranger")}
    alone = run(tmp_path, "verify", "home.pdf", environment=stranger)
    assert alone.code == 1
    assert "--trust" in alone.out
    data = pdf.read_bytes()
    for name, spoiled in (("half", data[: len(data) // 2]), ("none", b"not a PDF"), ("byte", _flipped(data))):
        (tmp_path / f"{name}.pdf").write_bytes(spoiled)
        answer = run(tmp_path, "verify", f"{name}.pdf", "--trust", str(root))
        assert answer.code == 1, name
        assert "Traceback" not in answer.out + answer.err


def test_lineage_and_log(run: Any, walked: Path, registered: dict[str, object]) -> None:
    tree = run(walked, "lineage", "small/1")
    assert tree.code == 0, tree.err
    assert "small" in tree.out
    listed = run(walked, "log", "list")
    assert "decision" in listed.out
    assert "registration" in listed.out
    assert run(walked, "log", "verify").code == 0


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 3
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
