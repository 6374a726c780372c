from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from govern import canonical, project
from govern.data.opened import open_dataset
from govern.data.snapshot import snapshot
from govern.errors import InputError, PolicyError
from govern.project import Workspace
from govern.scan.local import Scan, scan
from govern.scan.request import Columns
from govern.types import FileDigest, Role


def read(path: Path) -> Scan:
    return scan(path, Columns())


def state(root: Path) -> dict[str, bytes]:
    """Every file of a project apart from what git and DVC keep for themselves."""
    files = (p for p in root.rglob("*") if p.is_file() and not {".git", ".dvc"} & set(p.relative_to(root).parts))
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True).stdout


def test_facts_are_those_of_the_file(workspace: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    path = workspace.root / "data" / "test.csv"
    dataset = snapshot(workspace, path, Role.TEST)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    assert dataset.files == (FileDigest(path="test.csv", sha256=sha256, bytes=len(content)),)
    assert dataset.sha256 == hashlib.sha256(f'[["test.csv","{sha256}"]]'.encode()).hexdigest()
    assert dataset.dvc_md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert (dataset.path, dataset.dvc_pointer) == ("data/test.csv", "data/test.csv.dvc")
    assert (dataset.rows, dataset.patient_id, dataset.patients) == (4, "patient_id", 3)
    assert {c.name: (c.missing, c.distinct) for c in dataset.columns} == {
        "patient_id": (0, 3),
        "age": (0, 4),
        "sex": (1, 2),
        "sodium": (1, 3),
        "died": (0, 2),
    }
    assert dataset.git_revision is None
    assert capfd.readouterr() == ("", "")


def test_manifest_is_readable_and_equals_the_dataset(workspace: Workspace) -> None:
    dataset = snapshot(workspace, workspace.root / "data" / "test.csv", Role.TEST)
    text = (workspace.root / "data" / "test.csv.manifest.json").read_text()
    value = json.loads(text)
    assert text.count("\n") > 20
    assert value["roles"] == ["test"]
    assert value["columns"] == canonical.plain(dataset.columns)
    assert (value["sha256"], value["dvc_md5"], value["rows"], value["bytes"]) == (
        dataset.sha256,
        dataset.dvc_md5,
        4,
        len((workspace.root / "data" / "test.csv").read_bytes()),
    )


def test_the_same_bytes_again_change_nothing(workspace: Workspace) -> None:
    path = workspace.root / "data" / "test.csv"
    first = snapshot(workspace, path, Role.TEST)
    before = state(workspace.root)
    assert snapshot(workspace, path, Role.TEST) == first
    assert state(workspace.root) == before


def test_changed_bytes_update_pointer_and_manifest(versioned: Workspace) -> None:
    path = versioned.root / "data" / "test.csv"
    before = state(versioned.root)
    path.write_text(path.read_text() + "4,30,male,138,0\n")
    dataset = snapshot(versioned, path, Role.TEST)
    assert dataset.rows == 5
    changed = {name for name, content in state(versioned.root).items() if before.get(name) != content}
    assert changed == {"data/test.csv", "data/test.csv.dvc", "data/test.csv.manifest.json"}
    assert open_dataset(versioned, Role.TEST, read)[0] == dataset


def test_project_file_keeps_its_comments(workspace: Workspace) -> None:
    before = (workspace.root / project.FILE).read_text()
    snapshot(workspace, workspace.root / "data" / "test.csv", Role.TEST)
    shutil.copy(workspace.root / "data" / "test.csv", workspace.root / "data" / "train set.csv")
    snapshot(workspace, workspace.root / "data" / "train set.csv", Role.TRAIN)
    after = (workspace.root / project.FILE).read_text()
    added = "  roles:\n    test: data/test.csv\n    train: data/train set.csv\n"
    assert after == before.replace("data:\n", f"data:\n{added}")
    assert workspace.project.data.roles == {Role.TEST: "data/test.csv", Role.TRAIN: "data/train set.csv"}


def test_a_new_role_stands_above_the_comment_of_the_next_section(workspace: Workspace) -> None:
    file = workspace.root / project.FILE
    (workspace.root / "old.csv").write_text("x\n1\n")
    roles = "  roles:\n    train: old.csv  # from site A\n"
    text = file.read_text().replace("\n# The policy", f"{roles}\n# The policy")
    file.write_text(text)
    snapshot(project.load(workspace.root), workspace.root / "data" / "test.csv", Role.TEST)
    assert file.read_text() == text.replace(roles, f"{roles}    test: data/test.csv\n")


def test_one_file_in_two_roles(versioned: Workspace) -> None:
    snapshot(versioned, versioned.root / "data" / "test.csv", Role.REFERENCE)
    test, reference = (open_dataset(versioned, role, read)[0] for role in (Role.TEST, Role.REFERENCE))
    assert test.sha256 == reference.sha256
    assert (test.role, reference.role) == (Role.TEST, Role.REFERENCE)


def test_revision_is_the_commit_that_holds_the_pointer(versioned: Workspace) -> None:
    root = versioned.root
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "data")
    commit = git(root, "rev-parse", "HEAD").strip()
    (root / "other").write_text("")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "something else")
    assert open_dataset(versioned, Role.TEST, read)[0].git_revision == commit
    assert snapshot(versioned, root / "data" / "test.csv", Role.TEST).git_revision == commit


