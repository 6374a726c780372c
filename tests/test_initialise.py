"""What a new project is told to do next can be done as it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.initialise import _pack, _template, next_steps
from govern.policy import load_policy


def project(folder: Path, pack: str) -> Path:
    (folder / "govern.yaml").write_text(_template(pack))
    policy = folder / "policies" / f"{pack}.yaml"
    policy.parent.mkdir(parents=True)
    policy.write_text(_pack(pack))
    return policy


@pytest.mark.parametrize("pack", ["base/multiclass", "base/regression", "base/survival"])
def test_what_no_model_is_run_for_is_checked_by_its_predictions(tmp_path: Path, pack: str) -> None:
    policy = project(tmp_path, pack)
    steps = next_steps(tmp_path)
    assert steps[-1].startswith("govern check --predictions")
    assert not any("register" in step for step in steps)
    assert ("follow_up" in steps[1]) == (pack == "base/survival")
    # the line that is printed, with a reason and a person, makes the policy whole
    (told,) = (step for step in steps if "not_applicable" in step)
    line = told.splitlines()[1].strip()
    filled = line.replace("WHY", "no attributions of such outcomes").replace("WHO", "A. Lee")
    policy.write_text(f"{policy.read_text()}{filled}\n")
    assert load_policy(policy).missing_families() == []
    assert not any("not_applicable" in step for step in next_steps(tmp_path))


def test_a_model_of_one_risk_is_registered(tmp_path: Path) -> None:
    project(tmp_path, "clinical-decision-support")
    steps = next_steps(tmp_path)
    assert steps[-1] == "govern register MODEL_URI --name NAME"
    assert steps[-2] == "govern policy freeze"
    assert not any("not_applicable" in step for step in steps)
