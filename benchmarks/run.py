"""``make bench``: the workload, the peers in environments of their own, all jobs in turn, and the page about it.

``python -m benchmarks.run [FOLDER] [--repeats N] [--only WORD] [--report]``. Files, environments and raw results
are kept in FOLDER, so that a run which was cut short goes on where it stopped; ``--report`` only writes the page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import report, workload
from benchmarks.jobs import JOBS, SIZES, Job

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?", default=Path("build/bench"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="jobs whose name holds this word")
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    results = given.folder / "results.jsonl"
    if not given.report:
        given.folder.mkdir(parents=True, exist_ok=True)
        chosen = [job for job in JOBS if given.only in job.id]
        for environment in sorted({job.environment for job in chosen} - {"govern"}):
            _environment(given.folder, environment)
        for rows in sorted({job.rows for job in chosen}):
            for reference in (False, True):
                workload.write(_file(given.folder, rows, reference=reference), rows, reference=reference)
        _all(chosen, given.folder, results, given.repeats)
    report.write(results, HERE.parent / "docs")


def _all(jobs: list[Job], folder: Path, results: Path, repeats: int) -> None:
    """Run every job once, then every job again, so that whatever else the machine does meets all alike."""
    done = [json.loads(line)["id"] for line in results.read_text().splitlines()] if results.is_file() else []
    for turn in range(repeats):
        for job in jobs:
            if done.count(job.id) > turn:
                continue
            found = {"id": job.id, "who": job.who, "what": job.what, "rows": job.rows, **_run(job, folder)}
            with results.open("a") as stream:
                stream.write(json.dumps(found) + "\n")
            sys.stderr.write(f"{turn + 1}/{repeats} {job.id}: {found.get('wall', found.get('failed'))}\n")


def _run(job: Job, folder: Path) -> dict[str, object]:
    python = sys.executable if job.environment == "govern" else str(folder / f"venv-{job.environment}" / "bin/python")
    files = [str(_file(folder, job.rows, reference=r)) for r in (False, True)]
    command = [python, str(HERE / job.script), *files, *job.extra]
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE / 'peers'}", "PYTHONWARNINGS": "ignore"}
    start = time.perf_counter()
    with (
        (folder / "out").open("wb+") as out,
        (folder / "err").open("wb+") as err,
        subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=folder) as child,
    ):
        usage = None
        while usage is None and time.perf_counter() - start < job.limit:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                usage, child.returncode = used, os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.01)
        if usage is None:
            child.kill()
            return {"failed": f"not finished after {job.limit} s"}
        process = time.perf_counter() - start
        out.seek(0), err.seek(0)
        if child.returncode:
            reason = err.read().decode(errors="replace").strip().splitlines() or ["no message"]
            return {"failed": f"exit code {child.returncode}: {reason[-1][:200]}"}
        printed = json.loads(out.read().decode().strip().splitlines()[-1])
    return {
        **{k: printed[k] for k in ("wall", "cpu", "share")},
        "process": process,
        "process_cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }


def _environment(folder: Path, name: str) -> None:
    python = folder / f"venv-{name}" / "bin" / "python"
    if not python.is_file():
        uv = Path(sys.executable).with_name("uv")
        uv_command = str(uv) if uv.is_file() else "uv"
        subprocess.run([uv_command, "venv", "--quiet", "--python", "3.11", str(python.parent.parent)], check=True)
        wanted = str(HERE / "peers" / f"{name}.txt")
        install = [uv_command, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), "-r", wanted]
        subprocess.run(install, check=True)


def _file(folder: Path, rows: int, *, reference: bool) -> Path:
    return folder.resolve() / f"{'ref' if reference else 'test'}-{rows}.parquet"


if __name__ == "__main__":
    assert set(SIZES) >= {job.rows for job in JOBS}  # noqa: S101 - a table that names no unknown size
    main()
