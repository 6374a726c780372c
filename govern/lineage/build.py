"""Build the graph of a registered version: what it rests on, and whether registry, files and log still agree."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govern.errors import GovernError, InputError
from govern.lineage import bound, history, people, places
from govern.lineage.graph import SHORT, Graph, Growing, Kind, Node
from govern.lineage.history import History
from govern.project import Workspace
from govern.registry import lookup
from govern.types import Step

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle


def build(workspace: Workspace, target: str) -> Graph:
    """Return the lineage of a registered version.

    Args:
        workspace: the project.
        target: ``NAME/VERSION``.

    Raises:
        InputError: that is no version in the registry.
        ServiceError: the registry does not answer.
    """
    name, _, version = target.rpartition("/")
    if not name or not version.isdecimal():
        raise InputError(f"{target!r} is no registered version", hint="give NAME/VERSION, such as sepsis/3")
    sha256, steps = lookup.evidence_of(workspace, name, version)
    grown = Growing(Node(id=target, kind=Kind.VERSION, label=f"version {target}"))
    known = History.of(workspace, name, int(version), sha256)
    if not sha256:
        missing = Node(id="evidence", kind=Kind.EVIDENCE, label="no evidence")
        grown.add(missing, target, "allows", steps[0].found, False)
        places.aliases(grown, known, "it rests on no evidence")
        return grown.graph()
    held = {s.name: s for s in steps}
    node = Node(id=f"evidence:{sha256}", kind=Kind.EVIDENCE, label=f"evidence {sha256[:SHORT]}", digest=sha256)
    try:
        bundle, signed = _read(known)
    except GovernError as e:
        facts = held.get(lookup.FACTS, held[lookup.SIGNED])
        grown.add(node, target, "allows", f"{facts.name}: {facts.found}", facts.ok)
        history.acts(grown, known, held)
        grown.add(Node(id="record", kind=Kind.EVIDENCE, label="the evidence's record"), node.id, "is", e.message, False)
        places.aliases(grown, known, "its evidence cannot be read")
        return grown.graph()
    node = dataclasses.replace(node, facts=_validity(bundle))
    facts = held.get(lookup.FACTS, held[lookup.SIGNED])
    grown.add(node, target, "allows", f"{facts.name}: {facts.found}", facts.ok)
    history.signer(grown, known, bundle, signed)
    history.acts(grown, known, held)
    bound.bound(grown, known, bundle, held)
    history.order(grown, known, bundle)
    people.waived(grown, known, bundle)
    missing_roles = people.signed(grown, known, bundle)
    places.dossiers(grown, known, bundle)
    places.aliases(grown, known, missing_roles)
    return grown.graph()


def _read(known: History) -> tuple[Bundle, list[Step]]:
    """Return the evidence, with the receipt of its newest decision where the log has one, and what was checked of it.

    Raises:
        InputError: it is missing, or not whole.
    """
    from govern.evidence import bundle
    from govern.evidence.check import check_and_read

    files = bundle.read_folder(known.workspace.evidence / known.evidence)
    steps, read = check_and_read(files, known.trust)
    if read is None:
        raise InputError(next(s.found for s in steps if not s.ok))
    if read.sha256 != known.evidence:
        raise InputError(f"the folder holds the evidence {read.sha256}")
    if known.decision is not None:
        read = bundle.attach_receipt(read, known.receipt(known.decision))
    return read, steps


def _validity(bundle: Bundle) -> dict[str, str]:
    from govern.lifecycle import expiry

    if bundle.receipt is None:
        return {}
    return {"validity": expiry.told(bundle.record, bundle.receipt.entry.moment, datetime.now(UTC)).found}
