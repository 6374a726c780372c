"""A data file by what it holds and not by what it is called: checked, named, read."""

from __future__ import annotations

import contextlib
import gzip
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

#: What an empty cell of a CSV file may look like.
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
#: How files begin that are text or nearly so, and no table: PDF, JSON, XML and HTML.
_OTHERS = (b"%PDF", b"{", b"[", b"<")
_KINDS = {".csv": "CSV", ".parquet": "Parquet", ".pq": "Parquet", ".arrow": "Arrow", ".feather": "Arrow"}
#: Row numbers that pandas has stored as a column: they are no data.
_ROW_NUMBERS = re.compile(r"__index_level_\d+__")


def read(path: Path) -> pd.DataFrame:
    """Read a whole CSV (also gzipped), Parquet or Arrow file.

    Raises:
        InputError: the file is absent, empty, damaged, or not what its name says.
    """
    found = kind(path)
    with readable(path, found):
        table = _READERS[found](path)
    distinct(path, table.column_names)
    if table.num_rows == 0:
        raise InputError(f"{path}: no rows, only a header", hint="give a file with rows")
    frame: pd.DataFrame = table.to_pandas()
    return frame


def column(frame: pd.DataFrame, name: str, *, path: Path | str = "the data") -> NDArray[Any]:
    """Return one column.

    Raises:
        InputError: there is none of that name; the nearest is named.
    """
    known(frame.columns, name, path=path)
    return frame[name].to_numpy()


def known(names: Iterable[str], name: str, *, path: Path | str = "the data") -> None:
    """Refuse a column that is not there.

    Raises:
        InputError: ``name`` is not among ``names``; the nearest is named.
    """
    names = list(names)
    if name not in names:
        raise InputError(f"{path}: no column {name!r}", hint=nearest(name, names))


def names(path: Path) -> list[str]:
    """Return the names of a file's columns, in their order, without reading its rows.

    Raises:
        InputError: the file is absent, empty, damaged, or not what its name says.
    """
    found = kind(path)
    with readable(path, found):
        held = _SCHEMAS[found](path).names
    distinct(path, held)
    return data_columns(held)


def columns(path: Path) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Yield the name and the values of each column; of a Parquet file, one at a time is held in memory.

    Raises:
        InputError: the file is absent, empty, damaged, or not what its name says.
    """
    found, wanted = kind(path), names(path)
    if found != "Parquet":
        with readable(path, found):
            table = _READERS[found](path)
        yield from ((name, table.column(name)) for name in wanted)
        return
    from pyarrow import parquet

    for name in wanted:
        with readable(path, found), parquet.ParquetFile(path) as file:
            table = file.read(columns=[name])
        yield name, table.column(name)


def data_columns(names: Iterable[str]) -> list[str]:
    """Return the columns that hold data, without the row numbers that pandas stores beside them."""
    return [name for name in names if not _ROW_NUMBERS.fullmatch(name)]


def distinct(path: Path | str, names: list[str]) -> None:
    """Refuse a table in which two columns have one name.

    Raises:
        InputError: there are two.
    """
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise InputError(f"{path}: the column {doubled[0]!r} stands twice", hint="rename one of them")


def kind(path: Path) -> str:
    """Return what a file is by its bytes: ``CSV``, ``Parquet`` or ``Arrow``.

    Raises:
        InputError: the file is absent, empty, none of these, or not what its name says.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file", hint="check the path; a DVC file comes with `dvc pull`") from None
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}", hint="give a data file") from None
    if not head:
        raise InputError(f"{path}: the file is empty", hint="give a file with a header line and rows")
    found = _kind(path, head)
    said = _KINDS.get(next((s for s in reversed(path.suffixes) if s != ".gz"), ""))
    if said and said != found:
        raise InputError(f"{path}: the name says {said}, the bytes are {found}", hint="rename or replace the file")
    return found


@contextlib.contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Turn what goes wrong inside into an error that names the file.

    Raises:
        InputError: the file is damaged.
    """
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError, gzip.BadGzipFile) as e:
        reason = str(e).splitlines()[0]
        raise InputError(f"{path}: not a readable {kind} file: {reason}", hint="replace the file") from None


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


def read_csv(path: Path) -> pa.Table:
    """Read a CSV file, also gzipped.

    Raises:
        InputError: it is not UTF-8, or its columns are not separated by commas.
    """
    from pyarrow import csv

    read = csv.read_csv(path, convert_options=_csv_options())
    _check_csv(path, read.schema)
    return read


def _csv_options() -> Any:
    from pyarrow import csv

    return csv.ConvertOptions(null_values=MISSING, strings_can_be_null=True)


def _check_csv(path: Path, schema: Any) -> None:
    import pyarrow as pa

    if any(pa.types.is_binary(field.type) for field in schema):
        raise InputError(f"{path}: not UTF-8", hint="convert it, for example with `iconv -f latin1 -t utf-8`")
    if len(schema) == 1 and any(mark in schema.names[0] for mark in ";\t|"):
        raise InputError(f"{path}: columns are not separated by commas", hint="save it with commas between columns")


def _csv_schema(path: Path) -> Any:
    from pyarrow import csv

    with csv.open_csv(path, convert_options=_csv_options()) as stream:
        _check_csv(path, stream.schema)
        return stream.schema


def _read_parquet(path: Path) -> Any:
    from pyarrow import parquet

    return parquet.read_table(path)


def _parquet_schema(path: Path) -> Any:
    from pyarrow import parquet

    return parquet.read_schema(path)


def _read_arrow(path: Path) -> Any:
    from pyarrow import feather

    return feather.read_table(path)


def _arrow_schema(path: Path) -> Any:
    import pyarrow as pa

    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).schema


_READERS = {"CSV": read_csv, "Parquet": _read_parquet, "Arrow": _read_arrow}
_SCHEMAS = {"CSV": _csv_schema, "Parquet": _parquet_schema, "Arrow": _arrow_schema}
