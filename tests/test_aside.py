from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from govern.aside import Aside
from govern.errors import GovernError, UnavailableError
from govern.types import Measurement


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A module of functions that only the other interpreter imports."""
    (tmp_path / "elsewhere.py").write_text(
        "import os, signal, sys, time\n"
        "from govern.errors import UnavailableError\n"
        "class Odd(Exception):\n    pass\n"
        "def pid():\n    print('noise', flush=True)\n    os.system('echo more of it')\n    return os.getpid()\n"
        "def refuse():\n    raise UnavailableError('not there', hint='bring it')\n"
        "def odd():\n    raise Odd('strange')\n"
        "def leave():\n    sys.exit(3)\n"
        "def die():\n    os.write(2, b'out of memory\\n')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "def cannot_be_copied():\n    return lambda: 1\n"
        "def twice(values):\n    return values * 2\n"
        "def sleep(seconds, mark):\n    open(mark, 'w').write(str(os.getpid()))\n    time.sleep(seconds)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "elsewhere"


def ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_calls_are_made_elsewhere_and_their_answers_come_in_any_order(elsewhere):
    big = np.arange(500_000.0)
    with Aside() as aside:
        first, second = aside.call(elsewhere, "pid"), aside.call(elsewhere, "twice", values=big)
        third = aside.call("govern.types", "Measurement", estimate=0.1, lower=0.0, upper=0.2, n=3, method="m")
        assert third() == Measurement(estimate=0.1, lower=0.0, upper=0.2, n=3, method="m")
        np.testing.assert_array_equal(second(), big * 2)
        pid = first()
        assert pid not in (os.getpid(), None)
        assert first() == pid
    assert elsewhere not in sys.modules
    assert not Path(f"/proc/{pid}").exists()  # ended, and no zombie


def test_whatever_goes_wrong_there_is_raised_here(elsewhere):
    with Aside() as aside:
        calls = {name: aside.call(elsewhere, name) for name in ("refuse", "odd", "leave", "cannot_be_copied", "absent")}
        with pytest.raises(UnavailableError, match="not there") as refused:
            calls["refuse"]()
        assert refused.value.hint == "bring it"
        for name, match in (
            ("odd", "Odd: strange"),
            ("leave", "SystemExit: 3"),
            ("cannot_be_copied", "pickle|lambda"),
            ("absent", "AttributeError"),
        ):
            with pytest.raises(GovernError, match=match):
                calls[name]()
        with pytest.raises(GovernError, match="ModuleNotFoundError"):
            aside.call("no.such.module", "f")()
        assert aside.call(elsewhere, "twice", 2)() == 4


def test_an_interpreter_that_dies_takes_no_answer_for_granted(elsewhere):
    with Aside() as aside:
        before, dying, after = (aside.call(elsewhere, name) for name in ("pid", "die", "pid"))
        assert before() > 0
        for call in (dying, after):
            with pytest.raises(GovernError, match=r"ended with status -9: out of memory"):
                call()
        with pytest.raises(GovernError, match="ended with status"):
            aside.call(elsewhere, "twice", np.zeros(1_000_000))()


def test_closing_ends_what_it_is_doing_at_once(elsewhere, tmp_path):
    mark = tmp_path / "mark"
    aside = Aside()
    aside.call(elsewhere, "sleep", 60, str(mark))
    assert until(lambda: mark.exists() and mark.read_text(encoding="utf-8"))
    started = time.monotonic()
    aside.close()
    assert time.monotonic() - started < 3
    assert not Path(f"/proc/{mark.read_text(encoding='utf-8')}").exists()


def test_it_ends_with_the_process_that_started_it_however_that_ends(elsewhere, tmp_path):
    mark = tmp_path / "mark"
    code = (
        "import os, pathlib, signal, time\nfrom govern.aside import Aside\n"
        f"aside = Aside()\naside.call({elsewhere!r}, 'sleep', 60, {str(mark)!r})\n"
        f"mark = pathlib.Path({str(mark)!r})\n"
        "while not (mark.exists() and mark.read_text()):\n    time.sleep(0.02)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == -9
    assert until(lambda: ended(int(mark.read_text(encoding="utf-8"))))


def test_the_current_folder_holds_no_libraries(tmp_path, monkeypatch):
    for name in ("decimal", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken in')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with Aside() as aside:
        assert str(aside.call("decimal", "Decimal", "1.5")()) == "1.5"


def test_what_was_loaded_first_is_there_when_it_is_needed():
    with Aside() as aside:
        aside.call("govern.aside", "load", "json", "csv")()
        with pytest.raises(GovernError, match="no_such_library"):
            aside.call("govern.aside", "load", "no_such_library")()
