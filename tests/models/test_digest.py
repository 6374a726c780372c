from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from govern.errors import InputError
from govern.models.digest import model_manifest


def test_every_file_counts_but_the_note_that_reading_leaves(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "model.pkl").write_bytes(b"x")
    before = model_manifest(tmp_path)
    assert [f.path for f in before] == ["MLmodel", "data/model.pkl"]
    assert before[1].sha256 == hashlib.sha256(b"x").hexdigest()
    (tmp_path / "registered_model_meta").write_text("model_name: sepsis\n")
    assert model_manifest(tmp_path) == before
    (tmp_path / "registered_model_meta2").write_text("")
    assert model_manifest(tmp_path) != before


def test_a_linked_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("")
    (tmp_path / "model.pkl").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="symbolic link"):
        model_manifest(tmp_path)