def test_output_of_a_pipeline_stage_is_versioned_by_the_stage(workspace: Workspace) -> None:
    root = workspace.root
    made = root / "data" / "made.csv"
    stage = {"cmd": "cp data/test.csv data/made.csv", "deps": ["data/test.csv"], "outs": ["data/made.csv"]}
    (root / "dvc.yaml").write_text(json.dumps({"stages": {"prepare": stage}}))
    shutil.copy(root / "data" / "test.csv", made)
    with pytest.raises(InputError, match="holds no digest") as e:
        snapshot(workspace, made, Role.TEST)
    assert "dvc repro" in e.value.hint
    made.unlink()
    subprocess.run([sys.executable, "-m", "dvc", "repro", "-q"], cwd=root, check=True, capture_output=True)
    lock = (root / "dvc.lock").read_bytes()
    dataset = snapshot(workspace, made, Role.TEST)
    assert dataset.dvc_pointer == "dvc.lock"
    assert not (root / "data" / "made.csv.dvc").exists()
    assert (root / "dvc.lock").read_bytes() == lock
    assert open_dataset(workspace, Role.TEST, read)[0] == dataset
    made.write_text(made.read_text() + "9,30,male,138,0\n")
    with pytest.raises(InputError, match="not those of the DVC pointer"):
        open_dataset(workspace, Role.TEST, read)
    before = state(root)
    with pytest.raises(InputError, match=r"not those of dvc\.lock"):
        snapshot(workspace, made, Role.TEST)
    assert state(root) == before


def test_a_file_that_git_tracks_is_refused_with_the_way_out(workspace: Workspace) -> None:
    path = workspace.root / "data" / "test.csv"
    git(workspace.root, "add", "data/test.csv")
    before = state(workspace.root)
    with pytest.raises(InputError, match="git tracks this file") as e:
        snapshot(workspace, path, Role.TEST)
    assert state(workspace.root) == before
    command = e.value.hint.split("`")[1]
    assert command.startswith("git rm --cached ")
    subprocess.run(command, shell=True, cwd=workspace.root, check=True, capture_output=True)  # noqa: S602
    assert snapshot(workspace, path, Role.TEST).rows == 4


def test_a_file_in_a_versioned_folder_is_refused(workspace: Workspace) -> None:
    subprocess.run([sys.executable, "-m", "dvc", "add", "-q", "data"], cwd=workspace.root, check=True)
    before = state(workspace.root)
    with pytest.raises(InputError, match="part of the folder data"):
        snapshot(workspace, workspace.root / "data" / "test.csv", Role.TEST)
    assert state(workspace.root) == before


@pytest.mark.parametrize("name", ["../outside.csv", "data/link.csv", "data/absent.csv", "data", "data/note.csv"])
def test_what_is_no_data_file_of_the_project_is_refused(workspace: Workspace, name: str) -> None:
    (workspace.root.parent / "outside.csv").write_text("a\n1\n")
    (workspace.root / "data" / "link.csv").symlink_to(workspace.root / "data" / "test.csv")
    (workspace.root / "data" / "note.csv").write_bytes(b"")
    before = state(workspace.root)
    with pytest.raises(InputError) as e:
        snapshot(workspace, workspace.root / name, Role.TEST)
    assert e.value.hint
    assert state(workspace.root) == before


def test_declared_patients_must_be_there(workspace: Workspace) -> None:
    path = workspace.root / "data" / "test.csv"
    path.write_text(path.read_text().replace("patient_id", "patient"))
    before = state(workspace.root)
    with pytest.raises(InputError, match="no column 'patient_id'"):
        snapshot(workspace, path, Role.TEST)
    assert state(workspace.root) == before


def test_dvc_is_undone_when_the_manifest_cannot_be_written(workspace: Workspace) -> None:
    (workspace.root / "data" / "test.csv.manifest.json").mkdir()
    before = state(workspace.root)
    with pytest.raises(InputError, match=r"manifest\.json: is a folder"):
        snapshot(workspace, workspace.root / "data" / "test.csv", Role.TEST)
    assert state(workspace.root) == before


def test_a_broken_project_file_is_told_and_nothing_is_left(workspace: Workspace) -> None:
    (workspace.root / project.FILE).write_text("schema: govern/project/1\nsytem: {}\n")
    before = state(workspace.root)
    with pytest.raises(PolicyError):
        snapshot(workspace, workspace.root / "data" / "test.csv", Role.TEST)
    assert state(workspace.root) == before


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Give up root's right to write everywhere, for a while."""
    if os.geteuid():
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_a_read_only_folder_is_refused(prepared: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # Not in tmp_path: only its owner may enter that.
        root = Path(folder) / "project"
        shutil.copytree(prepared, root)
        Path(folder).chmod(0o755)
        for path in (root, *root.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = state(root)
        with ordinary_user(), pytest.raises(InputError, match=r"(?i)permission denied|read-only") as e:
            snapshot(project.load(root), root / "data" / "test.csv", Role.TEST)
        assert "writable" in e.value.hint
        assert state(root) == before
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)
