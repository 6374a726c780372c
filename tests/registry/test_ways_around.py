"""Ways around the gate, tried against `govern registry serve`; the table in docs/threat-model.md is what came of them.

`GOVERN_WRITE_DOCS=1 pytest tests/registry/test_ways_around.py` writes the table anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from govern.evidence.log import Log
from govern.registry.reconcile import reconcile
from govern.registry.register import register
from govern.signing import identity
from govern.signing.trust import Trust
from govern.types import Signatory
from tests.lifecycle.conftest import policy, record_under
from tests.registry.conftest import NAME, Project, copied
from tests.registry.test_reconcile import AROUND

pytestmark = pytest.mark.slow
DOCS = Path(__file__).parents[2] / "docs" / "threat-model.md"
BEGIN, END = "<!-- ways around the gate: begin -->", "<!-- ways around the gate: end -->"
CAUGHT = "caught by `govern registry reconcile`"
#: Tried by test_server.py, whose model lies behind the server.
OVERWRITTEN = (
    "| REST `api`: overwrite a registered model's files among the server's artifacts "
    f"| {CAUGHT}; no alias or stage leads there any more | files at the source: another digest |"
)
PROMPT = "mlflow.prompt.is_prompt"
TABLES = ("registered_models", "registered_model_tags", "registered_model_aliases", "model_versions",
          "model_version_tags", "webhooks")  # fmt: skip


@dataclass(frozen=True)
class Served:
    """A project whose registry is served; ``sepsis/1`` lacks the clinical approval that its policy asks for."""

    project: Project
    address: str
    process: subprocess.Popen[bytes]
    answers: dict[str, str]

    def call(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, str]:
        """Return status and message."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310
            f"{self.address}{path}", data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            with e:
                return e.code, str(json.loads(e.read() or b"{}").get("message"))

    def client(self) -> Any:
        from mlflow.tracking import MlflowClient

        return MlflowClient(self.address, self.address)

    def rows(self) -> list[Any]:
        return [sorted(map(str, self.project.rows(table))) for table in TABLES]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def served(template: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    project = copied(template, tmp_path_factory.mktemp("served") / "project")
    workspace = project.workspace
    identity.create_development(
        workspace.keys, workspace.trust, identity="clinical", name="Grace Hopper", roles=[Signatory.CLINICAL]
    )
    strict = policy(approvals=[{"role": "clinical"}])
    register(workspace, project.decide(record_under(project, strict)), project.name)
    port = free_port()
    log = project.root / "server.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "govern", "registry", "serve", "--port", str(port)],
            cwd=project.root, stdout=output, stderr=output,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=2).close()  # noqa: S310
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.5)
        else:
            pytest.fail(log.read_text())
        yield Served(project, address, process, {})
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"{address}/health", timeout=2)  # noqa: S310
    finally:
        process.kill()
        process.wait(30)


@dataclass(frozen=True)
class Try:
    """One call, by a path of the REST interface or by the Python client."""

    how: str
    do: Callable[[Served], tuple[int, str]]


def rest(method: str, path: str, **body: Any) -> Callable[[Served, str], tuple[int, str]]:
    return lambda served, prefix: served.call(method, f"/{prefix}/2.0/mlflow/{path}", {**defaults(served), **body})


def defaults(served: Served) -> dict[str, Any]:
    return {"name": NAME, "version": "1"}


def create(served: Served, prefix: str, **body: Any) -> tuple[int, str]:
    wanted = {"name": NAME, "source": served.project.source, "model_id": served.project.model_id, **body}
    return served.call("POST", f"/{prefix}/2.0/mlflow/model-versions/create", wanted)


def source(make: Callable[[Project], str]) -> Callable[[Served, str], tuple[int, str]]:
    """Create a version of files at another place, as an artifact of the model's own run."""
    return lambda served, prefix: create(
        served, prefix, source=make(served.project), run_id=served.project.run_id, model_id=None
    )


def changed_copy(project: Project) -> str:
    """Files among the artifacts of the run with one line more."""
    target = project.root / "mlruns" / project.run_id / "artifacts" / "changed"
    if not target.exists():
        shutil.copytree(project.model, target)
        with (target / "requirements.txt").open("a") as stream:
            stream.write("# changed\n")
    return str(target)


def link(project: Project) -> str:
    path = project.root / "mlruns" / project.run_id / "artifacts" / "link"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_symlink():
        path.symlink_to(project.model)
    return str(path)


def forged(served: Served, prefix: str) -> tuple[int, str]:
    tags = [{"key": "govern.decision", "value": "allow"}, {"key": "govern.approved", "value": "yes"}]
    return create(served, prefix, tags=tags)


