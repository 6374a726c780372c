"""Forms: a group's open questions as a YAML file that a clinician can fill in with any editor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import wrap

from govern import strict_yaml
from govern.declared import places, schema
from govern.declared.catalogue import Fact, Group
from govern.declared.reading import SCHEMA, Declared
from govern.declared.review import missing
from govern.declared.values import DOCUMENT, OWNER
from govern.errors import InputError
from govern.files import replace
from govern.strict_yaml import Document

#: The schema lies beside the forms, so that an editor finds it on every machine.
_SCHEMA_FILE = "facts.schema.json"
_HEAD = f"""\
# yaml-language-server: $schema={_SCHEMA_FILE}
# {{title}}: write the answers below the questions; what stays empty counts as not declared.
# Text may have several lines: indent each of them as the first.
# Where a question does not apply, write instead:  ID: {{{{not_applicable: WHY, by: WHO}}}}
schema: {SCHEMA}
by: ""   # who says this
on:      # on which day, such as 2026-11-20
facts:
"""
_TOP = re.compile(r"[^\s#-]")


def write(project: Document, root: Path, found: Declared, groups: Iterable[Group]) -> dict[Path, int]:
    """Write the open questions of groups into the project's folder of facts; returns each form with how many are new.

    What is in a file stays as it is, and a question that stands in it is not put again. A folder ``facts`` is made and
    named in the project file where that names none.

    Raises:
        PolicyError: a file that is there is no YAML, or the folder lies outside the project.
        InputError: a file cannot be written.
    """
    named = places.folder(project, root)
    folder = root / places.FOLDER if named is None else named
    forms = {folder / f"{group.id}.yaml": (group, missing(found, group.facts)) for group in groups}
    new: dict[Path, int] = {}
    texts: dict[Path, str] = {}
    for path, (group, open_) in forms.items():
        if path.exists():
            document = strict_yaml.read(path)
            added = [fact for fact in open_ if fact.id not in (document.value.get("facts") or {})]
            texts[path] = _added(document, added)
        elif added := list(open_):
            texts[path] = _HEAD.format(title=group.title) + _questions(added, 2)
        else:
            continue
        new[path] = len(added)
    if any(new.values()):
        if named is None:
            _make(folder, project.path)
        replace(folder / _SCHEMA_FILE, schema.text().encode())
    for path, count in new.items():
        if count:
            replace(path, texts[path].encode())
    return new


def _make(folder: Path, project: Path) -> None:
    """Make the folder of facts and name it in the project file."""
    try:
        folder.mkdir(exist_ok=True)
        text = project.read_text(encoding="utf-8")
    except OSError as e:
        raise InputError(f"{folder}: cannot be made: {e.strerror}", hint="choose a folder you own") from None
    end = "" if text.endswith("\n") else "\n"
    replace(project, f"{text}{end}facts: {folder.name}\n".encode())


def _added(document: Document, new: Sequence[Fact]) -> str:
    """Return a file's text with new questions below the last of its facts."""
    there = document.value.get("facts") or {}
    lines = document.path.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if "facts" not in document.value:
        return "".join([*lines, "facts:\n", _questions(new, 2)])
    start = document.line(("facts",))
    end = next((i for i in range(start, len(lines)) if _TOP.match(lines[i])), len(lines))
    first = document.line(("facts", next(iter(there)))) - 1 if there else 0
    indent = len(lines[first]) - len(lines[first].lstrip()) if there else 2
    return "".join([*lines[:end], _questions(new, indent), *lines[end:]])


def _questions(facts: Iterable[Fact], indent: int) -> str:
    return "".join(f"\n{_question(fact, ' ' * indent)}" for fact in facts)


def _question(fact: Fact, space: str) -> str:
    told = [fact.label, *wrap(fact.ask, 100), *wrap(_kind(fact), 100)]
    if fact.example:
        told += wrap(f"For example: {fact.example}", 100)
    comment = "".join(f"{space}# {line}\n" for line in told)
    return f"{comment}{space}{fact.id}:{_blank(fact, space)}\n"


def _kind(fact: Fact) -> str:
    return {
        "text": "Text.",
        "list": "A list: one line for each, which begins with a dash.",
        "table": "A table: a row begins with a dash; copy it for more rows. Put a text that holds a colon in quotes.",
        "choice": f"One of: {', '.join(fact.choices)}.",
        "yes_no": "yes or no.",
        "date": "A date, such as 2026-11-20.",
        "number": f"A number{f' ({fact.unit})' if fact.unit else ''}.",
        "document": "A document: its title, and what else is known of it.",
        "owner": "A name, an organisation, an address.",
    }[fact.kind]


def _blank(fact: Fact, space: str) -> str:
    """Return an empty value, ready to be written in; each reads as not declared."""
    below = f"\n{space}  "
    if fact.kind == "text":
        return f" |-{below}"
    if fact.kind == "list":
        return f"{below}- "
    if fact.kind == "table":
        cells = f"{below}  ".join(f"{name}:   # {what}" for name, what in fact.columns.items())
        return f"{below}- {cells}"
    if fact.kind in {"document", "owner"}:
        known = DOCUMENT if fact.kind == "document" else OWNER
        return "".join(f'{below}{key}: ""{f"   # {what}" if what else ""}' for key, what in known.items())
    return " "
