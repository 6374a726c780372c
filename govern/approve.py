"""An electronic signature on a registered version: what is checked, what is signed, and in which order.

Everything is checked first. Then the dossiers are signed in memory and kept by their SHA-256, the log entry is
appended, which *is* the signature (:mod:`govern.lifecycle.entries`), and last the signed dossiers replace those
that the model's run keeps. Killed before the entry nothing was signed; killed after it, the same command again
finds the entry and finishes what is left.

A rejection signs no field: whoever opens a PDF takes a signed box for consent, and the box must stay free for
the approval that may lift the rejection. It stands in the log, in ``govern verify NAME/VERSION`` and in every
dossier of the version that is made afterwards. Expired evidence can be rejected, and not approved.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govern import canonical
from govern.errors import GovernError, InputError, PolicyError
from govern.lifecycle import approvals, dossiers, expiry
from govern.lifecycle.approvals import APPROVAL, Signature, Standing
from govern.lifecycle.entries import decided, is_author, must_sign, same_person, signing_time, words
from govern.policy import from_json
from govern.registry import lookup, register
from govern.target import VERSION
from govern.types import Signatory

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Log
    from govern.evidence.receipt import Receipt
    from govern.project import Workspace
    from govern.signing.identity import Identity
    from govern.signing.trust import Trust


@dataclass(frozen=True, kw_only=True)
class Signed:
    """An approval or rejection that is in the log, and how the version stands since."""

    receipt: Receipt
    #: Paths of the dossiers, relative to the run's artifacts, that hold the signature now.
    dossiers: tuple[str, ...]
    standing: Standing
    #: The entry was there already, and this run finished what was left.
    resumed: bool


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A version under signature, with everything about it checked."""

    workspace: Workspace
    log: Log
    trust: Trust
    bundle: Bundle
    name: str
    version: int
    signer: Identity
    role: Signatory
    #: The roles that the policy asks for, in each of which a dossier has a field.
    asked: frozenset[Signatory]

    def standing(self) -> Standing:
        now = signing_time(self.log.last())
        found = approvals.receipts(self.log, self.bundle, self.name, self.version, self.trust, now)
        return approvals.read(found, self.bundle, self.name, self.version, self.trust)


def sign(workspace: Workspace, target: str, *, kind: str, role: Signatory, meaning: str, signer: Identity) -> Signed:
    """Approve or reject a registered version: a log entry, and for an approval a signature in each kept dossier.

    Args:
        workspace: the project.
        target: ``NAME/VERSION``.
        kind: :data:`govern.lifecycle.approvals.APPROVAL` or ``REJECTION``.
        role: in which the person signs.
        meaning: what the signature means (21 CFR 11.50(a)(3)), one line.
        signer: who signs, whose key was opened for this signature alone (11.200(a)).

    Raises:
        PolicyError: the author, somebody who signed already, or against a rejection that stands.
        SigningError: the signer may not sign in this role, or their clock is behind the log.
        InputError: version, evidence, log or a dossier does not hold.
        ServiceError: the registry, the log or a time-stamp authority does not answer.
    """
    case = _checked(workspace, target, role, signer)
    meant = words(meaning, "--meaning", most=200)
    with _alone(workspace):
        stands = case.standing()
        own = stands.approvals.get(role) if kind == APPROVAL else None
        resumed = own is not None and own.entry.signer == signer.fingerprint
        if not resumed:
            _may(case, kind, stands)
        kept = register.kept(workspace, case.bundle)
        signed = _sign_dossiers(case, kept, meant, own) if kind == APPROVAL else {}
        if own is not None and not signed:
            raise _already(own)
        if own is None:
            body = {
                "evidence": case.bundle.sha256,
                "name": case.name,
                "version": case.version,
                "role": role.value,
                "meaning": meant,
                "dossiers": {path: canonical.sha256(pdf) for path, pdf in kept.items()},
                "signed": {path: canonical.sha256(pdf) for path, pdf in signed.items()},
            }
            receipt = case.log.append(kind, body, identity=signer)
        else:
            receipt = own.receipt
        register.replace_kept(workspace, case.bundle, signed)
        return Signed(receipt=receipt, dossiers=tuple(signed), standing=case.standing(), resumed=resumed)


def with_approvals(workspace: Workspace, bundle: Bundle, target: str) -> Bundle:
    """Return the evidence of ``NAME/VERSION`` with the receipts of its approvals and rejections, for a dossier.

    Raises:
        InputError: the log does not hold.
    """
    from govern.evidence.bundle import APPROVALS
    from govern.evidence.log import Log
    from govern.signing.trust import Trust

    match = VERSION.fullmatch(target)
    if match is None or bundle.receipt is None:
        return bundle
    log, trust = Log(workspace.log), Trust.of(workspace.trust)
    now, name, version = signing_time(log.last()), match["name"], int(match["version"])
    found = approvals.receipts(log, bundle, name, version, trust, now)
    stands = approvals.read(found, bundle, name, version, trust)
    void = {index for index, _ in stands.void}
    counted = [r for r in found if r.index not in void]
    if not counted:
        return bundle
    return replace(bundle, files={**bundle.files, APPROVALS: approvals.attached(counted)}, path=None)


