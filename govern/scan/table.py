"""A data file, read once, by what it holds and not by what it is called."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: What an empty cell of a CSV file may look like.
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
#: How files begin that are text or nearly so, and no table: PDF, JSON, XML and HTML.
_OTHERS = (b"%PDF", b"{", b"[", b"<")
_KINDS = {".csv": "CSV", ".parquet": "Parquet", ".pq": "Parquet", ".arrow": "Arrow", ".feather": "Arrow"}


def read(path: Path) -> pd.DataFrame:
    """Read a CSV (also gzipped), Parquet or Arrow file.

    Raises:
        InputError: the file is absent, empty, damaged, or not what its name says.
    """
    import pyarrow as pa

    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file", hint="check the path; a DVC file comes with `dvc pull`") from None
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}", hint="give a data file") from None
    if not head:
        raise InputError(f"{path}: the file is empty", hint="give a file with a header line and rows")
    kind = _kind(path, head)
    said = _KINDS.get(next((s for s in reversed(path.suffixes) if s != ".gz"), ""))
    if said and said != kind:
        raise InputError(f"{path}: the name says {said}, the bytes are {kind}", hint="rename or replace the file")
    try:
        table = _READERS[kind](path)
    except (pa.ArrowException, OSError, EOFError, gzip.BadGzipFile) as e:
        reason = str(e).splitlines()[0]
        raise InputError(f"{path}: not a readable {kind} file: {reason}", hint="replace the file") from None
    if table.num_rows == 0:
        raise InputError(f"{path}: no rows, only a header", hint="give a file with rows")
    doubled = sorted({n for n in table.column_names if table.column_names.count(n) > 1})
    if doubled:
        raise InputError(f"{path}: the column {doubled[0]!r} stands twice", hint="rename one of them")
    frame: pd.DataFrame = table.to_pandas()
    return frame


def column(frame: pd.DataFrame, name: str, *, path: Path | str = "the data") -> NDArray[Any]:
    """Return one column.

    Raises:
        InputError: there is none of that name; the nearest is named.
    """
    if name not in frame.columns:
        raise InputError(f"{path}: no column {name!r}", hint=nearest(name, frame.columns))
    return frame[name].to_numpy()


def _kind(path: Path, head: bytes) -> str:
    if head.startswith(b"PAR1"):
        return "Parquet"
    if head.startswith(b"ARROW1"):
        return "Arrow"
    if head.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as stream:
                head = stream.read(512)
        except (OSError, EOFError) as e:
            raise InputError(f"{path}: not a readable gzip file: {e}", hint="replace the file") from None
        if not head:
            raise InputError(f"{path}: the file is empty", hint="give a file with a header line and rows")
    if b"\0" in head or head.lstrip()[:5].startswith(_OTHERS):
        raise InputError(f"{path}: neither CSV, Parquet nor Arrow", hint="convert it to one of these")
    return "CSV"


def _read_csv(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    options = csv.ConvertOptions(null_values=MISSING, strings_can_be_null=True)
    read = csv.read_csv(path, convert_options=options)
    if any(pa.types.is_binary(field.type) for field in read.schema):
        raise InputError(f"{path}: not UTF-8", hint="convert it, for example with `iconv -f latin1 -t utf-8`")
    if read.num_columns == 1 and any(mark in read.column_names[0] for mark in ";\t|"):
        raise InputError(f"{path}: columns are not separated by commas", hint="save it with commas between columns")
    return read


def _read_parquet(path: Path) -> Any:
    from pyarrow import parquet

    return parquet.read_table(path)


def _read_arrow(path: Path) -> Any:
    from pyarrow import feather

    return feather.read_table(path)


_READERS = {"CSV": _read_csv, "Parquet": _read_parquet, "Arrow": _read_arrow}
