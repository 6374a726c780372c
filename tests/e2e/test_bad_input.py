"""Bad input: a message that says what was found, expected and to do; the right exit code; nothing half-written."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def refused(answer: Any, code: int, *words: str) -> None:
    text = " ".join(answer.err.split())
    assert answer.code == code, answer.out + answer.err
    assert answer.out == ""
    assert text.startswith("error: ")
    assert "do:" in text
    assert "Traceback" not in text
    for word in words:
        assert word in text


def versions(project: Path) -> int:
    with sqlite3.connect(project / "mlflow.db") as database:
        count: int = database.execute("select count(*) from registered_models").fetchone()[0]
    return count


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("performance.auroc", "performance.auc", ["small.yaml:8:", "performance.auroc"]),
        ("threshold: 0.3", "treshold: 0.3", ["small.yaml:9:", "'threshold'"]),
        ("by: [sex, race]", "by: [sexe]", ["small.yaml:9:", "'sex'"]),
        ('">= 0.70"', '"=> 0.70"', ["small.yaml:8:", "operator"]),
        ("drift.psi", "data.duplicates", ["mandatory family drift", "not_applicable"]),
    ],
)
def test_policies(run: Any, project: Path, model: str, old: str, new: str, words: list[str]) -> None:
    spoil(project / "policies" / "small.yaml", old, new)
    refused(run(project, "register", model, "--name", "small"), 2, *words)
    assert not (project / "evidence").exists()
    assert versions(project) == 0


def test_a_changed_file_is_refused_by_every_later_command(run: Any, project: Path, model: str) -> None:
    data = project / "data" / "test.csv"
    data.chmod(0o644)
    content = data.read_bytes()
    data.write_bytes(content[:-2] + (b"0\n" if content.endswith(b"1\n") else b"1\n"))
    for command in (["check", "--model", model], ["register", model, "--name", "small"]):
        refused(run(project, *command), 3, "data/test.csv")


def test_a_missing_file_is_refused(run: Any, project: Path, model: str) -> None:
    (project / "data" / "test.csv").unlink()
    refused(run(project, "check", "--model", model), 3, "data/test.csv", "dvc")


def test_a_model_that_is_none(run: Any, project: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for uri in (
        "models:/m-00000000000000000000000000000000",
        "runs:/0000/model",
        str(tmp_path / "empty"),
        "models:/no/1",
    ):
        refused(run(project, "check", "--model", uri), 3)
    assert not (project / "evidence").exists()


def test_a_missing_key(run: Any, project: Path, model: str) -> None:
    shutil.rmtree(project / ".govern" / "keys")
    refused(run(project, "check", "--model", model), 3, "key")


def test_no_project(run: Any, tmp_path: Path) -> None:
    refused(run(tmp_path, "check", "--model", "models:/a/1"), 3, "govern.yaml", "govern init")


def test_no_git(run: Any, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    answer = run(tmp_path, "init", "new", environment={"PATH": str(tmp_path / "bin")})
    refused(answer, 3, "git")
    assert not (tmp_path / "new" / "govern.yaml").exists()


def test_a_folder_that_cannot_be_written(run: Any, tmp_path: Path) -> None:
    refused(run(tmp_path, "init", "/proc/new"), 3, "/proc")


def test_usage_errors_exit_2(run: Any, tmp_path: Path) -> None:
    for arguments in (["measure"], ["nothing"], ["verify"], ["check", "--format", "xml"]):
        assert run(tmp_path, *arguments).code == 2


@pytest.mark.parametrize("target", ["absent.pdf", "folder", "name/1", "nothing"])
def test_verifying_nothing_is_no_success(run: Any, tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    answer = run(tmp_path, "verify", target)
    assert answer.code in (1, 3)
    assert "Traceback" not in answer.out + answer.err


def test_patients_in_train_and_test_are_found(run: Any, project: Path, model: str) -> None:
    """The overlap is denied (exit 1), with the count, and the evidence says so."""
    import pandas as pd

    train = pd.read_csv(project / "data" / "train.csv")
    test = pd.read_csv(project / "data" / "test.csv")
    train.loc[:4, "pid"] = test.loc[:4, "pid"]
    (project / "data" / "train.csv").unlink()
    train.to_csv(project / "data" / "train.csv", index=False)
    assert run(project, "data", "snapshot", "data/train.csv", "--role", "train").code == 0
    answer = run(project, "register", model, "--name", "small")
    assert answer.code == 1
    assert "DENIED" in answer.out
    assert "apart" in answer.out
    assert versions(project) == 0


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "../x", "a\nb", "-x", "x" * 300, "sepsis "])
def test_names_that_are_none(run: Any, project: Path, model: str, name: str) -> None:
    refused(run(project, "register", model, f"--name={name}"), 2, "no name of a registered model")
    assert not (project / "evidence").exists()


def test_a_result_never_replaces_what_it_is_made_from(run: Any, project: Path, model: str) -> None:
    before = {p: p.read_bytes() for p in (project / "govern.yaml", project / "data" / "test.csv")}
    check = ["check", "--model", model, "--output"]
    refused(run(project, *check, "govern.yaml"), 2, "replace")
    refused(run(project, *check, "data/test.csv"), 2, "replace")
    refused(run(project, "dossier", "small/1", "--template", "fda", "--output", "govern.yaml"), 2, "PDF")
    measure = ["measure", "data.missingness", "--data", "data/test.csv", "--output"]
    refused(run(project, *measure, "data/test.csv"), 2, "replace")
    refused(run(project, *measure, "."), 3, "folder")
    refused(run(project, *measure, "nowhere/x.txt"), 3, "nowhere")
    assert all(p.read_bytes() == data for p, data in before.items())


@pytest.mark.parametrize("uri", ["s3://bucket/x", "http://localhost:1/x", "nonsense:/x"])
def test_addresses_of_no_model(run: Any, project: Path, uri: str) -> None:
    refused(run(project, "check", "--model", uri), 3)
