"""What the log tells of a version: who did what and when, under which key and root, and in which order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govern.errors import GovernError
from govern.evidence.entry import KEYS
from govern.evidence.receipt import Entry, Receipt, check_receipt
from govern.lineage.graph import SHORT, Growing, Kind, Node
from govern.registry import lookup
from govern.types import Step

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Log
    from govern.project import Workspace
    from govern.signing.trust import Trust


@dataclass(frozen=True, kw_only=True)
class History:
    """The version asked about, and the log as it is now; ``fault`` says why the log does not verify, if so."""

    workspace: Workspace
    name: str
    version: int
    evidence: str
    trust: Trust
    log: Log
    entries: tuple[Entry, ...]
    root: str
    fault: str

    @classmethod
    def of(cls, workspace: Workspace, name: str, version: int, evidence: str) -> History:
        """Return the history of a version; a log that does not verify is told, as far as it can be read."""
        from govern.evidence.log import Log
        from govern.signing.trust import Trust

        trust, log = Trust.of(workspace.trust), Log(workspace.log)
        root = fault = ""
        try:
            verified = log.verified(trust)
            entries, root = verified.entries, verified.root
        except GovernError as e:
            fault, entries = e.message, ()
            with contextlib.suppress(GovernError):  # the fault is told on each edge
                entries = tuple(log.entries())
        return cls(
            workspace=workspace,
            name=name,
            version=version,
            evidence=evidence,
            trust=trust,
            log=log,
            entries=entries,
            root=root,
            fault=fault,
        )

    def about(self, *kinds: str) -> Iterator[Entry]:
        """Yield the entries of these kinds about this evidence, in order; of others' versions none."""
        for entry in self.entries:
            version = (entry.body.get("name", self.name), entry.body.get("version", self.version))
            mine = entry.body.get("evidence") == self.evidence and version == (self.name, self.version)
            if entry.kind in kinds and mine:
                yield entry

    @property
    def decision(self) -> Entry | None:
        """The newest decision about the evidence."""
        return next(reversed([*self.about("decision")]), None)

    def receipt(self, entry: Entry) -> Receipt:
        """Return the receipt of an entry.

        Raises:
            InputError: the log is damaged there.
        """
        return self.log.receipt(entry.index)

    def held(self, entry: Entry) -> Step:
        """Return the step that says whether an entry's receipt holds, in a log that verifies."""
        try:
            step = check_receipt(self.receipt(entry), self.trust)
        except GovernError as e:
            step = Step(name="", ok=False, expected="", found=e.message)
        if step.ok and self.fault:
            return Step(name=step.name, ok=False, expected=step.expected, found=self.fault)
        return step


def acts(grown: Growing, known: History, held: dict[str, Step]) -> None:
    """Add the decisions about the evidence, the registration, and the checkpoint that covers all of the log."""
    evidence, signed = f"evidence:{known.evidence}", held[lookup.SIGNED]
    for entry in known.about("decision"):
        what = f"{entry.kind} ({entry.body.get('verdict')})"
        add(grown, known, entry, evidence, "decides", f"{signed.name}: {signed.found}", signed.ok, what=what)
    registered = held.get(lookup.REGISTRATION, signed)
    for entry in known.about("registration"):
        proof = f"{registered.name}: {registered.found}"
        add(grown, known, entry, grown.root.id, "registers", proof, registered.ok)
    _checkpoint(grown, known)


def order(grown: Growing, known: History, bundle: Bundle) -> None:
    """Add the freezes of the policy and the looks at the test set that the decision recorded: they prove the order."""
    from govern import looks

    decision = known.decision
    if decision is None:
        return
    try:
        stated = looks.read(decision)
        now = looks.recall(known.entries, decision)
    except GovernError as e:
        lost = Node(id="order", kind=Kind.LOG, label="the order of events")
        grown.add(lost, f"evidence:{known.evidence}", "precedes", e.message, False)
        return
    if stated is None:
        return
    policy = f"policy:{bundle.record.policy.get('sha256')}"
    dataset = next((f"dataset:{d.role}:{d.sha256}" for d in bundle.record.datasets if d.sha256 == stated.dataset), "")
    looked = dataset or f"evidence:{known.evidence}"
    told = "; ".join(stated.sentences()) or "the policy was frozen before anybody looked, and nobody looked more often"
    proof = told if now == stated else "the log has no such events, or others than the decision recorded"
    moments = {
        m.index: (m, target, verb)
        for m, target, verb in (
            (stated.replaced, policy, "froze other content of"),
            (stated.frozen, policy, "freezes"),
            (stated.first, looked, "looks first at"),
            (stated.look, looked, f"is look {stated.number} at"),
        )
        if m is not None
    }
    known_entries = {e.index: e for e in known.entries}
    for index, (_, target, verb) in sorted(moments.items()):
        if (entry := known_entries.get(index)) is not None:
            add(grown, known, entry, target, verb, proof, now == stated)


