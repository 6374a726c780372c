"""A vendor's project on real patients: SUPPORT2, split as in the example, with the risk of a model fitted on others."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from govern import project
from govern.project import Workspace

POLICY = """\
schema: govern/policy/1
id: vendor
version: 1.0.0
title: A vendor's predictions under the shipped pack
extends: [clinical-decision-support]
not_applicable:
  explainability: {reason: The vendor gives predictions and no model., person: Ada Lee}
"""


@dataclass(frozen=True)
class Site:
    """A project with reference and train data, and the clean predictions."""

    workspace: Workspace
    test: pd.DataFrame
    train: pd.DataFrame


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Site:
    example = repository / "examples" / "support2"
    root = tmp_path_factory.mktemp("vendor") / "site"
    root.mkdir()
    for name in ("govern.yaml", "support2.csv.gz"):
        shutil.copy(example / name, root)
    _module(example / "prepare.py").prepare(root)
    train = _module(example / "train.py")
    tables = {name: pd.read_csv(root / "data" / f"{name}.csv") for name in ("train", "reference", "test")}
    fitted = train.model("b").fit(train.inputs(tables["train"], "b"), tables["train"][train.LABEL])
    for name, table in tables.items():
        table["risk"] = fitted.predict_proba(train.inputs(table, "b"))[:, 1]
        table.to_csv(root / "data" / f"{name}.csv", index=False)
    (root / "policies").mkdir()
    (root / "policies" / "vendor.yaml").write_text(POLICY)
    declared = (root / "govern.yaml").read_text()
    declared = declared.replace("policy: clinical-decision-support", "policy: policies/vendor.yaml")
    roles = "  roles:\n    train: data/train.csv\n    reference: data/reference.csv\n    test: data/test.csv\n"
    assert roles in declared
    (root / "govern.yaml").write_text(declared.replace(roles, "  score: risk\n"))
    govern = Path(sys.executable).with_name("govern")
    for command in (
        ["init"],
        ["data", "snapshot", "data/train.csv", "--role", "train"],
        ["data", "snapshot", "data/reference.csv", "--role", "reference"],
    ):
        done = subprocess.run([govern, *command], cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return Site(project.load(root), tables["test"], tables["train"])
