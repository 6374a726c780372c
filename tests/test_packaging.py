"""The wheel carries what govern needs at run time, and works from there alone."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from govern.demo.actions import FILES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, away from the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_policies_templates_and_the_example(unpacked: Path) -> None:
    share = unpacked / "govern" / "_share"
    assert (share / "policies" / "base" / "healthcare.yaml").is_file()
    assert (share / "report_templates" / "fda").is_dir()
    assert (share / "report_templates" / "eu-ai-act").is_dir()
    names = {p.name for p in (share / "examples" / "support2").iterdir()}
    assert names == set(FILES), "what the demonstration copies, and nothing that was made beside it"
    assert (unpacked / "govern" / "project_template.yaml").is_file()


def test_the_wheel_works_without_the_repository(unpacked: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; sys.argv = ['govern', 'policy', 'show', 'clinical-decision-support']\n"
        f"import govern; assert Path(govern.__file__).is_relative_to({str(unpacked)!r})\n"
        "from govern.cli import main; main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "discrimination" in done.stdout
