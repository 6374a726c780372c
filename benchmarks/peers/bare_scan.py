"""A bare scan: every value of one file is read and added up or counted. ``ENGINE TEST``."""

import sys

from _job import job

engine, path = sys.argv[3], sys.argv[1]


def duck():
    import duckdb

    names = duckdb.sql(f"describe select * from '{path}'").fetchall()
    parts = [f'sum(length("{n}"))' if kind == "VARCHAR" else f'sum("{n}")' for n, kind, *_ in names]
    return len(duckdb.sql(f"select {', '.join(parts)} from '{path}'").fetchall()[0])


def polars():
    import polars as pl

    every = pl.all().exclude(pl.String).sum(), pl.col(pl.String).str.len_bytes().sum()
    return pl.scan_parquet(path).select(*every).collect().shape


def arrow():
    import pyarrow.parquet as pq

    return sum(batch.num_rows for batch in pq.ParquetFile(path).iter_batches(batch_size=122_880, use_threads=True))


job({"duckdb": duck, "polars": polars, "pyarrow": arrow}[engine])
