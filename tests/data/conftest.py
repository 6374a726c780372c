"""A real project with real git and DVC, made once and copied for each test."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from govern import project
from govern.data.setup import initialise
from govern.data.snapshot import snapshot
from govern.project import Workspace
from govern.types import Role

GOVERN_YAML = """\
# Who wrote this file, and why.
schema: govern/project/1
system:
  name: sepsis      # short name
  limitations:
    - adults only
    - "two sites"
data:
  label: died
  patient_id: patient_id   # one patient, several stays
  groups:
    age_band:
      column: age
      cut: [18, 50, 65]

# The policy that the gate applies.
policy: policies/main.yaml
"""

ROWS = 'patient_id,age,sex,sodium,died\n1,40,male,140,0\n1,41,male,,1\n2,70,female,131.5,0\n3,66,"",129,1\n'


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("prepared")
    initialise(root)
    for key, value in (("user.name", "test"), ("user.email", "test@example.org")):
        subprocess.run(["git", "-C", root, "config", key, value], check=True)
    (root / project.FILE).write_text(GOVERN_YAML)
    (root / "data").mkdir()
    (root / "data" / "test.csv").write_text(ROWS)
    return root


@pytest.fixture
def workspace(prepared: Path, tmp_path: Path) -> Workspace:
    """A project with one data file that nobody has snapshot yet."""
    root = tmp_path / "project"
    shutil.copytree(prepared, root)
    return project.load(root)


@pytest.fixture(scope="session")
def recorded(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recorded") / "project"
    shutil.copytree(prepared, root)
    snapshot(project.load(root), root / "data" / "test.csv", Role.TEST)
    return root


@pytest.fixture
def versioned(recorded: Path, tmp_path: Path) -> Workspace:
    """A project whose data file has been snapshot as ``test``."""
    root = tmp_path / "project"
    shutil.copytree(recorded, root)
    return project.load(root)
