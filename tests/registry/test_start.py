"""Commands that measure nothing load nothing that measures: their start is what a person waits for."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from govern.data.setup import initialise
from govern.data.snapshot import snapshot
from govern.registry.register import register
from govern.signing import identity, pades
from govern.types import Role

MEASURING = frozenset(
    {
        "mlflow", "sqlalchemy", "alembic", "pandas", "scipy", "sklearn", "skops", "pyarrow", "matplotlib", "shap",
        "numba", "evidently", "fairlearn", "dvc", "dulwich", "weasyprint", "jinja2",
    }
)  # fmt: skip
#: pyHanko verifies PDFs and has an HTTP client, which verification does not need.
SIGNING = frozenset({"pyhanko", "pikepdf", "aiohttp"})
CODE = """
import sys
from govern.cli import main
sys.argv = ["govern", *sys.argv[1:]]
try:
    main()
except SystemExit as e:
    code = e.code or 0
print("LOADED", code, *sorted({m.partition(".")[0] for m in sys.modules}))
"""


def loaded(folder: Path, *command: str) -> set[str]:
    """What a command loads that ends well."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *command], cwd=folder, capture_output=True, text=True, check=True
    )
    code, *modules = done.stdout.rpartition("LOADED ")[2].split()
    assert code == "0", done.stdout + done.stderr
    return set(modules)


@pytest.fixture
def registered(project: Any, tmp_path: Path) -> Any:
    """A registered version, its data under DVC, a signed dossier with the run and one beside the project."""
    import dataclasses
    import io

    import pikepdf

    initialise(project.root)
    data = project.root / "data" / "test.csv"
    data.parent.mkdir()
    data.write_text("patient,died\na,0\nb,1\n")
    datasets = (snapshot(project.workspace, data, Role.TEST),)
    evidence = project.decide(dataclasses.replace(project.record(), datasets=datasets))
    with pikepdf.new() as document:
        document.add_blank_page()
        for name, content in evidence.files.items():
            document.attachments[name] = pikepdf.AttachedFileSpec(document, content)
        pdf = io.BytesIO()
        document.save(pdf)
    author = identity.load(project.workspace.keys, "author")
    prepared = pades.prepare(pdf.getvalue(), {"author": (0, 72, 72, 300, 120)})
    dossier = tmp_path / "fda.pdf"
    dossier.write_bytes(pades.sign(prepared, author, field="author", reason="authorship", when=datetime.now(UTC)))
    register(project.workspace, evidence, project.name, artifacts=[dossier])
    return project


def test_lint_of_a_policy(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "policy", "lint", "clinical-decision-support") & (MEASURING | SIGNING)


def test_the_log_is_listed_by_almost_nothing(registered: Any) -> None:
    found = loaded(registered.root, "log", "list")
    assert not found & (MEASURING | SIGNING | {"numpy", "pydantic", "cryptography", "ruamel"})


def test_lineage_and_verification_of_a_version(registered: Any) -> None:
    assert not loaded(registered.root, "lineage", "sepsis/1") & (MEASURING | SIGNING | {"numpy"})
    assert not loaded(registered.root, "verify", "sepsis/1") & (MEASURING | SIGNING | {"numpy"})


def test_verification_of_a_pdf(registered: Any, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    roots = registered.workspace.trust
    for folder in (registered.root, alone):
        found = loaded(folder, "verify", str(tmp_path / "fda.pdf"), "--trust", str(roots))
        assert "pyhanko" in found
        assert not found & (MEASURING | {"numpy", "aiohttp"})


def test_the_log_holds_the_dossiers_that_lineage_shows(registered: Any) -> None:
    from govern.evidence.log import Log

    (entry,) = Log(registered.workspace.log).find(kind="registration")
    (path,) = (registered.root / "mlruns").rglob("fda.pdf")
    assert len(json.dumps(entry.body["dossiers"])) > 64
    assert [name.rpartition("/")[2] for name in entry.body["dossiers"]] == [path.name]
