"""The catalogues as a page: which instruments, how they were read, and what each question is answered by.

``python -m govern.regulations.reference`` prints ``docs/regulations.md``.
"""

from __future__ import annotations

import sys

from govern.regulations.catalogue import load
from govern.regulations.model import Catalogue, Instrument, Probe

_HEAD = """\
# Regulations

Generated from `policies/regulations` by `make docs`. Not legal advice: requirements are in our own words, as the texts
were read on the day that each catalogue states. `govern coverage NAME/VERSION --regulation eu-ai-act` (or `fda`, `eu`,
`us`, or an instrument below) prints the state of each clause; `govern facts lint --regulation fda` the declared facts
that are still missing, by clause.

| state | what it says | stops a release |
|---|---|---|
| pass | what was measured for it met its criteria | no |
| fail | something measured for it did not, or somebody rejected it | yes |
| inconclusive | too little evidence either way | no |
| not run | something that it needs was not measured, declared or signed | yes |
| declared | a person said it; never enough where something must be measured | no |
| signed | a named person signed it | no |
| not applicable | declared so with reason and name, or the law does not reach such systems | no |
| stale | model, policy or facts changed since, or time ran out | yes |
"""


def reference() -> str:
    """Return the page."""
    catalogue = load()
    parts = [_HEAD, "## Instruments\n", _instruments(catalogue), "## Profiles\n", _profiles(catalogue)]
    parts += ["## What computed evidence can answer\n", _probes(catalogue)]
    return "\n".join(parts)


def _instruments(catalogue: Catalogue) -> str:
    lines = [
        "| id | instrument | state of the text | clauses | from memory, or partly | measured | declared | signed |",
        "|---|---|---|---:|---:|---:|---:|---:|",
        *(_instrument(i) for i in catalogue.instruments.values()),
    ]
    return "\n".join(lines) + "\n"


def _instrument(instrument: Instrument) -> str:
    clauses = instrument.clauses
    counts = (
        len(clauses),
        sum(c.from_memory for c in clauses),
        sum(bool(c.computed) for c in clauses),
        sum(bool(c.declared) for c in clauses),
        sum(bool(c.signed) for c in clauses),
    )
    label = f" ({instrument.label})" if instrument.label else ""
    state = f"{instrument.version}; read on {instrument.read_on}"
    return f"| `{instrument.id}` | {instrument.title}{label} | {state} | {' | '.join(map(str, counts))} |"


def _profiles(catalogue: Catalogue) -> str:
    lines = ["| region | profile | for | warning |", "|---|---|---|---|"]
    lines += [f"| {p.region} | `{p.id}` | {p.title}: {p.trigger} | {p.warning} |" for p in catalogue.profiles.values()]
    return "\n".join(lines) + "\n"


def _probes(catalogue: Catalogue) -> str:
    lines = ["| question | answered by | what stays open |", "|---|---|---|"]
    lines += [f"| {p.title} (`{p.id}`) | {_answered(p)} | {p.misses or p.not_available} |" for p in _sorted(catalogue)]
    return "\n".join(lines) + "\n"


def _sorted(catalogue: Catalogue) -> list[Probe]:
    """Return the probes, those that something answers first."""
    return sorted(catalogue.probes.values(), key=lambda p: (bool(p.not_available), p.id))


def _answered(probe: Probe) -> str:
    names = (*(f"{f}.*" for f in probe.families), *probe.checks, *(f"evidence: {r}" for r in probe.record))
    return ", ".join(f"`{n}`" for n in names) or "nothing: not run"


if __name__ == "__main__":
    sys.stdout.write(reference())
