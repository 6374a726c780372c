"""Facts from ``govern.yaml`` and a folder become what evidence records; mistakes name file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.errors import PolicyError
from tests.declared.conftest import Declare

ENVIRONMENT = "facts:\n  use_environment: Wards.\n"


def told(declare: Declare, *parts: str, **files: str) -> str:
    """Return the only problem."""
    (problem,) = declare(*parts, **files).problems
    return f"{problem.message} | {problem.hint}"


def test_a_project_without_more_is_recorded_as_before(declare: Declare) -> None:
    found = declare('users: Nurses.\npopulation: ""\nlimitations: []\nowner: {name: "", organisation: "", email: ""}')
    assert found.as_system() == {"name": "small", "users": "Nurses."}
    assert not found.problems


def test_all_that_can_be_said_is_recorded(declare: Declare) -> None:
    found = declare(
        "users: {value: Nurses., on: 2026-11-21, by: Dr B.}\npublic: [users, population]",
        more="not_applicable:\n  usability_evidence: {reason: No user., person: Dr C.}\n"
        "  aidsf-v-1: {reason: No AI., person: Dr C., on: 2026-11-22}\n",
        interface="by: Dr A.\non: 2026-11-20\npublic: [use_environment]\nfacts:\n"
        "  use_environment: Wards.\n  population: {value: Adults., valid_until: 2027-11-20}\n"
        "  critical_tasks: {not_applicable: None is critical.}\n",
    )
    assert not found.problems
    system = found.as_system()
    assert (system["users"], system["use_environment"]) == ("Nurses.", "Wards.")
    assert system["declared"] == {
        "users": {"by": "Dr B.", "on": "2026-11-21", "public": True},
        "population": {"by": "Dr A.", "on": "2026-11-20", "valid_until": "2027-11-20", "public": True},
        "use_environment": {"by": "Dr A.", "on": "2026-11-20", "public": True},
    }
    assert system["not_applicable"] == {
        "critical_tasks": {"reason": "None is critical.", "person": "Dr A.", "on": "2026-11-20"},
        "usability_evidence": {"reason": "No user.", "person": "Dr C."},
        "aidsf-v-1": {"reason": "No AI.", "person": "Dr C.", "on": "2026-11-22"},
    }
    assert "critical_tasks" not in system
    assert found.facts["use_environment"].place == "facts/interface.yaml:6"


def test_a_fact_declared_twice_names_both_places(declare: Declare, tmp_path: Path) -> None:
    said = told(declare, "users: Nurses.", a="facts:\n  users: Doctors.\n")
    assert said.startswith(f"{tmp_path}/facts/a.yaml:3: users is declared twice, here and in govern.yaml:4")


def test_an_empty_entry_is_no_second_declaration(declare: Declare) -> None:
    found = declare('users: ""', a="facts:\n  users: Doctors.\n", b="facts:\n  users:\n")
    assert found.as_system()["users"] == "Doctors."
    assert not found.problems


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("facts:\n  usrs: a\n", 3, "unknown fact 'usrs' | did you mean 'users'?"),
        ("facts:\n  zzzzqqq: a\n", 3, "see `govern facts list`"),
        ("facts:\n  users: 3\n", 3, "users: a text was expected, found the number 3"),
        ("facts:\n  users:\n    value: Nurses.\n    untill: 2027-01-01\n", 5, "users: unknown key 'untill'"),
        ("facts:\n  users: {value: '', by: Dr A.}\n", 3, "users: there is no value"),
        ("facts:\n  users: {not_applicable: None.}\n", 3, "nobody says that it is not applicable | add by"),
        ("facts:\n  users: {not_applicable: '', by: A}\n", 3, "a text was expected, found nothing"),
        ("facts:\n  users: {not_applicable: No., value: Yes., by: A}\n", 3, "has a value and is not applicable"),
        ("facts:\n  users: {value: a, on: 2026-02-01, valid_until: 2026-01-01}\n", 3, "valid until 2026-01-01, said"),
        ("facts:\n  users: {value: a, public: perhaps}\n", 3, "public is true or false"),
        ("facts:\n  limitations:\n    - a\n    - 7\n", 5, "limitations: item 2: a text was expected"),
        ("on: May\nfacts:\n  users: a\n", 2, "on: a date was expected, found 'May'"),
        ("by: [A]\nfacts: {}\n", 2, "by: a text was expected"),
        ("public: [user]\nfacts: {}\n", 2, "unknown fact 'user' | did you mean 'users'?"),
        ("users: Nurses.\n", 2, "unknown key 'users' | "),
        ("facts:\n  - users\n", 2, "names with values were expected"),
        ("facts:\n  users: Nurses: all\n", 3, "not valid YAML"),
        ("facts:\n  users: a\n  users: b\n", 4, "not valid YAML"),
    ],
)
def test_mistakes_in_a_file_are_plain(declare: Declare, tmp_path: Path, text: str, line: int, said: str) -> None:
    found = told(declare, a=text)
    assert found.startswith(f"{tmp_path}/facts/a.yaml:{line}: ")
    assert said in found


def test_every_mistake_is_found_and_the_first_is_raised(declare: Declare) -> None:
    found = declare("usrs: a\nusers: 3", a="facts:\n  population: 4\n")
    assert len(found.problems) == 3
    with pytest.raises(PolicyError, match=r"unknown fact 'usrs' \(and 2 more: `govern facts lint`\)"):
        found.raise_problems()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("usability_evidnce: {reason: a, person: b}", "did you mean 'usability_evidence'?"),
        ("users: No.", "a reason and a person were expected"),
        ("users: {reason: a}", "users, person: a text was expected"),
        ("users: {reason: a, person: b, until: c}", "a reason and a person were expected"),
    ],
)
def test_what_does_not_apply_needs_reason_and_person(declare: Declare, entry: str, said: str) -> None:
    (problem,) = declare(more=f"not_applicable:\n  {entry}\n").problems
    assert said in f"{problem.message} | {problem.hint}"


def test_no_file_outside_the_project_is_read(declare: Declare, tmp_path: Path) -> None:
    home = tmp_path / "project"
    secret = tmp_path / "secret.yaml"
    secret.write_text(f"schema: govern/declared/1\n{ENVIRONMENT}")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "a.yaml").symlink_to(secret)
    assert declare(b=ENVIRONMENT.replace("use_environment", "users")).facts.keys() == {
        "name",
        "users",
        "use_environment",
    }
    home.mkdir()
    (home / "facts").mkdir()
    (home / "facts" / "a.yaml").symlink_to(secret)
    from govern import declared, strict_yaml

    for named, said in (("facts", "leads outside"), ("../facts", "lies outside"), ("none", "there is no folder")):
        (home / "govern.yaml").write_text(f"system: {{name: a}}\nfacts: {named}\n")
        found = declared.read(strict_yaml.read(home / "govern.yaml"), home)
        assert said in found.problems[0].message
        assert found.facts.keys() == {"name"}
    (home / "facts" / "a.yaml").unlink()
    (home / "linked").symlink_to(tmp_path / "facts")
    (home / "govern.yaml").write_text("system: {name: a}\nfacts: linked\n")
    assert "outside" in declared.read(strict_yaml.read(home / "govern.yaml"), home).problems[0].message


def test_only_yaml_files_are_read(declare: Declare, tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "notes.txt").write_text("usrs")
    (tmp_path / "facts" / ".#a.yaml").write_text("usrs")
    (tmp_path / "facts" / "more.yml").write_text(f"schema: govern/declared/1\n{ENVIRONMENT}")
    (tmp_path / "facts" / "folder.yaml").mkdir()
    assert "is no file" in told(declare, a="facts: {}\n")
    assert "use_environment" in declare(a="facts: {}\n").facts
