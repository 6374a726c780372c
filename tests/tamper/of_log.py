"""Edits of the log: its rows, its file, what was exported of it, and a proof of one entry."""

from __future__ import annotations

import base64
import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from govern import canonical
from govern.evidence import merkle, note
from govern.evidence.entry import record
from govern.evidence.export import check_export
from govern.evidence.held import held_checkpoint
from govern.evidence.log import Log
from govern.signing.certificate import pem
from govern.signing.identity import Identity
from govern.verify import verify
from tests.tamper import edits
from tests.tamper.campaign import Changes, Draw, Target
from tests.tamper.made import Made

SAME_ROWS = "every row of the log's tables is the same, byte by byte: free space of SQLite's file, or its header"
OTHER_SINCE = "the same proof, with the consistency proof from another older checkpoint of that log: as true"
_TABLES = ("entry", "checkpoint", "certificate")
Write = Callable[[sqlite3.Connection, random.Random], object]


def targets(made: Made) -> list[Target]:
    """Return rows, file, export and proof; the auditor holds a proof that was made when the log was whole."""
    path, workspace = made.project.workspace.log, made.workspace
    assert isinstance(path, Path)
    held = held_checkpoint(str(made.drawer / "proof.json"))
    whole = path.read_bytes()
    rows = rows_in(whole)

    def of_project() -> Sequence[str]:
        steps = (*verify("log", workspace), Log(path).extends(held))
        return [s.name for s in steps if not s.ok]

    def same(_: Changes) -> str:
        return SAME_ROWS if rows_in(path.read_bytes()) == rows else ""

    exported, proof = made.drawer / "log.jsonl", made.drawer / "proof.json"

    def of_export() -> Sequence[str]:
        return [s.name for s in check_export(exported, made.auditor, held=held) if not s.ok]

    def of_proof() -> Sequence[str]:
        return [s.name for s in verify(str(proof), None, trust=made.auditor) if not s.ok]

    proved, since = json.loads(proof.read_bytes()), json.loads((made.drawer / "other.json").read_bytes())["since"]

    def as_true(_: Changes) -> str:
        return OTHER_SINCE if json.loads(proof.read_bytes()) == {**proved, "since": since} else ""

    return [
        Target(name="log rows", kinds=_of_rows(made, path), failing=of_project, share=0.16),
        Target(name="log file", kinds=_bytes(path, whole), failing=of_project, share=0.05, excused=same),
        Target(name="exported log", kinds=_of_export(made, exported), failing=of_export, share=0.08),
        Target(name="proof of an entry", kinds=_of_proof(made, proof), failing=of_proof, share=0.06, excused=as_true),
    ]


def edited(database: bytes, write: Callable[[sqlite3.Connection], object]) -> bytes:
    """Return a SQLite file after what somebody with the file can do: its triggers are dropped first.

    Where nothing was written afterwards the file is returned as it was.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(database)
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        before = connection.total_changes
        write(connection)
        return connection.serialize() if connection.total_changes > before else database


def rows_in(database: bytes, tables: Sequence[str] = _TABLES) -> object:
    """Return the rows of a SQLite file, byte by byte; what is wrong with it, where it cannot be read."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(database)
            connection.text_factory = bytes
            return [connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in tables]  # noqa: S608
    except sqlite3.Error as e:
        return str(e)


def _bytes(path: Path, data: bytes) -> dict[str, Draw]:
    return {kind: lambda rng, edit=edit: {path: edit(data, rng)} for kind, edit in edits.BYTES.items()}  # type: ignore[misc]