def signer(grown: Growing, known: History, bundle: Bundle, steps: list[Step]) -> None:
    """Add the key that signed the evidence, and the root above it; ``steps`` are those of ``check_and_read``."""
    from govern.evidence.bundle import SIGNER
    from govern.evidence.check import TRUST

    trusted = next(s for s in steps if s.name == TRUST)
    broken = next((s for s in steps if not s.ok), trusted)
    moment = bundle.receipt.entry.moment if bundle.receipt else datetime.now(UTC)
    proof = f"{broken.name}: {broken.found}"
    _key(grown, known, bundle.files[SIGNER], f"evidence:{known.evidence}", proof, broken.ok, moment=moment)


def add(
    grown: Growing,
    known: History,
    entry: Entry,
    target: str,
    relation: str,
    proof: str,
    ok: bool,
    *,
    what: str = "",
    kind: Kind = Kind.LOG,
) -> None:
    """Add an act in the log that led to ``target``, and the key that signed it; ``what`` names the act.

    Of an entry about a key no signer is added: whose key that is, the root says.
    """
    node = f"{kind.value}:{entry.index}"
    first, step = not grown.has(node), known.held(entry)
    label = f"log entry {entry.index}: {what or entry.kind} by {entry.actor}, {entry.time}"
    facts = {"entry": str(entry.index), "act": entry.kind, "time": entry.time, "actor": entry.actor}
    made = Node(id=node, kind=kind, label=label, digest=entry.leaf_sha256, facts=facts)
    grown.add(made, target, relation, proof if step.ok or not ok else step.found, ok and step.ok)
    if not first or entry.kind == KEYS:
        return
    with contextlib.suppress(GovernError):  # the edge from the entry says what is damaged
        receipt = known.receipt(entry)
        place = (
            f"entry {entry.index} leads to the root {receipt.root[:SHORT]} of {receipt.size} entries, which it signed"
        )
        proof = place if step.ok else step.found
        _key(grown, known, receipt.signer.encode(), node, proof, step.ok, moment=entry.moment)


def _key(grown: Growing, known: History, pem: bytes, target: str, proof: str, ok: bool, *, moment: datetime) -> None:
    from govern.signing.certificate import common_name, fingerprint, is_development, read_chain

    chain = read_chain(pem)
    own, who = fingerprint(chain[0]), common_name(chain[0])
    first = not grown.has(f"key:{own}")
    label = f"key of {who} {own[:SHORT]}{' (DEVELOPMENT KEY)' if is_development(chain[0]) else ''}"
    node = Node(id=f"key:{own}", kind=Kind.KEY, label=label, digest=own, facts={"holder": who})
    grown.add(node, target, "signs", proof, ok)
    if not first:
        return
    if len(chain) > 1:
        root = fingerprint(chain[-1])
        step = known.trust.step("", chain, moment=moment, clock="time of the log entry")
        above = Node(
            id=f"root:{root}", kind=Kind.ROOT, label=f"root {common_name(chain[-1])} {root[:SHORT]}", digest=root
        )
        grown.add(above, node.id, "certifies", step.found, step.ok)
    for entry in known.entries:
        if entry.kind == KEYS and entry.body.get("certificate") == own:
            roles = ", ".join(map(str, entry.body.get("roles") or ()))
            what = f"key {entry.body.get('action')}{f' as {roles}' if roles else ''}"
            add(
                grown,
                known,
                entry,
                node.id,
                "changes",
                f"the entry names the certificate {own[:SHORT]}",
                True,
                what=what,
            )


def _checkpoint(grown: Growing, known: History) -> None:
    size = len(known.entries)
    label = f"log of {size} entries, root {known.root[:SHORT] or 'unknown'}"
    last = known.entries[-1] if known.entries else None
    facts = {} if last is None else {"entries": str(size), "time": last.time, "actor": last.actor}
    node = Node(id="checkpoint", kind=Kind.CHECKPOINT, label=label, digest=known.root or None, facts=facts)
    proof = known.fault or "every entry, root, signature and signer was recomputed, up to the last signed checkpoint"
    grown.add(node, grown.root.id, "covers", proof, not known.fault)
