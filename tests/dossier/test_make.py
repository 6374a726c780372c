"""The signed file on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from govern.dossier.make import make
from govern.errors import GovernError, InputError, PolicyError
from govern.evidence.bundle import Bundle
from govern.signing import pades
from govern.signing.identity import Identity
from govern.signing.pades.attachments import attached
from govern.signing.trust import Trust
from tests.dossier import pdf_text


def test_the_dossier_is_signed_by_its_author(small: Bundle, author: Identity, tmp_path: Path) -> None:
    path = make(small, "fda", tmp_path / "dossier.pdf", author)
    pdf = path.read_bytes()
    steps = pades.check(pdf, Trust(roots=author.chain[-1:]).beside(small.files))
    assert len(steps) > 2
    assert [s for s in steps if not s.ok] == []
    assert attached(pdf, names=set(small.files), limit=1 << 20) == dict(small.files)
    assert "DENIED" in pdf_text.pages(pdf)[0]
    assert [p.name for p in tmp_path.iterdir()] == ["dossier.pdf"]


def test_a_missing_folder_is_refused_before_the_work(small: Bundle, author: Identity, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        make(small, "fda", tmp_path / "absent" / "dossier.pdf", author)


def test_a_folder_is_no_file(small: Bundle, author: Identity, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        make(small, "fda", tmp_path, author)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(small: Bundle, author: Identity, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="not writable"):
        make(small, "fda", tmp_path / "dossier.pdf", author)


def test_a_failure_leaves_the_old_file(small: Bundle, author: Identity, tmp_path: Path) -> None:
    path = tmp_path / "dossier.pdf"
    path.write_bytes(b"old")
    with pytest.raises(PolicyError):
        make(small, "no-such-template", path, author)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("dossier.pdf", b"old")]


def test_a_broken_template_is_named(small: Bundle, author: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import shutil

    from govern.dossier import render
    from govern.resources import shared

    shutil.copytree(shared("report_templates"), tmp_path / "templates")
    broken = tmp_path / "templates" / "fda" / "dossier.html.j2"
    broken.write_text(broken.read_text() + "\n{% if %}")
    monkeypatch.setattr(render, "shared", lambda name: tmp_path / "templates")
    with pytest.raises(GovernError, match=r"fda/dossier\.html\.j2:\d+"):
        make(small, "fda", tmp_path / "dossier.pdf", author)
    assert not (tmp_path / "dossier.pdf").exists()