def _of_rows(made: Made, path: Path) -> dict[str, Draw]:
    whole = path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("SELECT MAX(size) FROM checkpoint").fetchone()[0]
        signers = [r[0] for r in connection.execute("SELECT sha256 FROM certificate ORDER BY 1")]

    def draw(write: Write) -> Draw:
        def drawn(rng: random.Random) -> Changes | None:
            data = edited(whole, lambda c: write(c, rng))
            return {path: data} if rows_in(data) != rows else None

        return drawn

    rows = rows_in(whole)
    columns = (("entry", "record", "position"), ("checkpoint", "note", "size"), ("checkpoint", "peaks", "size"))

    def key_of(table: str, rng: random.Random) -> object:
        return {"entry": rng.randrange(size), "checkpoint": rng.randint(1, size), "certificate": rng.choice(signers)}[
            table
        ]

    def cell(edit: edits.Edit) -> Write:
        def write(connection: sqlite3.Connection, rng: random.Random) -> None:
            table, column, key = rng.choice((*columns, ("certificate", "pem", "sha256")))
            at = key_of(table, rng)
            (old,) = connection.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (at,)).fetchone()  # noqa: S608
            if old:
                new = edit(old.encode(), rng)
                connection.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE {key} = ?", (new, at))  # noqa: S608

        return write

    def said(edit: edits.Edit) -> Write:
        def write(connection: sqlite3.Connection, rng: random.Random) -> None:
            at = rng.randrange(size)
            (old,) = connection.execute("SELECT record FROM entry WHERE position = ?", (at,)).fetchone()
            connection.execute("UPDATE entry SET record = ? WHERE position = ?", (edit(old.encode(), rng).decode(), at))

        return write

    def swap(connection: sqlite3.Connection, rng: random.Random) -> None:
        table, column, key = rng.choice(columns)
        start = 0 if table == "entry" else 1
        one, other = rng.sample(range(start, start + size), 2)
        found = dict(connection.execute(f"SELECT {key}, {column} FROM {table} WHERE {key} IN (?, ?)", (one, other)))  # noqa: S608
        for at, text in ((one, found[other]), (other, found[one])):
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (text, at))  # noqa: S608

    def delete(connection: sqlite3.Connection, rng: random.Random) -> None:
        table, _, key = rng.choice((*columns, ("certificate", "pem", "sha256")))
        connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (key_of(table, rng),))  # noqa: S608

    def taken_out(connection: sqlite3.Connection, rng: random.Random) -> None:
        """An entry and its checkpoint, and everything behind it moved up."""
        at = rng.randrange(size)
        connection.execute("DELETE FROM entry WHERE position = ?", (at,))
        connection.execute("DELETE FROM checkpoint WHERE size = ?", (at + 1,))
        connection.execute("UPDATE entry SET position = -position WHERE position > ?", (at,))
        connection.execute("UPDATE entry SET position = -position - 1 WHERE position < 0")
        connection.execute("UPDATE checkpoint SET size = -size WHERE size > ?", (at + 1,))
        connection.execute("UPDATE checkpoint SET size = -size - 1 WHERE size < 0")

    def cut(connection: sqlite3.Connection, rng: random.Random) -> None:
        at = rng.randrange(size)
        connection.execute("DELETE FROM entry WHERE position >= ?", (at,))
        connection.execute("DELETE FROM checkpoint WHERE size > ?", (at,))

    def repeated(connection: sqlite3.Connection, rng: random.Random) -> None:
        at = rng.randrange(size)
        connection.execute("INSERT INTO entry SELECT ?, record FROM entry WHERE position = ?", (size, at))
        connection.execute(
            "INSERT INTO checkpoint SELECT ?, note, peaks FROM checkpoint WHERE size = ?", (size + 1, at + 1)
        )

    def twin(connection: sqlite3.Connection, rng: random.Random) -> None:
        at = rng.randint(1, size)
        (signed,) = connection.execute("SELECT note FROM checkpoint WHERE size = ?", (at,)).fetchone()
        connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note_twin(signed), at))

    def resigned(*by: Identity) -> Write:
        def write(connection: sqlite3.Connection, rng: random.Random) -> None:
            at = rng.randint(1, size)
            (own,) = connection.execute("SELECT record FROM entry WHERE position = ?", (at - 1,)).fetchone()
            who = rng.choice([p for p in by if p.fingerprint != json.loads(own)["signer"]])
            (signed,) = connection.execute("SELECT note FROM checkpoint WHERE size = ?", (at,)).fetchone()
            again = note.sign(note.read(signed), who)
            connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (again, at))

        return write

    def added(connection: sqlite3.Connection, rng: random.Random) -> None:
        """The certificate of somebody who signed nothing."""
        who = rng.choice((made.stranger, made.people["left"], made.people["approver"]))
        connection.execute("INSERT INTO certificate VALUES (?, ?)", (who.fingerprint, who.pem.decode()))

    def shortened(connection: sqlite3.Connection, rng: random.Random) -> None:
        """A chain without its root."""
        who = rng.choice([p for p in made.people.values() if p.fingerprint in signers])
        text = pem((who.certificate,)).decode()
        connection.execute("UPDATE certificate SET pem = ? WHERE sha256 = ?", (text, who.fingerprint))

    return {
        **{f"{kind} in a row": draw(cell(edit)) for kind, edit in edits.BYTES.items()},
        **{f"{kind} in an entry": draw(said(edit)) for kind, edit in edits.JSON.items()},
        "rows swapped": draw(swap),
        "row deleted": draw(delete),
        "entry taken out": draw(taken_out),
        "tail cut": draw(cut),
        "entry repeated": draw(repeated),
        "ECDSA twin": draw(twin),
        "checkpoint signed by an untrusted key": draw(resigned(made.stranger)),
        "checkpoint signed by another person": draw(resigned(*made.people.values())),
        "rewritten by an untrusted key": draw(rewrite(made.stranger)),
        "rewritten by a trusted person": draw(rewrite(made.people["clinical"])),
        "certificate added": draw(added),
        "chain without its root": draw(shortened),
    }