HIDDEN = [{"key": PROMPT, "value": "true"}]
OVER_REST: dict[str, Callable[[Served, str], tuple[int, str]]] = {
    "create a model that the gate has not seen": rest("POST", "registered-models/create", name="other"),
    "register the same files under another name": lambda s, p: create(s, p, name="other"),
    "register the same files as `Sepsis`": lambda s, p: create(s, p, name="Sepsis"),
    "register the same files as `sepsis` with a zero-width space": lambda s, p: create(s, p, name="sepsis\u200b"),
    "register the same files as `sepsis` with a Cyrillic letter": lambda s, p: create(s, p, name="s\u0435psis"),
    "register the same files as `sepsis` with a space after it": lambda s, p: create(s, p, name="sepsis "),
    "register a changed copy under the allowed name": source(changed_copy),
    "register a symbolic link to the model": source(link),
    "register a source with `..`": source(lambda p: f"{p.model}/../artifacts"),
    "register a `file:` source with escapes": source(lambda p: p.model.as_uri().replace("artifacts", "%61rtifacts")),
    "forge the gate's tags while registering": forged,
    "register a model as a prompt": lambda s, p: create(s, p, tags=HIDDEN),
    "create a model as a prompt that looks like a model": rest(
        "POST", "registered-models/create", name="SEPSIS", tags=HIDDEN
    ),
    "set an alias without the approval": rest("POST", "registered-models/alias", alias="champion"),
    "move to the stage Production without the approval": rest(
        "POST", "model-versions/transition-stage", stage="Production", archive_existing_versions=False
    ),
    "rename the model": rest("POST", "registered-models/rename", new_name="other"),
    "delete the version": rest("DELETE", "model-versions/delete"),
    "delete the model": rest("DELETE", "registered-models/delete"),
    "change the version's description": rest("PATCH", "model-versions/update", description="fine"),
    "change a tag of the gate": rest("POST", "model-versions/set-tag", key="govern.decision", value="allow"),
    "set a tag like the gate's": rest("POST", "model-versions/set-tag", key="Govern.approved", value="yes"),
    "delete a tag of the gate": rest("DELETE", "model-versions/delete-tag", key="govern.evidence"),
    "set a tag like the gate's on the model": rest("POST", "registered-models/set-tag", key="govern.x", value="1"),
    "hide the version behind a prompt's tag": rest("POST", "model-versions/set-tag", key=PROMPT, value="true"),
    "hide the model behind a prompt's tag": rest("POST", "registered-models/set-tag", key=PROMPT, value="true"),
}


def asked(do: Callable[[], Any]) -> tuple[int, str]:
    """Call MLflow's client, and return what the server answered."""
    from mlflow.exceptions import MlflowException

    try:
        do()
    except MlflowException as e:
        return e.get_http_status_code(), str(e.message)
    return 200, ""


def fluent(served: Served, do: Callable[[Any], Any]) -> tuple[int, str]:
    """Use the module mlflow as somebody does whose registry is the server."""
    import mlflow
    from mlflow.tracking._model_registry import utils

    before, registry = mlflow.get_tracking_uri(), utils._registry_uri
    mlflow.set_tracking_uri(served.address)
    mlflow.set_registry_uri(served.address)
    try:
        return asked(lambda: do(mlflow))
    finally:
        mlflow.set_tracking_uri(before)
        utils._registry_uri = registry


def logged(mlflow: Any) -> None:
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("proxied")
    with mlflow.start_run():
        model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"], registered_model_name=NAME)


def by_client(do: Callable[[Any], Any]) -> Callable[[Served], tuple[int, str]]:
    return lambda served: asked(lambda: do(served.client()))


BY_CLIENT: dict[str, Callable[[Served], tuple[int, str]]] = {
    "`mlflow.register_model`": lambda s: fluent(s, lambda m: m.register_model(s.project.source, "other")),
    "`log_model(registered_model_name=)`": lambda s: fluent(s, logged),
    "`copy_model_version`": by_client(lambda c: c.copy_model_version(f"models:/{NAME}/1", "other")),
    "`create_registered_model`": by_client(lambda c: c.create_registered_model("other")),
    "`set_registered_model_alias`": by_client(lambda c: c.set_registered_model_alias(NAME, "champion", "1")),
    "`rename_registered_model`": by_client(lambda c: c.rename_registered_model(NAME, "other")),
    "`delete_registered_model`": by_client(lambda c: c.delete_registered_model(NAME)),
    "`delete_model_version`": by_client(lambda c: c.delete_model_version(NAME, "1")),
    "`update_model_version`": by_client(lambda c: c.update_model_version(NAME, "1", "fine")),
    "`set_model_version_tag`": by_client(lambda c: c.set_model_version_tag(NAME, "1", "govern.decision", "x")),
}


