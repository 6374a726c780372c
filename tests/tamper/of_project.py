"""Edits of what a project holds beside evidence and log: rights, data, the model's files, the registry's rows."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from govern.data.opened import open_dataset
from govern.registry.reconcile import reconcile
from govern.scan.local import Scan, scan
from govern.scan.request import Columns
from govern.signing import rights
from govern.signing.certificate import fingerprint
from govern.signing.identity import load
from govern.signing.roots import trusted_roots
from govern.signing.trust import Trust
from govern.types import Role
from govern.verify import verify
from tests.tamper import edits
from tests.tamper.campaign import Changes, Draw, Target
from tests.tamper.made import Made
from tests.tamper.of_log import edited, rows_in

SAME_ROOTS = "the folder holds the same roots: text around a PEM block is nobody's"
_TABLES = ("model_versions", "model_version_tags", "registered_model_aliases", "logged_models")
SAME_FACTS = "pointer and manifest say the same of the same bytes: spaces, the order of keys, what is not compared"


def targets(made: Made) -> list[Target]:
    """Return rights, data, model and registry, as `govern verify` in the project sees them."""
    workspace = made.workspace
    trust = workspace.trust
    roots = {fingerprint(r) for r in trusted_roots(trust)}
    signed = {p: p.read_bytes() for p in (trust / "trust.yaml", *trust.glob("*.crl"))}

    def failed(*what: str) -> list[str]:
        return [f"{name}: {s.name}" for name in what for s in verify(name, workspace) if not s.ok]

    def same_roots(_: Changes) -> str:
        same = {fingerprint(r) for r in trusted_roots(trust)} == roots
        return SAME_ROOTS if same and all(p.read_bytes() == d for p, d in signed.items()) else ""

    def of_data() -> Sequence[str]:
        open_dataset(workspace, Role.TEST, _read)
        return failed(made.first.sha256)

    def of_registry() -> Sequence[str]:
        """Both versions, and the whole registry as the log knows it."""
        whole = [s.name for s in reconcile(workspace, Trust.of(trust)) if not s.ok]
        return [*whole, *failed("sepsis/1", "sepsis/2")]

    facts = _facts(workspace.root / "data")

    def same_facts(_: Changes) -> str:
        return SAME_FACTS if _facts(workspace.root / "data") == facts else ""

    return [
        Target(
            name="rights and roots",
            kinds=_of_rights(made),
            failing=lambda: failed("log"),
            share=0.09,
            excused=same_roots,
        ),
        Target(
            name="data, pointer and manifest",
            kinds=_of_data(workspace.root / "data"),
            failing=of_data,
            share=0.07,
            excused=same_facts,
        ),
        Target(name="model files", kinds=_of_model(made), failing=lambda: failed(made.first.sha256), share=0.06),
        Target(name="registry rows", kinds=_of_registry(made), failing=of_registry, share=0.09),
    ]


def _read(path: Path) -> Scan:
    return scan(path, Columns())


def _facts(folder: Path) -> object:
    """Return data, and what pointer and manifest say of it, as far as anybody goes by it."""
    try:
        pointer = (folder / "test.csv.dvc").read_text()
        said = json.loads((folder / "test.csv.manifest.json").read_bytes())
        said["roles"] = "test" in said["roles"]
        said = {key: said[key] for key in sorted(said) if said[key] is not None and not key.startswith("more")}
        return (folder / "test.csv").read_bytes(), re.findall(r"md5: (\w{32})\b|path: (.+)", pointer), said
    except (OSError, ValueError, KeyError) as e:
        return repr(e)


def _of_rights(made: Made) -> dict[str, Draw]:
    trust = made.workspace.trust
    file = trust / "trust.yaml"
    data = file.read_bytes()
    (revoked,), (root,) = trust.glob("*.crl"), trust.glob("root-*.pem")
    held = rights.read(data, Trust.of(trust).roots)
    stranger = load(made.drawer.parent / "stranger" / "keys", "root")
    lines = data.decode().splitlines(keepends=True)

    def of_bytes(edit: edits.Edit, path: Path) -> Draw:
        before = path.read_bytes()
        return lambda rng: {path: edit(before, rng)}

    def line(pattern: str, new: Callable[[random.Random], str]) -> Draw:
        """Replace one part of one line, as with an editor."""

        def draw(rng: random.Random) -> Changes:
            at = rng.choice([i for i, text in enumerate(lines) if re.search(pattern, text)])
            changed = re.sub(pattern, lambda _: new(rng), lines[at], count=1)
            return {file: "".join([*lines[:at], changed, *lines[at + 1 :]]).encode()}

        return draw

    def role(rng: random.Random) -> str:
        return "roles: [" + ", ".join(rng.sample(["author", "quality", "approver", "clinical", "reviewer"], 2)) + "]"

    def resigned(rng: random.Random) -> Changes:
        """Everything as it was but a right more, signed by a root or a person whom nobody asked."""
        who = rng.choice((stranger, *made.people.values()))
        more = held.granted(made.stranger.certificate, list(held.signers[0].roles), now=held.signers[0].from_)
        text = rights.text(more)
        return {file: text + rights._line(who.sign(text))}

    def twin(rng: random.Random) -> Changes:
        import base64

        body, mark, last = data.rpartition(b"signature: ")
        return {file: body + mark + base64.b64encode(edits.twin(base64.b64decode(last.strip().strip(b'"')))) + b"\n"}

    return {
        **{f"{kind} in trust.yaml": of_bytes(edit, file) for kind, edit in (edits.BYTES | edits.LINES).items()},
        **{f"{kind} in the list of revoked": of_bytes(edit, revoked) for kind, edit in edits.BYTES.items()},
        **{f"{kind} in the root": of_bytes(edit, root) for kind, edit in edits.BYTES.items()},
        "role edited": line(r"roles: \[.*\]", role),
        "end of a right moved": line(r'until: "\d{4}', lambda rng: f'until: "{rng.randint(2030, 2099)}'),
        "begin of a right moved": line(r'from: "\d{4}', lambda rng: f'from: "{rng.randint(2001, 2025)}'),
        "certificate exchanged": line(r'certificate: "\w+"', lambda _: f'certificate: "{made.stranger.fingerprint}"'),
        "name edited": line(r"name: .*", lambda rng: f'name: "Ada Lee {rng.randrange(99)}"'),
        "serial raised": line(r"serial: \d+", lambda rng: f"serial: {rng.randint(7, 99)}"),
        "revocation taken out": line(r'revoked: "\w+"\n', lambda _: ""),
        "comment added": line(r"$", lambda rng: f"  # {rng.randrange(10**6)}"),
        "signed by another": resigned,
        "ECDSA twin": twin,
        "older trust.yaml": lambda rng: {file: made.older},
        "trust.yaml removed": lambda rng: {file: None},
        "list of revoked removed": lambda rng: {revoked: None},
        "root removed": lambda rng: {root: None},
        "older, list removed": lambda rng: {file: made.older, revoked: None},
    }


def _of_data(folder: Path) -> dict[str, Draw]:
    files = [folder / name for name in ("test.csv", "test.csv.dvc", "test.csv.manifest.json")]
    whole = {p: p.read_bytes() for p in files}

    def of_bytes(edit: edits.Edit, among: Sequence[Path]) -> Draw:
        def draw(rng: random.Random) -> Changes:
            path = rng.choice(among)
            return {path: edit(whole[path], rng)}

        return draw

    return {
        **{f"{kind} in the data": of_bytes(edit, files[:1]) for kind, edit in (edits.BYTES | edits.LINES).items()},
        **{f"{kind} in the pointer": of_bytes(edit, files[1:2]) for kind, edit in edits.BYTES.items()},
        **{f"{kind} in the manifest": of_bytes(edit, files[2:]) for kind, edit in edits.BYTES.items()},
        **{f"{kind} in the manifest": of_bytes(edit, files[2:]) for kind, edit in edits.JSON.items()},
        "file removed": lambda rng: {rng.choice(files): None},
    }


def _of_model(made: Made) -> dict[str, Draw]:
    folder = made.project.model
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    whole = {p: p.read_bytes() for p in files}

    def of_bytes(edit: edits.Edit) -> Draw:
        def draw(rng: random.Random) -> Changes:
            path = rng.choice(files)
            return {path: edit(whole[path], rng)}

        return draw

    def renamed(rng: random.Random) -> Changes:
        path = rng.choice(files)
        return {path: None, path.with_name(f"{rng.randrange(10**6)}{path.suffix}"): whole[path]}

    def exchanged(rng: random.Random) -> Changes:
        one, other = rng.sample(files, 2)
        return {one: whole[other], other: whole[one]}

    def linked(rng: random.Random) -> Changes:
        """A link to a copy: the same bytes, for as long as the copy stays as it is."""
        path = rng.choice(files)
        copy = made.drawer / f"copy-{rng.randrange(10**6)}"
        copy.write_bytes(whole[path])
        return {path: copy}

    return {
        **{kind: of_bytes(edit) for kind, edit in edits.BYTES.items()},
        "file removed": lambda rng: {rng.choice(files): None},
        "file added": lambda rng: {folder / f"more-{rng.randrange(10**6)}.py": rng.randbytes(9)},
        "compiled file added": lambda rng: {folder / "__pycache__" / f"m{rng.randrange(10**6)}.pyc": rng.randbytes(9)},
        "file renamed": renamed,
        "files exchanged": exchanged,
        "file linked": linked,
    }


def _of_registry(made: Made) -> dict[str, Draw]:
    path = made.project.database
    whole = path.read_bytes()
    with sqlite3.connect(path) as connection:
        tags = connection.execute("SELECT version, key, value FROM model_version_tags").fetchall()
    connection.close()
    elsewhere = made.drawer / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "MLmodel").write_text("flavors: {}\n")

    rows = rows_in(whole, _TABLES)

    def draw(write: Callable[[sqlite3.Connection, random.Random], object]) -> Draw:
        def drawn(rng: random.Random) -> Changes | None:
            data = edited(whole, lambda c: write(c, rng))
            return {path: data} if rows_in(data, _TABLES) != rows else None

        return drawn

    def run(statement: str, *values: Callable[[random.Random], object]) -> Draw:
        return draw(lambda connection, rng: connection.execute(statement, [v(rng) for v in values]))

    def version(rng: random.Random) -> object:
        return rng.choice((1, 2))

    def tag(connection: sqlite3.Connection, rng: random.Random) -> None:
        number, key, value = rng.choice(tags)
        new = rng.choice((edits.flip, edits.truncate, edits.repeat))(value.encode(), rng)
        connection.execute(
            "UPDATE model_version_tags SET value = ? WHERE version = ? AND key = ?",
            (new.decode(errors="replace"), number, key),
        )

    def tag_removed(connection: sqlite3.Connection, rng: random.Random) -> None:
        number, key, _ = rng.choice(tags)
        connection.execute("DELETE FROM model_version_tags WHERE version = ? AND key = ?", (number, key))

    def tag_renamed(connection: sqlite3.Connection, rng: random.Random) -> None:
        number, key, _ = rng.choice(tags)
        new = rng.choice((key.upper(), f"{key} ", key.replace("govern", "\uff47overn"), "other"))
        connection.execute("UPDATE model_version_tags SET key = ? WHERE version = ? AND key = ?", (new, number, key))

    def tags_swapped(connection: sqlite3.Connection, rng: random.Random) -> None:
        """Facts of one version on the other: its own evidence, genuine and allowed."""
        for key in rng.sample(sorted({k for _, k, _ in tags}), rng.randint(1, 8)):
            found = {n: v for n, k, v in tags if k == key}
            for number in (1, 2):
                connection.execute(
                    "UPDATE model_version_tags SET value = ? WHERE version = ? AND key = ?",
                    (found[3 - number], number, key),
                )

    def description(connection: sqlite3.Connection, rng: random.Random) -> None:
        number = version(rng)
        (old,) = connection.execute("SELECT description FROM model_versions WHERE version = ?", (number,)).fetchone()
        new = rng.choice((edits.flip, edits.delete, edits.line_deleted, edits.lines_swapped))(old.encode(), rng)
        connection.execute(
            "UPDATE model_versions SET description = ? WHERE version = ?", (new.decode(errors="replace"), number)
        )

    def moved(column: str) -> Draw:
        def write(connection: sqlite3.Connection, rng: random.Random) -> None:
            place = rng.choice((elsewhere, made.drawer / f"none-{rng.randrange(10**6)}", made.project.root))
            connection.execute(f"UPDATE model_versions SET {column} = ? WHERE version = ?", (str(place), version(rng)))  # noqa: S608

        return draw(write)

    def logged(connection: sqlite3.Connection, rng: random.Random) -> None:
        """The logged model itself lies elsewhere now."""
        place = rng.choice((elsewhere, made.drawer / f"none-{rng.randrange(10**6)}"))
        connection.execute("UPDATE logged_models SET artifact_location = ?", (str(place),))

    def hexadecimal(rng: random.Random) -> object:
        return rng.randbytes(16).hex()

    def around(connection: sqlite3.Connection, rng: random.Random) -> None:
        """One more version of the approved files, with or without the facts of the approved one."""
        number, facts = rng.randint(3, 999), rng.random() < 0.5
        columns = [c[1] for c in connection.execute("PRAGMA table_info(model_versions)") if c[1] != "version"]
        names = ", ".join(columns)
        connection.execute(
            f"INSERT INTO model_versions ({names}, version) SELECT {names}, ? FROM model_versions WHERE version = 1",  # noqa: S608
            (number,),
        )
        if facts:
            connection.execute(
                "INSERT INTO model_version_tags (key, value, name, version, workspace) "
                "SELECT key, value, name, ?, workspace FROM model_version_tags WHERE version = 1",
                (number,),
            )

    def renamed(connection: sqlite3.Connection, rng: random.Random) -> None:
        new = f"{rng.choice(('Sepsis', 'sepsis ', 'other'))}{rng.randrange(1000)}"
        for table in ("registered_models", "model_versions", "model_version_tags", "registered_model_aliases"):
            connection.execute(f"UPDATE {table} SET name = ?", (new,))  # noqa: S608

    return {
        "tag edited": draw(tag),
        "tag removed": draw(tag_removed),
        "tag renamed": draw(tag_renamed),
        "facts of another version": draw(tags_swapped),
        "reserved tag added": run(
            "INSERT INTO model_version_tags (key, value, name, version, workspace) "
            "VALUES (?, 'yes', 'sepsis', ?, 'default')",
            lambda rng: f"govern.{rng.randrange(10**6)}",
            version,
        ),
        "description edited": draw(description),
        "source moved": moved("source"),
        "download location moved": moved("storage_location"),
        "logged model moved": draw(logged),
        "put into use unapproved": run(
            "UPDATE model_versions SET current_stage = ? WHERE version = 2",
            lambda rng: rng.choice(("Production", "Staging")),
        ),
        "alias moved": run("UPDATE registered_model_aliases SET version = 2"),
        "alias added": run(
            "INSERT INTO registered_model_aliases (alias, version, name, workspace) VALUES (?, 2, 'sepsis', 'default')",
            lambda rng: f"a{rng.randrange(10**6)}",
        ),
        "version written around the gate": draw(around),
        "row removed": run("DELETE FROM model_versions WHERE version = ?", version),
        "run exchanged": run("UPDATE model_versions SET run_id = ? WHERE version = ?", hexadecimal, version),
        "renamed": draw(renamed),
        "version deleted": run(
            "UPDATE model_versions SET current_stage = 'Deleted_Internal' WHERE version = ?", version
        ),
        "version renumbered": draw(
            lambda connection, rng: [
                connection.execute(f"UPDATE {table} SET version = ? WHERE version = 2", (number,))  # noqa: S608
                for number in (rng.randint(3, 99),)
                for table in ("model_versions", "model_version_tags")
            ]
        ),
    }
