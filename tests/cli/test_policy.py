"""``govern policy explain`` and ``freeze``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from govern import looks
from govern.cli import app
from govern.errors import GovernError, InputError
from govern.evidence.log import Log
from govern.policy import load_policy, packs
from govern.signing import identity
from tests.cli.test_plan import POLICY, PROJECT

TEST = "ab" * 32


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["policy", *arguments], catch_exceptions=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a key, a policy and the manifest of a test set that nobody opens."""
    for folder in ("policies", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "policies" / "small.yaml").write_text(POLICY)
    (tmp_path / "govern.yaml").write_text(PROJECT)
    manifest = {"schema": "govern/dataset/1", "rows": 600, "sha256": TEST}
    (tmp_path / "data" / "test.csv.manifest.json").write_text(json.dumps(manifest))
    identity.create_development(
        tmp_path / ".govern" / "keys", tmp_path / ".govern" / "trust", identity="author", name="Ada Lee"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("pack", sorted(packs()))
def test_every_rule_is_explained_within_80_columns(pack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = run("explain", pack).stdout
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    policy = load_policy(pack, whole=False)
    for rule in policy.checks:
        assert f"\n{rule.id}" in text
        assert rule.because.split()[0] in text
    assert text.count("if it fails") == len(policy.checks)


def test_an_explanation_says_what_holds_for_whom_and_what_else(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(POLICY)
    text = " ".join(run("explain", str(tmp_path / "small.yaml")).stdout.split())
    assert "the lower end of its 95 % interval is at least 0.75" in text
    assert "each group of sex, by itself" in text
    assert "each group of sex, against all others" in text
    assert "a stated limitation of use" in text
    assert "no reason is given" in text
    assert "drift does not apply: planning is tested here (Ada Lee)" in text


def test_a_freeze_is_logged_once(project: Path) -> None:
    first, second = run("freeze"), run("freeze")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "small 1.0.0 frozen at 2" in first.stdout
    assert "was frozen already at 2" in second.stdout
    (entry,) = Log(project / ".govern" / "log.db").entries()
    policy = load_policy("policies/small.yaml")
    assert entry.kind == looks.FREEZE
    assert entry.actor == "Ada Lee"
    assert dict(entry.body) == {
        "policy": "small",
        "version": "1.0.0",
        "sha256": policy.sha256,
        "datasets": {"test": TEST},
    }
    assert policy.sha256 in first.stdout.replace("\n", "")


def test_a_changed_policy_is_frozen_again_and_says_so(project: Path) -> None:
    run("freeze")
    file = project / "policies" / "small.yaml"
    file.write_text(POLICY.replace("0.75", "0.70"))
    text = run("freeze").stdout
    assert "it replaces other content of this policy" in text
    assert len(Log(project / ".govern" / "log.db").entries()) == 2


def test_a_freeze_after_a_look_says_so(project: Path) -> None:
    log = Log(project / ".govern" / "log.db")
    author = identity.load(project / ".govern" / "keys", "author")
    looks.look(log, dataset=TEST, policy=None, subject="cd" * 32, command="measure", identity=author)
    assert "the test set had been looked at before" in run("freeze").stdout


def test_what_cannot_be_frozen(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "data" / "test.csv.manifest.json").unlink()
    with pytest.raises(InputError, match="manifest"):
        run("freeze")
    (project / "policies" / "small.yaml").write_text(POLICY.replace("sex", "sexx"))
    with pytest.raises(GovernError, match="unknown group"):
        run("freeze")
    assert not (project / ".govern" / "log.db").exists()
    monkeypatch.chdir(project.parent)
    with pytest.raises(GovernError, match=r"no govern\.yaml"):
        run("freeze")


@pytest.mark.parametrize("command", ["lint", "explain", "show"])
def test_words_alone_load_no_measuring_library(command: str) -> None:
    code = (
        f"import sys; sys.argv = ['govern', 'policy', '{command}', 'clinical-decision-support']\n"
        "from govern.cli import main\n"
        "try:\n    main()\nexcept SystemExit as e:\n    assert e.code == 0\n"
        "print('LOADED', *sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("LOADED ")[2].split())
    assert not loaded & {
        "mlflow",
        "pandas",
        "scipy",
        "shap",
        "evidently",
        "fairlearn",
        "sklearn",
        "pyarrow",
        "matplotlib",
    }
