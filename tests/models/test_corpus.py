"""What govern's look through a model finds of a corpus, and what fickling finds: docs/model-safety.md states it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from govern.errors import InputError
from govern.models.safety import scan
from tests.models.corpus import attacks, honest


@pytest.fixture(scope="module")
def good() -> dict[str, bytes]:
    with warnings.catch_warnings(action="ignore"):
        return honest()


@pytest.fixture(scope="module")
def bad() -> dict[str, bytes]:
    return attacks()


def refused(content: bytes, folder: Path) -> bool:
    folder.mkdir(exist_ok=True)
    (folder / "model.pkl").write_bytes(content)
    try:
        scan(folder, {})
    except InputError as e:
        assert e.hint
        return True
    return False


def fickled(content: bytes, folder: Path) -> tuple[bool, bool]:
    """Whether fickling calls it anything but likely safe, and whether it calls it overtly malicious."""
    from fickling.analysis import Severity
    from fickling.loader import scan_file, scan_zip_archive

    folder.mkdir(exist_ok=True)
    path = folder / "model.pkl"
    path.write_bytes(content)
    with warnings.catch_warnings(action="ignore"):
        found = [scan_file(str(path), graceful=True)]
        if content.startswith(b"PK"):
            found = list(scan_zip_archive(str(path), graceful=True).values())
    worst = max((r.severity for r in found), default=Severity.LIKELY_SAFE)
    return worst > Severity.LIKELY_SAFE, worst >= Severity.LIKELY_OVERTLY_MALICIOUS


def test_every_attack_is_refused(bad: dict[str, bytes], tmp_path: Path) -> None:
    assert len(bad) >= 30
    assert [name for name, content in bad.items() if not refused(content, tmp_path / "m")] == []


def test_no_honest_model_is_refused(good: dict[str, bytes], tmp_path: Path) -> None:
    assert [name for name, content in good.items() if refused(content, tmp_path / "m")] == []


def test_the_attacks_are_attacks(bad: dict[str, bytes]) -> None:
    """Python's own unpickler imports what the plain ones name: they are no mere text."""
    import io
    import pickle

    class Import(Exception):  # noqa: N818 - no error
        pass

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            raise Import(f"{module}.{name}")

    plain = [n for n, c in bad.items() if c[:1] in (b"c", b"(") or c[:2] == b"\x80\x04"]
    for name in plain:
        if name not in ("names out of a list", "cut off", "second pickle", "ZIP behind a pickle"):
            with pytest.raises(Import):
                Unpickler(io.BytesIO(bad[name])).load()
    assert len(plain) > 50


def test_the_table_in_the_documentation(
    good: dict[str, bytes], bad: dict[str, bytes], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    page = (request.config.rootpath / "docs" / "model-safety.md").read_text(encoding="utf-8")
    rows = []
    for what, group in (("honest models", good), ("attacks", bad)):
        found = {n: (refused(c, tmp_path / "m"), *fickled(c, tmp_path / "m")) for n, c in group.items()}
        counts = " | ".join(str(sum(f[i] for f in found.values())) for i in range(3))
        rows.append(f"| {what} | {len(group)} | {counts} |")
    assert all(row in page for row in rows), "\n".join(rows)
    missed = "; ".join(sorted(name for name, f in found.items() if not f[2]))
    assert f"{missed}." in page, missed


@pytest.mark.parametrize(
    ("name", "formats"),
    [
        ("random forest", ("pickle",)),
        ("joblib, lzma", ("pickle",)),
        ("array of objects", ("pickle",)),
        ("array of numbers", ()),
        ("packed pickle in a ZIP", ("pickle",)),
        ("skops", ("skops",)),
        ("safetensors", ("safetensors",)),
        ("random bytes", ()),
        ("text", ()),
        ("JSON", ()),
    ],
)
def test_formats_are_told_by_content(
    good: dict[str, bytes], tmp_path: Path, name: str, formats: tuple[str, ...]
) -> None:
    (tmp_path / "anything.bin").write_bytes(good[name])
    assert scan(tmp_path, {}) == formats


def test_onnx_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"\x08\x07\x12\x07skl2onnx")
    assert scan(tmp_path, {}) == ("onnx",)