def _checked(workspace: Workspace, target: str, role: Signatory, signer: Identity) -> _Case:
    """Return the version that may be signed, as far as version, evidence and signer go."""
    from govern.evidence import bundle
    from govern.evidence.log import Log
    from govern.signing.trust import Trust

    match = VERSION.fullmatch(target)
    if match is None:
        raise PolicyError(f"{target!r} is no registered version", hint="give NAME/VERSION, such as sepsis/3")
    if role is Signatory.AUTHOR:
        raise PolicyError(
            "the author signs by making evidence and dossier, and approves nothing", hint="choose another --role"
        )
    log, trust = Log(workspace.log), Trust.of(workspace.trust)
    must_sign((signer.certificate, *signer.chain), (role,), trust, now=signing_time(log.last()))
    name, number = match["name"], match["version"]
    sha256, steps = lookup.evidence_of(workspace, name, number)
    broken = next((s for s in steps if not s.ok), None)
    if broken is not None:
        raise InputError(
            f"{target} cannot be signed: {broken.name}: {broken.found}", hint=f"see `govern verify {target}`"
        )
    loaded = bundle.load(workspace.evidence / sha256)
    receipt = decided(log, sha256, name, trust)
    logged = bundle.attach_receipt(replace(loaded, path=None), receipt)
    if is_author(signer.certificate, logged):
        raise PolicyError(
            f"{signer.name} is the author of this evidence and can neither approve nor reject it",
            hint="ask another person; author and approver are never the same",
        )
    return _Case(
        workspace=workspace,
        log=log,
        trust=trust,
        bundle=logged,
        name=name,
        version=int(number),
        signer=signer,
        role=role,
        asked=frozenset(a.role for a in from_json(logged.record.policy).approvals),
    )


def _may(case: _Case, kind: str, stands: Standing) -> None:
    """Refuse a signature that would say nothing new, or that the state of the version does not allow."""
    if kind != APPROVAL:
        own = (r for r in stands.rejections if r.role is case.role)
        if any(same_person(r.chain[0], case.signer.certificate) for r in own):
            raise PolicyError(f"{case.signer.name} has rejected this version already", hint="nothing to do")
        return
    if (known := stands.approvals.get(case.role)) is not None:
        raise _already(known)
    now = signing_time(case.log.last())
    chain = (case.signer.certificate, *case.signer.chain)
    against = approvals.unlifted(chain, case.role, stands.rejections, case.trust, now)
    if against is not None:
        raise PolicyError(
            f"the rejection by {against} stands",
            hint=f"it is lifted when {against.entry.actor} approves, or holds the role no longer",
        )
    assert case.bundle.receipt is not None  # noqa: S101 - attached above
    record = case.bundle.record
    for step in (expiry.current(record, case.bundle.receipt.entry.moment, now), expiry.decided_now(record, now)):
        if not step.ok:
            raise PolicyError(f"{step.name}: {step.found}", hint="run the gate again")


def _already(known: Signature) -> PolicyError:
    return PolicyError(f"this version is approved as {known.role.value} already: {known}", hint="nothing to do")


def _sign_dossiers(case: _Case, kept: Mapping[str, bytes], meaning: str, own: Signature | None) -> dict[str, bytes]:
    """Return the kept dossiers that were not signed in this role yet, signed; each is kept by its digest too."""
    from govern.signing import pades
    from govern.signing.timestamp import Authority

    authority = Authority.of(case.workspace.timestamp_url, case.workspace.trust)
    logged = dossiers.logged(case.log, case.bundle.sha256)
    if lost := sorted(set(logged) - set(kept)):
        raise InputError(f"{lost[0]}: this dossier is gone from the run's artifacts", hint="restore it")
    signed = {}
    for path, pdf in kept.items():
        try:
            roles = dossiers.signed_roles(pdf, logged.get(path, ()), case.trust)
        except GovernError as e:
            if (whole := _copy(case.workspace, path, own)) is None:
                raise InputError(
                    f"{path}: {e.message}", hint="restore it in the run's artifacts: what was changed is not signed"
                ) from None
            signed[path] = whole
            continue
        if case.role in case.asked and case.role not in roles:  # there is a field for each role that the policy names
            signed[path] = pades.sign(
                pdf,
                case.signer,
                field=case.role.value,
                reason=meaning,
                when=datetime.now(UTC).replace(microsecond=0),
                authority=authority,
            )
    for pdf in signed.values():
        case.workspace.keep(pdf, ".pdf")
    return signed


def _copy(workspace: Workspace, path: str, own: Signature | None) -> bytes | None:
    """Return the copy of a dossier as its signer's entry has it: storing it may have been killed half-way."""
    if own is None or not isinstance(own.entry.body.get("signed"), dict):
        return None
    sha256 = own.entry.body["signed"].get(path)
    file = workspace.artifacts / f"{sha256}.pdf"
    if not file.is_file():
        return None
    data = file.read_bytes()
    return data if canonical.sha256(data) == sha256 else None


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Let one process at a time sign: of two that sign the same file each would lose the other's signature."""
    path = workspace.state / "approve.lock"
    try:
        stream = path.open("w")
    except OSError as e:
        raise InputError(f"{path}: cannot be written: {e.strerror}", hint="make it writable") from None
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