def note_twin(signed: str) -> str:
    """Return a signed note with the other signature of the same key."""
    start, _, blob = signed.rstrip("\n").rpartition(" ")
    raw = base64.b64decode(blob)
    return f"{start} {base64.b64encode(raw[:4] + edits.twin(raw[4:])).decode()}\n"


def rewrite(by: Identity) -> Write:
    """Change an entry and sign it, and all that follow, consistently: what the log alone cannot show."""

    def write(connection: sqlite3.Connection, rng: random.Random) -> None:
        entries = [json.loads(r) for (r,) in connection.execute("SELECT record FROM entry ORDER BY position")]
        at = rng.randrange(len(entries))
        (first,) = connection.execute("SELECT note FROM checkpoint WHERE size = 1").fetchone()
        peaks: tuple[bytes, ...] = ()
        entries[at]["body"] = edits.put_in(entries[at]["body"], rng)
        connection.execute("DELETE FROM certificate WHERE sha256 = ?", (by.fingerprint,))
        connection.execute("INSERT INTO certificate VALUES (?, ?)", (by.fingerprint, by.pem.decode()))
        for index, e in enumerate(entries):
            who = (by.name, by.fingerprint) if index >= at else (e["actor"], e["signer"])
            data = record(index, e["time"], e["kind"], *who, e["body"])
            peaks = merkle.add(peaks, index, merkle.leaf_hash(data))
            if index >= at:
                root = merkle.peaks_root(peaks)
                signed = note.sign(note.Checkpoint(origin=note.read(first).origin, size=index + 1, root=root), by)
                connection.execute("UPDATE entry SET record = ? WHERE position = ?", (data.decode(), index))
                connection.execute(
                    "UPDATE checkpoint SET note = ?, peaks = ? WHERE size = ?",
                    (signed, " ".join(p.hex() for p in peaks), index + 1),
                )

    return write


