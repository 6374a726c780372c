"""What the documents and the template of ``govern.yaml`` show can be used as it stands."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from govern import project, strict_yaml
from govern.checks import catalogue
from govern.policy import load_policy
from govern.policy.model import DataRequirement, Policy, Rule
from govern.project import Cut, Data
from govern.scan.scores import Scores
from govern.strict_yaml import Document


def template() -> str:
    return files("govern").joinpath("project_template.yaml").read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


def written(text: str, path: Path) -> Document:
    path.write_text(text, encoding="utf-8")
    return strict_yaml.read(path)


def test_the_template_is_a_project_with_and_without_what_is_optional(tmp_path: Path) -> None:
    plain = strict_yaml.build(project.Project, written(template(), tmp_path / "a.yaml"))
    assert plain.data.label == "outcome"
    assert plain.data.equivocal == []
    optional = re.sub(r"^  # (  )?(?=[a-z_]+:)", r"  \1", template(), flags=re.MULTILINE)
    document = written(optional, tmp_path / "b.yaml")
    data = strict_yaml.build(project.Project, document).data
    assert set(document.value["data"]) == set(Data.model_fields), "each key of `data:` is shown"
    assert data.target_population == {"sex": {"female": 0.52, "male": 0.48}}
    assert tuple(data.probabilities) == tuple(data.classes)


def test_a_snapshot_leaves_the_optional_lines_where_they_are(tmp_path: Path) -> None:
    from govern.data.roles import declare
    from govern.types import Role

    file = tmp_path / project.FILE
    file.write_text(template(), encoding="utf-8")
    declare(project.load(tmp_path), Role.TEST, "data/test.csv")
    kept = file.read_text(encoding="utf-8")
    assert kept.replace("    test: data/test.csv\n", "").replace("roles:   ", "roles: {}") == template()


def test_every_key_of_a_policy_is_explained(repository: Path) -> None:
    text = (repository / "docs" / "writing-a-policy.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| `.*$", text, flags=re.MULTILINE))))
    keys = {("schema" if n == "schema_" else n) for n in Policy.model_fields} | set(Rule.model_fields)
    assert keys - explained == set()
    assert all(name in text for name in DataRequirement.model_fields)


def test_the_policies_of_the_page_have_no_mistakes(repository: Path, tmp_path: Path) -> None:
    page = blocks(repository / "docs" / "writing-a-policy.md", "yaml")
    columns = next(block for block in page if block.startswith("data:"))
    whole = [block for block in page if block.startswith("schema:")]
    for i, text in enumerate(whole):
        file = tmp_path / f"{i}.yaml"
        file.write_text(text, encoding="utf-8")
        assert load_policy(file, groups=frozenset({"sex", "age_band", "race"})).missing_families() == []
    assert len(whole) == 2
    declared = written(columns, tmp_path / "columns.yaml").value["data"]
    assert set(declared) == set(Data.model_fields)
    data = Data.model_validate(declared)
    assert isinstance(data.groups["age_band"], Cut)
    assert data.positive == "yes"
    reason = written(next(b for b in page if b.startswith("not_applicable:")), tmp_path / "na.yaml").value
    (tmp_path / "c.yaml").write_text(whole[0], encoding="utf-8")
    policy = {**strict_yaml.read(tmp_path / "c.yaml").value, **reason}
    assert "explainability" in Policy.model_validate(policy).not_applicable


def test_the_check_of_the_page_keeps_the_contract(repository: Path) -> None:
    (code,) = blocks(repository / "docs" / "writing-a-check.md", "python")
    made: dict[str, object] = {}
    exec(code, made)  # noqa: S102 - our own page
    close_calls = made["close_calls"]
    assert callable(close_calls)
    assert "performance.close_calls" not in catalogue.names(), "the page's example is one that does not exist"
    rng = np.random.default_rng(0)
    label, score, weight = rng.integers(0, 2, 40).astype(np.int8), rng.random(40), rng.integers(1, 9, 40)
    cells = close_calls(Scores(label=label, score=score, weight=weight), threshold=0.3)
    rows = close_calls(Scores(label=np.repeat(label, weight), score=np.repeat(score, weight)), threshold=0.3)
    assert cells == rows
    assert rows.estimate == pytest.approx(np.mean(np.abs(np.repeat(score, weight) - 0.3) <= 0.05), abs=1e-12)
    assert not close_calls(Scores(label=label[:0], score=score[:0])).sufficient
