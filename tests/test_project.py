"""The project file, with the facts of its folder."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from govern import declared, project
from govern.errors import PolicyError

BASE = "schema: govern/project/1\nsystem:\n  name: small\n{system}data: {{label: y}}\npolicy: base/binary\n{more}"
#: What ``system.json`` held of such a project before there was a catalogue.
EMPTY = {
    "name": "small", "intended_use": "", "users": "", "population": "", "limitations": [], "human_oversight": "",
    "owner": {"name": "", "organisation": "", "email": ""}, "device_description": "", "reference_standard": "",
    "data_provenance": "", "risk_management": "", "monitoring_plan": "", "cybersecurity": "",
    "instructions_for_use": "",
}  # fmt: skip


def load(folder: Path, system: str = "", more: str = "") -> project.Workspace:
    (folder / "govern.yaml").write_text(BASE.format(system=system, more=more))
    return project.load(folder)


def test_a_project_of_yesterday_gives_the_same_record(tmp_path: Path) -> None:
    assert load(tmp_path).project.system.model_dump(mode="json") == EMPTY
    owned = load(tmp_path, "  owner: {name: Ada}\n  limitations: [one]\n").project.system
    assert owned.owner.name == "Ada"
    assert owned.model_dump(mode="json") == {
        **EMPTY,
        "owner": {"name": "Ada", "organisation": "", "email": ""},
        "limitations": ["one"],
    }


def test_facts_of_a_folder_are_recorded_beside_them(tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "a.yaml").write_text(
        "schema: govern/declared/1\nby: Ada\nfacts:\n  users: Nurses.\n  use_environment: Wards.\n"
        "  limitations: {not_applicable: None known.}\n"
    )
    workspace = load(tmp_path, more="facts: facts\nnot_applicable: {c-1: {reason: a, person: b}}\n")
    assert workspace.project.system.model_dump(mode="json") == {
        **EMPTY,
        "users": "Nurses.",
        "use_environment": "Wards.",
        "declared": {"users": {"by": "Ada"}, "use_environment": {"by": "Ada"}},
        "not_applicable": {
            "limitations": {"reason": "None known.", "person": "Ada"},
            "c-1": {"reason": "a", "person": "b"},
        },
    }
    assert tmp_path / "facts" in workspace.inputs()


@pytest.mark.parametrize(
    ("system", "more", "said"),
    [
        ("  usrs: a\n", "", "govern.yaml:4: unknown fact 'usrs'"),
        ("  data: a\n", "", "unknown fact 'data'"),
        ("  users: 3\n", "", "govern.yaml:4: users: a text was expected"),
        ("", "facts: nowhere\n", "there is no folder 'nowhere'"),
        ("", "factss: facts\n", "unknown key 'factss'"),
    ],
)
def test_mistakes_name_file_and_line(tmp_path: Path, system: str, more: str, said: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(said)):
        load(tmp_path, system, more)


@pytest.mark.parametrize("system", ["", "system: small\n", "system:\n", "system: {users: a}\n", 'system: {name: ""}\n'])
def test_a_system_has_a_name(tmp_path: Path, system: str) -> None:
    (tmp_path / "govern.yaml").write_text(
        f"schema: govern/project/1\n{system}data: {{label: y}}\npolicy: base/binary\n"
    )
    with pytest.raises(PolicyError, match="system"):
        project.load(tmp_path)


def test_what_the_template_offers_can_be_taken(tmp_path: Path) -> None:
    text = files("govern").joinpath("project_template.yaml").read_text(encoding="utf-8")
    (tmp_path / "facts").mkdir()
    taken = re.sub(r"^# (facts:|not_applicable:|  usability)", r"\1", text, flags=re.MULTILINE)
    assert taken.count("#") == text.count("#") - 3
    (tmp_path / "govern.yaml").write_text(taken)
    found = project.load(tmp_path).project
    assert found.facts == "facts"
    assert set(found.not_applicable) <= set(declared.load().facts)
    assert found.system.model_dump(mode="json")["not_applicable"].keys() == found.not_applicable.keys()
