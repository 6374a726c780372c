"""Named steps for a bundle's raw files: who signed, whether they are trusted, what was signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govern.canonical import sha256
from govern.errors import GovernError, InputError
from govern.evidence import bundle as b
from govern.evidence import model_signature, statement
from govern.evidence.receipt import STEP as INCLUSION
from govern.evidence.receipt import check_receipt, read_receipt
from govern.types import Signatory, Step

if TYPE_CHECKING:
    from govern.signing.trust import Trust

SIGNATURE, TRUST, DIGESTS, STATEMENT = "signature", "signer is trusted", "evidence digests", "statement"
MODEL = "model signature"
_EXPECTED = {
    SIGNATURE: "the statement is signed with the key of signer.pem",
    DIGESTS: f"{len(b.BOUND)} files with the digests in the statement, and no other file",
    STATEMENT: "the statement says what the files say",
    MODEL: f"{b.MODEL_SIGNATURE}: the files of the subject, signed with the key of signer.pem",
}


def check_files(files: Mapping[str, bytes], trust: Trust) -> list[Step]:
    """Return the steps signature, signer is trusted, evidence digests, statement and model signature.

    The files may hold anything.
    """
    return check_and_read(files, trust)[0]


def check_and_read(files: Mapping[str, bytes], trust: Trust) -> tuple[list[Step], b.Bundle | None]:
    """Return the steps of :func:`check_files`, and the bundle if its files are whole and say the same."""
    signature = _step(SIGNATURE, lambda: _signature(files))
    trusted = (
        _trust(files, trust) if signature.ok else _not_reached(TRUST, SIGNATURE, "a certificate under a trusted root")
    )
    digests = _step(DIGESTS, lambda: _digests(files)) if signature.ok else _not_reached(DIGESTS, SIGNATURE)
    steps = [signature, trusted, digests]
    if not digests.ok:
        return [*steps, _not_reached(STATEMENT, DIGESTS), _not_reached(MODEL, DIGESTS)], None
    expected = _EXPECTED[STATEMENT]
    try:
        read = b.from_files({name: data for name, data in files.items() if name != b.RECEIPT})
    except GovernError as e:
        failed = Step(name=STATEMENT, ok=False, expected=expected, found=e.message)
        return [*steps, failed, _not_reached(MODEL, STATEMENT)], None
    stated = Step(name=STATEMENT, ok=True, expected=expected, found=f"evidence {read.sha256}")
    return [*steps, stated, _step(MODEL, lambda: _model(read))], read


def carried(files: Mapping[str, bytes], trust: Trust) -> Trust:
    """Return the trust with the rights that travel with evidence; as it was where they are absent or do not hold.

    What does not hold is told by :func:`check_files`: here it only adds nothing.
    """
    try:
        return _carried(files, trust)
    except GovernError:
        return trust


def check_inclusion(files: Mapping[str, bytes], trust: Trust) -> Step:
    """Return the step log inclusion: the bundle's receipt holds, and is a receipt for this evidence."""
    expected = "a receipt of the log for this evidence"
    try:
        if b.RECEIPT not in files:
            raise InputError("no receipt: this evidence was never entered in a log")
        receipt = read_receipt(files[b.RECEIPT])
        name = _name(files)
        if receipt.entry.body.get("evidence") != name:
            raise InputError(f"the receipt is for other evidence than {name}")
    except GovernError as e:
        return Step(name=INCLUSION, ok=False, expected=expected, found=e.message)
    return check_receipt(receipt, carried(files, trust))


def _carried(files: Mapping[str, bytes], trust: Trust) -> Trust:
    own = {name: files[name] for name in (b.RIGHTS, b.REVOKED) if name in files}
    if not own or not trust.roots:
        return trust
    wider = trust.beside(own)
    if b.REVOKED in own and sha256(own[b.REVOKED]) not in {r.revoked for r in wider.rights}:
        raise InputError(f"{b.REVOKED} is none that {b.RIGHTS} names")
    return wider


def _signature(files: Mapping[str, bytes]) -> str:
    from govern.signing.certificate import common_name, fingerprint, is_development, signer_chain

    for name in (b.STATEMENT, b.SIGNER):
        if name not in files:
            raise InputError(f"{name} is missing")
    signer = signer_chain(files[b.SIGNER])[0]
    statement.verify(files[b.STATEMENT], signer)
    mark = ", DEVELOPMENT KEY" if is_development(signer) else ""
    return f"signed by {common_name(signer)!r} (certificate {fingerprint(signer)[:16]}{mark})"


def _trust(files: Mapping[str, bytes], trust: Trust) -> Step:
    """Judge trust at the log entry's time, since a certificate may have run out since; now, without a receipt."""
    from govern.signing.certificate import signer_chain

    moment, clock = datetime.now(UTC), "now"
    if b.RECEIPT in files:
        try:
            moment, clock = read_receipt(files[b.RECEIPT]).entry.moment, "time of the log entry"
        except GovernError as e:
            return Step(name=TRUST, ok=False, expected="a time of signing", found=e.message)
    try:
        trust = _carried(files, trust)
    except GovernError as e:
        return Step(name=TRUST, ok=False, expected=f"a {b.RIGHTS} that a trusted root signed", found=e.message)
    return trust.step(TRUST, signer_chain(files[b.SIGNER]), moment=moment, clock=clock, roles=(Signatory.AUTHOR,))


def _digests(files: Mapping[str, bytes]) -> str:
    b.check_names(files)
    b.check_digests(statement.read(files[b.STATEMENT])[1], files)
    return f"{len(b.BOUND)} files as signed"


def _model(read: b.Bundle) -> str:
    from govern.signing.certificate import signer_chain

    subject = read.record.subject
    model_signature.check(read.files[b.MODEL_SIGNATURE], subject, signer_chain(read.files[b.SIGNER]))
    return f"{len(subject.files)} files signed, {sum(f.bytes for f in subject.files):,} bytes"


def _name(files: Mapping[str, bytes]) -> str:
    if b.STATEMENT not in files:
        raise InputError(f"{b.STATEMENT} is missing")
    return sha256(statement.read(files[b.STATEMENT])[0])


def _step(name: str, part: Callable[[], str]) -> Step:
    try:
        return Step(name=name, ok=True, expected=_EXPECTED[name], found=part())
    except GovernError as e:
        return Step(name=name, ok=False, expected=_EXPECTED[name], found=e.message)


def _not_reached(name: str, failed: str, expected: str = "") -> Step:
    return Step(name=name, ok=False, expected=expected or _EXPECTED[name], found=f"not reached: {failed}")
