"""``govern lineage``: each form to standard output or a file, and the exit code tells a broken proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from govern.cli.lineage import Form, lineage
from govern.errors import PolicyError
from tests.registry.conftest import Project


@pytest.fixture
def run(registered: Project, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(registered.root)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(lineage, ["sepsis/1", *arguments])

    return invoke


def test_each_form_goes_to_a_file_as_to_standard_output(run, registered: Project, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for form in Form:
        path = tmp_path / f"lineage.{form}"
        shown, written = run("--format", form.value), run("--format", form.value, "--output", str(path))
        assert (shown.exit_code, written.exit_code, written.output) == (0, 0, ""), form
        assert path.read_text(encoding="utf-8") == shown.output
    (registered.root / "data" / "test.csv").write_text("patient,died\n")
    broken = run()
    assert broken.exit_code == 1
    assert "BROKEN" in broken.output


def test_what_it_is_made_from_is_not_written_over(run, registered: Project) -> None:  # type: ignore[no-untyped-def]
    before = (registered.root / "data" / "test.csv").read_bytes()
    result = run("--format", "html", "--output", "data/test.csv")
    assert isinstance(result.exception, PolicyError)
    assert (registered.root / "data" / "test.csv").read_bytes() == before
