from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from govern import canonical
from govern.errors import InputError
from govern.types import FileDigest, Outcome


def test_canonical_json_is_that_of_rfc_8785() -> None:
    # The example of RFC 8785, section 3.2.2-3.2.3, without its control characters.
    value = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "literals": [None, True, False]}
    expected = b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    assert canonical.dumps(value) == expected


def test_nouns_become_plain_values() -> None:
    value = canonical.plain({"a": FileDigest(path="x", sha256="0", bytes=1), "o": Outcome.PASS, "n": float("nan")})
    assert value == {"a": {"path": "x", "sha256": "0", "bytes": 1}, "o": "pass", "n": None}


def test_a_manifest_is_in_path_order_and_changes_with_every_byte(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_bytes(b"2")
    (tmp_path / "a.txt").write_bytes(b"1")
    files = canonical.manifest(tmp_path)
    assert [f.path for f in files] == ["a.txt", "b/two.txt"]
    assert files[0].sha256 == hashlib.sha256(b"1").hexdigest()
    before = canonical.manifest_sha256(files)
    (tmp_path / "b" / "two.txt").write_bytes(b"3")
    assert canonical.manifest_sha256(canonical.manifest(tmp_path)) != before


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(InputError, match="symbolic link"):
        canonical.manifest(tmp_path)


@pytest.mark.parametrize("make", [lambda p: p / "absent", lambda p: p])
def test_nothing_has_no_digest(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError):
        canonical.manifest(make(tmp_path))