def _of_export(made: Made, path: Path) -> dict[str, Draw]:
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith(b'{"checkpoint"'))

    def of_bytes(edit: edits.Edit) -> Draw:
        return lambda rng: {path: edit(data, rng)}

    def cut(rng: random.Random) -> Changes:
        """A tail, with a first line that says so: a genuine log of an earlier day."""
        kept = lines[: rng.randrange(first + 1, len(lines))]
        newest = note.read(json.loads(kept[-1])["checkpoint"])
        header = {**json.loads(lines[0]), "size": newest.size, "root": newest.root.hex()}
        return {path: b"".join([canonical.dumps(header) + b"\n", *kept[1:]])}

    def twin(rng: random.Random) -> Changes:
        at = rng.randrange(first, len(lines))
        value = json.loads(lines[at])
        value["checkpoint"] = note_twin(value["checkpoint"])
        return {path: b"".join([*lines[:at], canonical.dumps(value) + b"\n", *lines[at + 1 :]])}

    def header(rng: random.Random) -> Changes:
        value = edits.said(json.loads(lines[0]), rng)
        return {path: b"".join([canonical.dumps(value) + b"\n", *lines[1:]])}

    def certificate(rng: random.Random) -> Changes:
        who = rng.choice((made.stranger, made.people["left"], made.people["approver"]))
        line = canonical.dumps({"certificate": who.pem.decode(), "sha256": who.fingerprint}) + b"\n"
        at = rng.randint(1, first)
        return {path: b"".join([*lines[:at], line, *lines[at:]])}

    return {
        **{kind: of_bytes(edit) for kind, edit in (edits.BYTES | edits.LINES).items()},
        "tail cut, first line to match": cut,
        "ECDSA twin": twin,
        "first line changed": header,
        "certificate added": certificate,
    }


def _of_proof(made: Made, path: Path) -> dict[str, Draw]:
    data = path.read_bytes()
    value, other = json.loads(data), json.loads((made.drawer / "other.json").read_bytes())

    def of_bytes(edit: edits.Edit) -> Draw:
        return lambda rng: {path: edit(data, rng)}

    def swapped(rng: random.Random) -> Changes | None:
        parts = rng.sample(sorted(value), rng.randint(1, 3))
        mixed = {**value, **{p: other[p] for p in parts}}
        of_another = {**mixed, "since": None} == {**other, "since": None}  # genuine, of an entry that it names
        return None if of_another else {path: canonical.dumps(mixed)}

    def deeper(rng: random.Random) -> Changes:
        """Parts of one receipt in the other."""
        changed = json.loads(data)
        names = rng.sample(sorted(value["receipt"]), rng.randint(1, 3))
        one, source = rng.choice(
            (("receipt", value["newest"]), ("newest", value["receipt"]), ("receipt", other["receipt"]))
        )
        changed[one].update({n: source[n] for n in names})
        return {path: canonical.dumps(changed)}

    def twin(rng: random.Random) -> Changes:
        changed = json.loads(data)
        which = rng.choice(("receipt", "newest"))
        changed[which]["checkpoint"] = note_twin(changed[which]["checkpoint"])
        return {path: canonical.dumps(changed)}

    def resigned(rng: random.Random) -> Changes:
        changed = json.loads(data)
        which = rng.choice(("receipt", "newest"))
        everybody = (made.stranger, *made.people.values())
        who = rng.choice([p for p in everybody if p.fingerprint != changed[which]["entry"]["signer"]])
        changed[which]["checkpoint"] = note.sign(note.read(changed[which]["checkpoint"]), who)
        changed[which]["signer"] = who.pem.decode()
        return {path: canonical.dumps(changed)}

    def shortened(rng: random.Random) -> Changes:
        changed = json.loads(data)
        which = rng.choice(("receipt", "newest"))
        text = changed[which]["signer"]
        changed[which]["signer"] = text[: text.index("-----BEGIN", 5)]
        return {path: canonical.dumps(changed)}

    return {
        **{kind: of_bytes(edit) for kind, edit in (edits.BYTES | edits.JSON).items()},
        "swap between records": swapped,
        "swap within receipts": deeper,
        "ECDSA twin": twin,
        "signed by another": resigned,
        "chain without its root": shortened,
    }
