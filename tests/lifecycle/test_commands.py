"""``approve``, ``reject`` and ``waive`` as a person types them: from a denial to an alias, and back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govern import project as projects
from govern.signing import identity
from govern.types import Signatory
from tests.e2e.conftest import POLICY, Answer, made, model

__all__ = ["made", "model"]
pytestmark = pytest.mark.slow

PASSPHRASE = "correct horse battery"
ALIAS = """\
import sys, mlflow
client = mlflow.MlflowClient("sqlite:///mlflow.db", "govern+sqlite:///mlflow.db")
try:
    client.set_registered_model_alias("small", "champion", "1")
except mlflow.exceptions.MlflowException as e:
    sys.exit(f"{e.error_code}: {e.message}")
"""


def govern(folder: Path, *arguments: str, line: str = "") -> Answer:
    """Run this tree's command with a line of standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "govern", *arguments],
        cwd=folder,
        input=line + "\n",
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        timeout=300,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def alias(folder: Path) -> Answer:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALIAS], cwd=folder, capture_output=True, text=True, timeout=300
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def team(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a stricter policy, and two people whose keys have a passphrase."""
    root = Path(shutil.copytree(made, tmp_path_factory.mktemp("team") / "project", symlinks=True))
    strict = POLICY.replace(
        'bias.equal_opportunity, params: {threshold: 0.3}, by: [sex], accept: {upper: "<= 0.15"}',
        'bias.equal_opportunity, params: {threshold: 0.3}, by: [sex], accept: {upper: "<= 0.0001"}',
    )
    assert strict != POLICY
    approvals = "approvals: [{role: clinical}, {role: regulatory}]\nwaivers: {max_days: 90}\n"
    (root / "policies" / "small.yaml").write_text(strict + approvals)
    workspace = projects.load(root)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GOVERN_PASSPHRASE", PASSPHRASE)
        for who, name in (("clinical", "Grace Hopper"), ("regulatory", "Mary Shaw")):
            identity.create_development(
                workspace.keys, workspace.trust, identity=who, name=name, roles=[Signatory(who)]
            )
    return root


def test_the_whole_way(team: Path, model: str) -> None:
    """Denied, waived, registered, approved by two roles, promoted, rejected, and not promoted any more."""
    register = ("register", model, "--name", "small")
    denied = govern(team, *register)
    assert denied.code == 1, denied.out + denied.err
    soon = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    blocking = [w for w in ("fair[sex=female]", "fair[sex=male]", "fair") if w in denied.out]
    assert blocking, denied.out
    reason = ("--reason", "a gap of sensitivity is being looked into", "--expires")
    wrong = govern(team, "waive", f"{blocking[0]}x", *reason, soon, "--name", "small")
    assert wrong.code == 2
    assert blocking[0].partition("[")[0] in wrong.err
    assert govern(team, "waive", blocking[0], *reason, "2099-01-01", "--name", "small").code == 2
    for finding in json.loads(govern(team, *register, "--format", "json").out)["blocking"]:
        proposed = govern(team, "waive", finding, *reason, soon, "--name", "small")
        assert proposed.code == 0, proposed.err
        index = proposed.out.partition("--approve ")[2].split()[0]
        assert govern(team, "waive", "--approve", index).code != 0, "the owner cannot approve"
        approve = ("waive", "--approve", index, "--identity", "clinical", "--passphrase-stdin")
        assert govern(team, *approve, line="not the passphrase").code == 3
        approved = govern(team, *approve, line=PASSPHRASE)
        assert approved.code == 0, approved.err
    allowed = govern(team, *register)
    assert allowed.code == 0, allowed.out + allowed.err
    refused = alias(team)
    assert "PERMISSION_DENIED" in refused.err
    assert "govern approve small/1 --role clinical --meaning TEXT" in refused.err
    sign = ("small/1", "--meaning", "I agree to its clinical use", "--passphrase-stdin", "--role")
    assert govern(team, "approve", *sign, "clinical", line="not the passphrase").code == 3
    assert govern(team, "approve", *sign, "clinical", "--identity", "author").code == 3
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GOVERN_PASSPHRASE", PASSPHRASE)
        assert govern(team, "approve", "small/1", "--meaning", "yes", "--role", "clinical").code != 0
    for role in ("clinical", "regulatory"):
        signed = govern(team, "approve", *sign, role, line=PASSPHRASE)
        assert signed.code == 0, signed.err
        assert signed.out.count("signed govern/") == 2
    assert govern(team, "approve", *sign, "clinical", line=PASSPHRASE).code == 2, "twice"
    promoted = alias(team)
    assert promoted.code == 0, promoted.err
    assert govern(team, "verify", "small/1").code == 0
    pdf = team / "later.pdf"
    assert govern(team, "dossier", "small/1", "--template", "fda", "--output", str(pdf)).code == 0
    found = govern(team, "verify", str(pdf))
    assert found.code == 0, found.out
    assert "approval (regulatory)" in found.out
    assert "owner Ada Lee, approved by Grace Hopper" in found.out
    rejected = govern(team, "reject", *sign, "clinical", line=PASSPHRASE)
    assert rejected.code == 0, rejected.err
    assert "rejected by Grace Hopper" in alias(team).err
    assert govern(team, "verify", "small/1").code == 1, "an alias leads to a rejected version"
    kinds = govern(team, "log", "list").out
    for kind in ("waiver", "waiver-approval", "dossier", "approval", "rejection", "promotion"):
        assert kind in kinds
