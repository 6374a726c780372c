"""``govern data``: versioned datasets."""

from __future__ import annotations

from pathlib import Path

import click

from govern.cli.commands import FILE, Commands, Word
from govern.cli.output import console, progress
from govern.types import Role


@click.group("data", cls=Commands)
def data() -> None:
    """Version datasets with DVC and record their facts."""


@data.command("snapshot")
@click.argument("path", type=FILE)
@click.option("--role", type=Word(Role), required=True, help="How the dataset is used.")
def snapshot(path: Path, role: Role) -> None:
    """Version a dataset with DVC; write its SHA-256 manifest and its facts beside the pointer.

    PATH is a CSV, Parquet or Arrow file inside the project.
    """
    from govern import project
    from govern.data import snapshot as snapshots

    workspace = project.load()
    with progress() as show:
        show(f"versioning {path}")
        dataset = snapshots.snapshot(workspace, path, role)
    missing = sum(c.missing for c in dataset.columns)
    cells = dataset.rows * len(dataset.columns)
    who = "no patient key" if dataset.patients is None else f"{dataset.patients:,} patients by {dataset.patient_id}"
    screen = console()
    screen.print(f"{role.value}: {dataset.path}")
    screen.print(
        f"  {dataset.rows:,} rows, {len(dataset.columns)} columns, {who}, {missing / cells:.1%} of cells missing"
    )
    screen.print(f"  sha256 {dataset.sha256}", soft_wrap=True)
    screen.print(f"  dvc    {dataset.dvc_pointer} (md5 {dataset.dvc_md5})", soft_wrap=True)