def tries() -> list[Try]:
    found = [
        Try(f"REST `{prefix}`: {how}", lambda s, call=call, prefix=prefix: call(s, prefix))  # type: ignore[misc]
        for prefix in ("api", "ajax-api")
        for how, call in OVER_REST.items()
    ]
    hook = {"name": "spy", "url": "https://example.org", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}
    found.append(Try("REST `api`: create a webhook", lambda s: s.call("POST", "/api/2.0/mlflow/webhooks", hook)))
    return found + [Try(f"Python: {how}", do) for how, do in BY_CLIENT.items()]


@pytest.mark.parametrize("attempt", tries(), ids=lambda t: t.how)
def test_refused(served: Served, attempt: Try) -> None:
    before = served.rows()
    status, message = attempt.do(served)
    assert 400 <= status < 500, message
    assert served.rows() == before
    by_govern = status == 403 and "govern refuses" in message
    assert by_govern or status == 400, (status, message)
    served.answers[attempt.how] = told(message, served) if by_govern else f"MLflow: {told(message, served)}"


def told(message: str, served: Served) -> str:
    """Return the reason in a message, without what differs from run to run."""
    reason = (
        message.removeprefix("PERMISSION_DENIED: ")
        .partition(": A model")[0]
        .partition(". A model is registered")[0]
        .splitlines()[0]
    )
    reason = reason.partition(f"for '{NAME}': ")[2] or reason
    for sought, put in (
        (str(served.project.root), "PROJECT"),
        (served.project.run_id, "RUN"),
        (served.project.model_id, "MODEL"),
    ):
        reason = reason.replace(sought, put)
    words = ["…" if re.fullmatch("[0-9a-f]{12,}[:,;]?", w) else w for w in reason.split(" ")]
    text = " ".join(words).replace("|", "\\|").replace("\u200b", "(U+200B)").replace("\u0435", "(U+0435)")
    return text if len(text) <= 160 else f"{text[:157]}..."


def test_what_is_free_stays_free(served: Served) -> None:
    """The positive controls: reading, prompts, tags and stages that promote nothing, and what has its approval."""
    client = served.client()
    prompt = client.register_prompt("greeting", "Hello {{name}}")
    assert prompt.version == 1
    client.set_model_version_tag(NAME, "1", "team", "icu")
    client.update_registered_model(NAME, "What the ward calls it")
    status, _ = rest("POST", "model-versions/transition-stage", stage="Archived", archive_existing_versions=False)(
        served, "api"
    )
    assert status == 200
    assert client.get_model_version(NAME, "1").tags["govern.decision"] == "allow"

    workspace = served.project.workspace
    evidence = client.get_model_version(NAME, "1").tags["govern.evidence"]
    body = {"evidence": evidence, "name": NAME, "version": 1, "role": "clinical", "meaning": "approved", "dossiers": {}}
    Log(workspace.log).append("approval", body, identity=identity.load(workspace.keys, "clinical"))
    client.set_registered_model_alias(NAME, "champion", "1")
    (promotion,) = Log(workspace.log).find("promotion")
    assert promotion.body["alias"] == "champion"
    assert Log(workspace.log).find("refusal"), "the server's key enters refusals"
    assert [s for s in reconcile(workspace, Trust.of(workspace.trust)) if not s.ok] == []


def test_the_table_in_the_documentation(served: Served) -> None:
    wanted = [t.how for t in tries()]
    if set(served.answers) != set(wanted):
        pytest.skip("the table is made of all tries; run the whole file")
    lines = [BEGIN, "", "| kind of try | outcome | message |", "|---|---|---|"]
    both: dict[tuple[str, str], list[str]] = {}
    for how in wanted:
        kind, _, what = how.partition(": ")
        both.setdefault((what, served.answers[how]), []).append(kind)
    lines += [f"| {' and '.join(k)}: {what} | refused | {message} |" for (what, message), k in both.items()]
    lines.append(OVERWRITTEN)
    for around in AROUND:
        message = f"{around.step}: {around.told or 'another digest'}".replace("\u200b", "(U+200B)")
        lines.append(f"| plain database or disk: {around.how} | {CAUGHT} | {message.replace(chr(0x435), '(U+0435)')} |")
    text = "\n".join([*lines, "", END])
    if os.environ.get("GOVERN_WRITE_DOCS"):
        before, _, rest_of = DOCS.read_text().partition(BEGIN)
        DOCS.write_text(before + text + rest_of.partition(END)[2])
    assert text in DOCS.read_text()
