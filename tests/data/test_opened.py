from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from govern import project
from govern.data.opened import check_pointer, open_dataset
from govern.data.snapshot import snapshot
from govern.errors import InputError
from govern.project import Workspace
from govern.scan.local import Scan, scan
from govern.scan.request import Columns
from govern.types import Dataset, Role


def read(path: Path) -> Scan:
    return scan(path, Columns())


def data(workspace: Workspace) -> Path:
    return workspace.root / "data" / "test.csv"


def manifest(workspace: Workspace) -> Path:
    return workspace.root / "data" / "test.csv.manifest.json"


def pointer(workspace: Workspace) -> Path:
    return workspace.root / "data" / "test.csv.dvc"


def flip(path: Path, at: int = -2) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def recorded(workspace: Workspace) -> Dataset:
    return open_dataset(workspace, Role.TEST, read)[0]


def test_table_and_facts(versioned: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    dataset, found = open_dataset(versioned, Role.TEST, read)
    assert found.data.rows == dataset.rows == 4
    assert list(found.data.columns) == [c.name for c in dataset.columns]
    assert capfd.readouterr() == ("", "")


def test_one_changed_byte_is_refused(versioned: Workspace) -> None:
    flip(data(versioned))
    with pytest.raises(InputError, match="not those of the DVC pointer") as e:
        open_dataset(versioned, Role.TEST, read)
    assert "dvc checkout" in e.value.hint


def test_a_pointer_moved_to_the_changed_bytes_does_not_help(versioned: Workspace) -> None:
    before = manifest(versioned).read_bytes()
    flip(data(versioned))
    snapshot(versioned, data(versioned), Role.TEST)
    manifest(versioned).write_bytes(before)
    with pytest.raises(InputError, match=r"manifest is not true of the file: sha256"):
        open_dataset(versioned, Role.TEST, read)


def test_an_edited_pointer_is_refused(versioned: Workspace) -> None:
    text = pointer(versioned).read_text()
    pointer(versioned).write_text(re.sub("md5: ........", "md5: 00000000", text))
    with pytest.raises(InputError, match="not those of the DVC pointer"):
        open_dataset(versioned, Role.TEST, read)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sha256", "0" * 64),
        ("dvc_md5", "0" * 32),
        ("rows", 5),
        ("bytes", 1),
        ("patients", 4),
        ("columns", []),
        ("files", []),
        ("path", "data/other.csv"),
    ],
)
def test_an_edited_manifest_is_refused(versioned: Workspace, key: str, value: object) -> None:
    content = json.loads(manifest(versioned).read_text())
    manifest(versioned).write_text(json.dumps({**content, key: value}))
    with pytest.raises(InputError, match=f"not true of the file: {key}"):
        open_dataset(versioned, Role.TEST, read)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff", '{"schema": "govern/dataset/2"}'])
def test_a_damaged_manifest_is_refused(versioned: Workspace, text: str) -> None:
    manifest(versioned).write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="not a"):
        open_dataset(versioned, Role.TEST, read)


def test_a_damaged_pointer_is_refused(versioned: Workspace) -> None:
    pointer(versioned).write_text("outs:\n- md5: [\n")
    with pytest.raises(InputError, match="corrupted"):
        open_dataset(versioned, Role.TEST, read)


def test_a_pointer_of_an_older_dvc_is_refused(versioned: Workspace) -> None:
    pointer(versioned).write_text(pointer(versioned).read_text().replace("  hash: md5\n", ""))
    with pytest.raises(InputError, match="md5-dos2unix"):
        open_dataset(versioned, Role.TEST, read)


@pytest.mark.parametrize(
    ("missing", "message", "hint"),
    [
        (data, "data file is missing", "dvc pull"),
        (pointer, "no DVC pointer", "govern data snapshot"),
        (manifest, "manifest of test.csv is missing", "govern data snapshot"),
    ],
)
def test_what_is_missing_is_named(versioned: Workspace, missing: object, message: str, hint: str) -> None:
    missing(versioned).unlink()  # type: ignore[operator]
    with pytest.raises(InputError, match=message) as e:
        open_dataset(versioned, Role.TEST, read)
    assert hint in e.value.hint


def test_a_role_without_a_file_is_refused(versioned: Workspace) -> None:
    with pytest.raises(InputError, match="no dataset is declared"):
        open_dataset(versioned, Role.PRODUCTION, read)


def test_a_role_given_by_hand_is_refused(versioned: Workspace) -> None:
    file = versioned.root / project.FILE
    file.write_text(file.read_text().replace("test: data/test.csv", "external: data/test.csv"))
    with pytest.raises(InputError, match="not 'external'"):
        open_dataset(project.load(versioned.root), Role.EXTERNAL, read)


def test_a_role_that_points_outside_is_refused(versioned: Workspace) -> None:
    file = versioned.root / project.FILE
    file.write_text(file.read_text().replace("test: data/test.csv", "test: ../secret.csv"))
    with pytest.raises(InputError, match="outside the project"):
        open_dataset(project.load(versioned.root), Role.TEST, read)


def test_another_patient_column_needs_another_snapshot(versioned: Workspace) -> None:
    file = versioned.root / project.FILE
    file.write_text(file.read_text().replace("patient_id: patient_id", "patient_id: age"))
    with pytest.raises(InputError, match="not true of the file: patient_id"):
        open_dataset(project.load(versioned.root), Role.TEST, read)


def test_recorded_dataset_verifies(versioned: Workspace) -> None:
    step = check_pointer(versioned, recorded(versioned))
    assert step.ok
    assert step.found == step.expected


def test_changed_bytes_fail_verification(versioned: Workspace) -> None:
    dataset = recorded(versioned)
    flip(data(versioned))
    step = check_pointer(versioned, dataset)
    assert not step.ok
    assert dataset.sha256 in step.expected
    assert dataset.sha256 not in step.found


def test_a_later_snapshot_fails_verification_of_an_earlier_one(versioned: Workspace) -> None:
    dataset = recorded(versioned)
    flip(data(versioned))
    snapshot(versioned, data(versioned), Role.TEST)
    assert not check_pointer(versioned, dataset).ok


@pytest.mark.parametrize(("missing", "found"), [(data, "missing"), (pointer, "no DVC pointer")])
def test_missing_files_fail_verification(versioned: Workspace, missing: object, found: str) -> None:
    dataset = recorded(versioned)
    missing(versioned).unlink()  # type: ignore[operator]
    step = check_pointer(versioned, dataset)
    assert not step.ok
    assert found in step.found


def test_a_damaged_pointer_fails_verification(versioned: Workspace) -> None:
    dataset = recorded(versioned)
    pointer(versioned).write_text("outs: 7\n")
    assert not check_pointer(versioned, dataset).ok


def test_a_forged_path_fails_verification(versioned: Workspace) -> None:
    dataset = replace(recorded(versioned), path="../../etc/passwd")
    step = check_pointer(versioned, dataset)
    assert not step.ok
    assert "outside the project" in step.found
