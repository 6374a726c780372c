from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from govern.data.setup import initialise
from govern.errors import InputError


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout


def test_an_empty_folder_gets_git_and_dvc_without_analytics_and_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert initialise(tmp_path) == ["git init", "dvc init"]
    assert git(tmp_path, "rev-parse", "--show-toplevel").strip() == str(tmp_path.resolve())
    assert "analytics = False" in (tmp_path / ".dvc" / "config").read_text()
    assert capfd.readouterr() == ("", "")


def test_a_second_time_does_nothing(tmp_path: Path) -> None:
    initialise(tmp_path)
    assert initialise(tmp_path) == []


def test_a_subfolder_of_a_git_repository_gets_its_own_dvc_only(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "models" / "sepsis").mkdir(parents=True)
    assert initialise(tmp_path / "models" / "sepsis") == ["dvc init"]
    assert (tmp_path / "models" / "sepsis" / ".dvc").is_dir()
    assert not (tmp_path / "models" / "sepsis" / ".git").exists()


def test_a_dvc_repository_above_serves(tmp_path: Path) -> None:
    initialise(tmp_path)
    (tmp_path / "example").mkdir()
    assert initialise(tmp_path / "example") == []


def test_a_folder_that_the_repository_above_ignores_stands_alone(tmp_path: Path) -> None:
    initialise(tmp_path)
    (tmp_path / ".gitignore").write_text("/demo/\n")
    (tmp_path / "demo").mkdir()
    assert initialise(tmp_path / "demo") == ["git init", "dvc init"]


def test_without_git_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    with pytest.raises(InputError, match="git is not installed") as e:
        initialise(root)
    assert "apt-get install git" in e.value.hint
    assert list(root.iterdir()) == []


def test_a_place_where_nothing_can_be_written_is_refused() -> None:
    proc = Path("/proc/self")
    if not proc.is_dir():
        pytest.skip("/proc, which refuses writes even to root, is absent")
    with pytest.raises(InputError, match="git init"):
        initialise(proc)


def test_git_is_taken_back_when_dvc_fails(tmp_path: Path) -> None:
    (tmp_path / ".dvc").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="DVC"):
        initialise(tmp_path)
    assert not (tmp_path / ".git").exists()
    assert (tmp_path / ".dvc").read_text() == "a file where the folder should be"


def test_a_broken_repository_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(InputError, match="git"):
        initialise(tmp_path)
    assert not (tmp_path / ".dvc").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="not a folder"):
        initialise(tmp_path / "x")
