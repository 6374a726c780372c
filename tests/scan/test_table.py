from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from govern.errors import InputError
from govern.scan import table

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


@pytest.fixture
def files(tmp_path: Path) -> Path:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    FRAME.to_csv(tmp_path / "t.csv.gz", index=False)
    FRAME.to_parquet(tmp_path / "t.parquet")
    FRAME.to_feather(tmp_path / "t.arrow")
    return tmp_path


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.arrow"])
def test_each_kind_reads_alike(files: Path, name: str) -> None:
    pd.testing.assert_frame_equal(table.read(files / name), FRAME, check_dtype=False)


def test_a_file_that_is_not_what_its_name_says(files: Path) -> None:
    (files / "t.parquet").rename(files / "lie.csv")
    with pytest.raises(InputError, match="the name says CSV, the bytes are Parquet"):
        table.read(files / "lie.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "stands twice"),
        (b"a,b\n1,2,3\n", "not a readable CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "neither CSV, Parquet nor Arrow"),
        (b"PAR1 and nothing more", "the name says CSV, the bytes are Parquet"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "not a readable"),
        (b"\xff\xfe\x00a", "neither CSV"),
        (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n", "neither CSV"),
        (b'[{"a": 1}]\n', "neither CSV"),
        ("a,b\nJos\u00e9,1\n".encode("latin1"), "not UTF-8"),
        (b"a;b\n1;2\n", "not separated by commas"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        table.read(tmp_path / "t.csv")


def test_a_parquet_file_cut_in_half(files: Path) -> None:
    data = (files / "t.parquet").read_bytes()
    (files / "t.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="not a readable Parquet"):
        table.read(files / "t.parquet")


def test_absent_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(InputError):
            table.read(path)


def test_the_nearest_column_is_named() -> None:
    with pytest.raises(InputError) as caught:
        table.column(FRAME.rename(columns={"a": "age"}), "agee")
    assert "'age'" in caught.value.hint
