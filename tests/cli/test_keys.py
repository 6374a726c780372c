"""``govern keys`` as a person or a script types it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from govern.cli import app
from govern.errors import GovernError
from govern.signing.token import Place as Token
from tests.softhsm import PIN, token

__all__ = ["token"]

GOVERN = "schema: govern/project/1\nsystem: {name: t}\ndata: {label: y}\npolicy: p\nidentity: ada\n"
ROOT, ADA = "the root's own words", "ada's own passphrase"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("GOVERN_PASSPHRASE", raising=False)
    (tmp_path / "project").mkdir()
    (tmp_path / "project/govern.yaml").write_text(GOVERN)
    monkeypatch.chdir(tmp_path / "project")


def keys(*words: str, lines: tuple[str, ...] = ()) -> Result:
    given = ["--passphrase-stdin"] if lines else []
    return CliRunner().invoke(app, ["keys", *words, *given], input="".join(f"{x}\n" for x in lines))


def well(*words: str, lines: tuple[str, ...] = ()) -> str:
    done = keys(*words, lines=lines)
    assert done.exit_code == 0, done.exception or done.output
    return done.stdout


def wrong(*words: str, lines: tuple[str, ...] = ()) -> str:
    """Return exit code, message and hint of what is refused."""
    error = keys(*words, lines=lines).exception
    assert isinstance(error, GovernError), error
    return f"{error.exit_code} error: {error.message} do: {error.hint}"


@pytest.fixture
def hospital() -> None:
    well("create", "--root", "--name", "St. Example Hospital", lines=(ROOT,))


def create(who: str = "ada", *more: str) -> str:
    return well("create", who, "--name", f"Dr. {who.title()}", "--role", "clinical", *more, lines=(ROOT, ADA))


def test_the_life_of_a_key(hospital: None, tmp_path: Path) -> None:
    assert "Dr. Ada" in create()
    well("trust", "ada", "--role", "quality", "--until", "2099-12-31", lines=(ROOT,))
    table = well("list")
    assert max(map(len, table.splitlines())) <= 80
    for words in ("St. Example", "clinical", "quality", "encrypted"):
        assert words in table
    well("revoke", "ada", "--reason", "keyCompromise", lines=(ROOT,))
    assert "REVOKED" in well("list")
    shown = json.loads(well("show", "ada", "--format", "json"))
    assert (shown["kind"], shown["roles"], shown["development"]) == ("person", [], False)
    assert "keyCompromise" in shown["revoked"]
    assert [r["roles"] for r in shown["rights"]] == [["clinical"], ["quality"]]
    assert [h["kind"] for h in json.loads(well("list", "--format", "json"))] == ["root", "person"]
    assert "keyCompromise" in well("show", "ada")


def test_a_request_goes_to_the_office_and_comes_back(
    hospital: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    well("create", "bob", "--name", "Bob", "--request", lines=(ADA,))
    request = ".govern/keys/bob/request.pem"
    well("trust", request, "--role", "quality", "--output", "bob.pem", lines=(ROOT,))
    assert "Bob" in well("import", "bob.pem", "--as", "bob", lines=(ADA,))
    assert json.loads(well("show", "bob", "--format", "json"))["roles"] == ["quality"]


def test_a_key_on_a_token(hospital: None, token: Token) -> None:
    on = ("--token", token.module, "--token-label", "hospital", "--key-label", "by the command line")
    well("create", "carol", "--name", "Carol", "--role", "author", *on, lines=(ROOT, PIN))
    found = json.loads(well("show", "carol", "--format", "json"))
    assert found["key"] == "token hospital, key by the command line"
    assert wrong("create", "dora", "--name", "Dora", "--role", "author", *on, lines=(ROOT, "0000000000")).startswith(
        "3 error: the PIN does not open"
    )


def test_development_keys_are_marked() -> None:
    well("create", "dev", "--name", "Dev", "--development")
    found = json.loads(well("show", "dev", "--format", "json"))
    assert (found["development"], found["roles"]) == (True, ["author"])
    assert "NOT ENCRYPTED" in found["key"]
    assert "DEVELOPMENT" in well("list")


def test_what_is_wrong_is_said_with_what_to_do(hospital: None) -> None:
    for words, lines, expected in (
        (("create", "ada", "--name", "Ada", "--role", "author"), ("not the words", ADA), "3 error: .*does not open"),
        (
            ("create", "ada", "--name", "Ada", "--role", "author"),
            (ROOT, "short"),
            "3 error: the passphrase is too short",
        ),
        (("create", "ada", "--name", "Ada", "--role", "author"), (ROOT,), "2 error: standard input has 1 lines"),
        (("create", "ada", "--name", "Ada", "--role", "author"), (), "2 error: there is no terminal to ask"),
        (("create", "ada", "--name", "Ada"), (ROOT, ADA), "3 error: no role was given"),
        (("create", "ada", "--role", "author"), (ROOT, ADA), "2 error: no name was given"),
        (("create", "--name", "Ada", "--role", "author"), (ROOT, ADA), "2 error: no identity"),
        (("create", "root", "--name", "Ada", "--role", "author"), (ROOT, ADA), "3 error: 'root' is no name"),
        (("create", "--root", "--name", "Second"), (ROOT,), "3 error: .*never overwritten"),
        (("create", "x", "--root", "--request", "--name", "X"), (ROOT,), "2 error: --root and --request exclude"),
        (("revoke", "nobody", "--reason", "superseded"), (ROOT,), "3 error: 'nobody' is no identity"),
        (("show", "nobody"), (), "3 error: 'nobody' is none of those"),
        (("create", "x", "--token", "t.so", "--name", "X"), (), "2 error: --token without --token-label"),
        (("import", "nothing.pem", "--as", "ada"), (ADA,), "3 error: nothing.pem: cannot be read"),
    ):
        said = wrong(*words, lines=lines)

        assert re.match(expected, said), said
        assert not said.endswith("do: "), said


def test_an_empty_first_line_stands_for_a_root_without_a_passphrase() -> None:
    well("create", "dev", "--name", "Dev", "--development")
    well("create", "eve", "--name", "Eve", "--role", "quality", lines=("", ADA))
    assert json.loads(well("show", "eve", "--format", "json"))["development"] is True


def test_a_refusal_is_no_traceback_and_lists_load_nothing_that_measures(hospital: None) -> None:
    command = [sys.executable, "-m", "govern", "keys", "create", "ada", "--name", "Ada", "--passphrase-stdin"]
    done = subprocess.run(command, input=f"{ROOT}\n{ADA}\n", capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("error: no role was given")
    code = (
        "import sys; sys.argv = ['govern', 'keys', 'list']\nfrom govern.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nprint('LOADED', *sys.modules)"
    )
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "St. Example" in listed
    loaded = set(listed.rpartition("LOADED ")[2].split())
    assert not loaded & {"numpy", "pandas", "mlflow", "scipy", "pyarrow", "dvc", "pyhanko"}


def test_processes_at_once_lose_nothing(hospital: None) -> None:
    command = [sys.executable, "-m", "govern", "keys", "create"]
    started = [
        subprocess.Popen(
            [*command, f"p{i}", "--name", f"Person {i}", "--role", "author", "--passphrase-stdin"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(4)
    ]
    for process in started:
        assert process.communicate(f"{ROOT}\n{ADA}\n")[1] == ""
        assert process.returncode == 0
    found = json.loads(well("list", "--format", "json"))
    assert sorted(h["name"] for h in found if h["roles"] == ["author"]) == [f"Person {i}" for i in range(4)]
