"""The catalogues in ``policies/regulations``, read strictly into the nouns of :mod:`govern.regulations.model`.

They are shipped and linted, so they are read with the fast parser; :func:`govern.regulations.lint.lint` reads them
with the one that names lines and refuses a key that stands twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from govern.declared import catalogue as fact_catalogue
from govern.errors import InputError
from govern.evidence import facts
from govern.regulations.model import Catalogue, Clause, Control, Force, Instrument, Probe, Profile, Signature
from govern.resources import shared

T = TypeVar("T", Control, Probe, Signature, Profile, Clause)
#: Files that are no instruments.
CONTROLS, PROBES, SIGNATURES, PROFILES = "controls.yaml", "probes.yaml", "signatures.yaml", "profiles.yaml"
OTHERS = frozenset({CONTROLS, PROBES, SIGNATURES, PROFILES})
#: Keys that a clause may leave out.
_EMPTY: Mapping[str, Any] = {"sections": [], "computed": [], "declared": [], "signed": [], "switch": None}


def folder() -> Path:
    """Return where the catalogues lie."""
    return shared("policies/regulations")


@cache
def load(root: Path | None = None) -> Catalogue:
    """Return the catalogues in a folder, by default those that come with govern; read once in a process.

    Raises:
        InputError: a file is missing, or a part of one is missing, unknown, of another type or stands twice.
    """
    known = fact_catalogue.load() if root is None else fact_catalogue.read(root / "facts")
    root = root or folder()
    instruments = {}
    for path in sorted(root.glob("*.yaml")):
        if path.name not in OTHERS:
            instrument = _instrument(path)
            instruments[instrument.id] = instrument
    clauses = [c for i in instruments.values() for c in i.clauses]
    return Catalogue(
        controls=_listed(root / CONTROLS, "govern/controls/1", "controls", Control),
        probes=_listed(root / PROBES, "govern/probes/1", "probes", Probe),
        signatures=_listed(root / SIGNATURES, "govern/signatures/1", "signatures", Signature),
        profiles=_listed(root / PROFILES, "govern/profiles/1", "profiles", Profile),
        instruments=instruments,
        facts={f.id: f.label for f in known.facts.values()},
        clauses=_by_id(clauses, "clauses"),
    )


def parse(path: Path) -> Any:
    """Return the plain values of a YAML file.

    Raises:
        InputError: it is missing, or not YAML.
    """
    import yaml  # type: ignore[import-untyped,unused-ignore]

    try:
        return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as e:
        raise InputError(f"{path}: cannot be read: {e}", hint="install govern again") from None


def _read(path: Path, schema: str, keys: Iterable[str]) -> dict[str, Any]:
    """Return a file of a schema that has exactly these keys."""
    value = parse(path)
    wanted = {"schema", *keys}
    if not isinstance(value, dict) or value.get("schema") != schema or set(value) != wanted:
        raise InputError(f"{path}: a file of {schema} with {', '.join(sorted(wanted))} was expected")
    return value


def _listed(path: Path, schema: str, key: str, kind: type[T]) -> dict[str, T]:
    value = _read(path, schema, [key])[key]
    rows = [facts.build(kind, _probe(v) if kind is Probe else v, what=f"{path.name} {_named(v)}") for v in value]
    return _by_id(rows, path.name)


def _probe(value: Mapping[str, Any]) -> dict[str, Any]:
    by = value.get("by", [])
    return {**value, "by": [by] if isinstance(by, str) else by}


def _instrument(path: Path) -> Instrument:
    keys = ("id", "title", "region", "version", "label", "read_on", "force", "groups", "clauses")
    head = _read(path, "govern/regulation/1", keys)
    if head["id"] != path.stem:
        raise InputError(f"{path}: its id is {head['id']!r}", hint="name the file by its id")
    common = {"force": head["force"], "label": head["label"], "instrument": head["id"]}
    whole = [
        facts.build(Clause, {**_EMPTY, **common, **clause}, what=f"{path.name} {_named(clause)}")
        for clause in head["clauses"]
    ]
    value = {k: head[k] for k in keys if k not in ("clauses", "force")}
    made: Instrument = facts.build(Instrument, {**value, "force": head["force"], "clauses": []}, what=path.name)
    return Instrument(**{**vars(made), "force": Force(head["force"]), "clauses": tuple(whole)})


def _by_id(rows: Iterable[T], where: str) -> dict[str, T]:
    found: dict[str, T] = {}
    for row in rows:
        if row.id in found:
            raise InputError(f"{where}: {row.id} stands twice", hint="give each its own id")
        found[row.id] = row
    return found


def _named(value: Any) -> str:
    return str(value.get("id", "without an id")) if isinstance(value, dict) else repr(value)[:40]
