"""A real software token (SoftHSM2), with its own configuration, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from govern.signing.token import Place

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
PIN = "0271828182"


@pytest.fixture(scope="session")
def token() -> Place:
    """A token that is plugged in, with no key on it yet; give each test its own key label."""
    module = next((m for m in MODULES if Path(m).is_file()), None)
    if module is None or not (program := shutil.which("softhsm2-util")):
        pytest.skip("SoftHSM2 (softhsm2) is not installed")
    pytest.importorskip("pkcs11")
    return _plugged_in(module, program)


@cache  # a process can initialise the library once
def _plugged_in(module: str, program: str) -> Place:
    folder = Path(tempfile.mkdtemp(prefix="govern-softhsm-"))
    (folder / "tokens").mkdir()
    settings = f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    (folder / "softhsm2.conf").write_text(settings)
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = [program, "--init-token", "--free", "--label", "hospital", "--so-pin", "31415926", "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    return Place(module=str(Path(module).resolve()), token="hospital", key="key")  # noqa: S106 - a label
