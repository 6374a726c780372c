"""Who approved or rejected a registered version, and which signatures its policy still asks for.

Rules, beyond those of 21 CFR Part 11 (11.10(g) authority checks, 11.50, 11.70, 11.200):

- A signature counts if its signer held the role at that time and is not the author: whoever signed the
  evidence, or entered its decision, signs as author by that, and in no other role.
- A policy that asks for the role ``author`` has it by the evidence's own signature.
- One person in each role is enough; who may sign in two roles is for the root to say.
- A rejection undoes earlier approvals in its role and blocks promotion, also in a role that the policy does
  not ask for. An approval in the same role lifts it: by the person who rejected, or by another one once that
  person no longer holds the role. Otherwise a "no" could be outvoted by asking somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from govern import canonical
from govern.errors import GovernError, InputError
from govern.evidence import facts
from govern.evidence.bundle import APPROVALS
from govern.evidence.receipt import Entry, Receipt
from govern.lifecycle.entries import is_author, one_log, same_person, signed_by
from govern.policy import from_json
from govern.types import Signatory, Step

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Log
    from govern.project import Workspace
    from govern.signing.trust import Trust

APPROVAL, REJECTION = "approval", "rejection"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One approval or rejection that counts."""

    role: Signatory
    receipt: Receipt
    chain: tuple[Certificate, ...]

    @property
    def entry(self) -> Entry:
        """The log's entry."""
        return self.receipt.entry

    def __str__(self) -> str:
        """Who, when, what it means, and where it stands."""
        entry = self.entry
        return f"{entry.actor}, {entry.moment:%Y-%m-%d %H:%M:%S} UTC: {entry.body['meaning']} (entry {entry.index})"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a version stands: who signed, what is missing, which rejections block."""

    name: str
    version: int
    required: tuple[Signatory, ...]
    #: Role -> its approval, the latest.
    approvals: dict[Signatory, Signature]
    rejections: tuple[Signature, ...]
    #: Entries that do not count: index, and why.
    void: tuple[tuple[int, str], ...] = ()

    @property
    def missing(self) -> tuple[Signatory, ...]:
        """The roles whose approval the policy asks for and nobody has given."""
        return tuple(r for r in self.required if r not in self.approvals)

    @property
    def complete(self) -> bool:
        """Whether nothing stands in the way of promotion."""
        return not self.missing and not self.rejections

    def steps(self, *, needed: bool = True) -> list[Step]:
        """Return a step for each role that the policy asks for or that signed, and for each rejection.

        With ``needed`` false, for a version that nobody has promoted, they only tell.
        """
        target = f"{self.name}/{self.version}"
        told = []
        for role in dict.fromkeys([*self.required, *self.approvals]):
            found = self.approvals.get(role)
            how = f"run `govern approve {target} --role {role.value} --meaning TEXT`"
            no = "; ".join([f"missing: {how}", *(f"entry {i} does not count: {why}" for i, why in self.void)])
            told.append(
                Step(
                    name=f"{APPROVAL} ({role.value})",
                    ok=found is not None or not needed,
                    expected=f"an approval of {target} as {role.value}",
                    found=str(found) if found else no,
                )
            )
        for rejected in self.rejections:
            role_of = rejected.role.value
            lifted = f"lifted when {rejected.entry.actor} approves: `govern approve {target} --role {role_of}`"
            told.append(
                Step(
                    name=f"{REJECTION} ({role_of})",
                    ok=not needed,
                    expected="no rejection that stands",
                    found=f"rejected by {rejected}; {lifted}",
                )
            )
        return told


def standing(workspace: Workspace, bundle: Bundle, name: str, version: int, trust: Trust, now: datetime) -> Standing:
    """Return how a registered version stands at ``now``, from a log that verifies.

    Raises:
        InputError: the log does not verify, or cannot be read.
        PolicyError: the recorded policy cannot be read.
    """
    from govern.evidence.log import Log

    return read(receipts(Log(workspace.log), bundle, name, version, trust, now), bundle, name, version, trust)


def receipts(log: Log, bundle: Bundle, name: str, version: int, trust: Trust, now: datetime) -> list[Receipt]:
    """Return the receipts of all approvals and rejections of a version until ``now``, in order; none is judged.

    Raises:
        InputError: the log does not verify, or cannot be read.
    """
    entries = log.verified(trust).find(evidence=bundle.sha256, name=name, version=version)
    return [log.receipt(e.index) for e in entries if e.kind in (APPROVAL, REJECTION) and e.moment <= now]


def read(found: Sequence[Receipt], bundle: Bundle, name: str, version: int, trust: Trust) -> Standing:
    """Return how a version stands by these receipts, each judged by itself."""
    required = (a.role for a in from_json(bundle.record.policy).approvals)
    approvals: dict[Signatory, Signature] = {}
    rejections: list[Signature] = []
    void: list[tuple[int, str]] = []
    for receipt in sorted(found, key=lambda r: r.index):
        try:
            signed = _counted(receipt, bundle, name, version, trust)
        except GovernError as e:
            void.append((receipt.index, e.message))
            continue
        if receipt.entry.kind == REJECTION:
            approvals.pop(signed.role, None)
            rejections.append(signed)
        elif against := unlifted(signed.chain, signed.role, rejections, trust, signed.entry.moment):
            void.append((receipt.index, f"the rejection of entry {against.entry.index} stands"))
        else:
            rejections = [r for r in rejections if r.role is not signed.role]
            approvals[signed.role] = signed
    return Standing(
        name=name,
        version=version,
        required=tuple(dict.fromkeys(r for r in required if r is not Signatory.AUTHOR)),
        approvals=approvals,
        rejections=tuple(rejections),
        void=tuple(void),
    )


def unlifted(
    chain: Sequence[Certificate],
    role: Signatory,
    rejections: Sequence[Signature],
    trust: Trust,
    moment: datetime,
) -> Signature | None:
    """Return the rejection in a role that an approval by ``chain[0]`` at ``moment`` would not lift, if any."""

    def lifts(rejected: Signature) -> bool:
        held = trust.step("", rejected.chain, moment=moment, clock="time of the approval", roles=(role,))
        return same_person(chain[0], rejected.chain[0]) or not held.ok

    return next((r for r in rejections if r.role is role and not lifts(r)), None)


def attached(found: Sequence[Receipt]) -> bytes:
    """Return receipts as the file :data:`~govern.evidence.bundle.APPROVALS` that travels in a dossier."""
    return canonical.dumps(list(found))


def read_attached(data: bytes) -> list[Receipt]:
    """Return the receipts in such a file.

    Raises:
        InputError: it is malformed.
    """
    from govern.evidence.receipt import read_receipt

    value = facts.parse(data, what=APPROVALS)
    if not isinstance(value, list):
        raise InputError(f"{APPROVALS}: a list was expected", hint="restore the file")
    return [read_receipt(canonical.dumps(v)) for v in value]


def carried(bundle: Bundle, trust: Trust) -> list[Step]:
    """Return the steps for the approvals and rejections that travel with evidence: each must hold, none be missing.

    That none was left out only the log can say.
    """
    if APPROVALS not in bundle.files:
        return []
    try:
        found = read_attached(bundle.files[APPROVALS])
        if not found or not one_log([*found, *([bundle.receipt] if bundle.receipt else [])]):
            raise InputError("they are of no log, or of several")
        name, version = (found[0].entry.body.get(key) for key in ("name", "version"))
        if name != bundle.record.registered_name or type(version) is not int:
            raise InputError(f"they are of {name!r}, and the evidence speaks for {bundle.record.registered_name!r}")
        stands = read(found, bundle, str(name), version, trust)
    except GovernError as e:
        return [Step(name=APPROVALS, ok=False, expected="approvals of this evidence", found=e.message)]
    steps = [s for s in stands.steps(needed=False) if not s.found.startswith("missing")]
    steps += [
        Step(name=f"log entry {index}", ok=False, expected="an approval or rejection that counts", found=why)
        for index, why in stands.void
    ]
    return steps


def _counted(receipt: Receipt, bundle: Bundle, name: str, version: int, trust: Trust) -> Signature:
    """Return an entry as a signature that counts.

    Raises:
        InputError: it does not; the message says why.
    """
    entry = receipt.entry
    body = entry.body
    if entry.kind not in (APPROVAL, REJECTION) or not isinstance(body.get("meaning"), str):
        raise InputError("it is no approval or rejection with a meaning")
    if (body.get("evidence"), body.get("name"), body.get("version")) != (bundle.sha256, name, version):
        raise InputError("it is about other evidence or another version")
    if str(body.get("role")) not in set(Signatory) - {Signatory.AUTHOR}:
        raise InputError(f"the role {body.get('role')!r} approves nothing")
    role = Signatory(body["role"])
    chain = signed_by(receipt, (role,), trust)
    if is_author(chain[0], bundle):
        raise InputError(f"{entry.actor!r} is the author")
    return Signature(role=role, receipt=receipt, chain=chain)
