from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from govern.errors import InputError
from govern.models.predictions import open_predictions


def test_the_file_is_the_subject(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("patient_id,score\n1,0.2\n")
    subject = open_predictions(path, name="VendorNet", version="4.1")
    assert (subject.kind, subject.name, subject.version, subject.run_id) == ("predictions", "VendorNet", "4.1", None)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [f.sha256 for f in subject.files] == [sha256]
    assert subject.sha256 == hashlib.sha256(f'[["scores.csv","{sha256}"]]'.encode()).hexdigest()
    path.write_text("patient_id,score\n1,0.3\n")
    assert open_predictions(path, name="VendorNet", version="4.1").sha256 != subject.sha256


@pytest.mark.parametrize(
    ("name", "version", "what"), [("", "1", "name"), ("VendorNet", " ", "version"), ("VendorNet", None, "version")]
)
def test_an_unnamed_model_is_refused(tmp_path: Path, name: str, version: str | None, what: str) -> None:
    (tmp_path / "scores.csv").write_text("x\n1\n")
    with pytest.raises(InputError, match=f"without the model's {what}"):
        open_predictions(tmp_path / "scores.csv", name=name, version=version)


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        open_predictions(tmp_path / name, name="VendorNet", version="4.1")
