"""Where roots are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.errors import SigningError
from govern.signing.roots import roots_from


def test_what_is_no_file_is_not_read() -> None:
    with pytest.raises(SigningError, match="neither a file nor a folder"):
        roots_from(Path("/dev/zero"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match=r"absent\.pem: cannot be read"):
        roots_from(tmp_path / "absent.pem")
