"""Whether the signatures in a PDF hold; whatever the bytes are, the answer is a list of steps."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from ssl import DER_cert_to_PEM_cert
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.signing import timestamp
from govern.signing.certificate import common_name, is_development, public_key, signer_chain
from govern.signing.integrity import quiet, uncollected, without_trust
from govern.signing.pades.container import B_LTA, check_archive, check_signature, level
from govern.signing.pades.fields import AUTHOR
from govern.signing.pades.usages import Usages
from govern.signing.signature import holds
from govern.signing.trust import CLOCK_TOLERANCE
from govern.types import Signatory, Step

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.signing.timestamp import Stamp
    from govern.signing.trust import Trust

READABLE, SIGNATURES = "PDF readable", "PDF signatures"
SIGNATURE, TRUST, UNCHANGED = "PDF signature", "PDF signer is trusted", "PDF unchanged since signing"
STAMP, ARCHIVE = "PDF time stamp", "PDF archive time stamp"
AUTHORITY = "PDF time-stamp authority is trusted"
_EXPECTED = {
    READABLE: "a PDF file",
    SIGNATURES: "certified by its author; nothing but approvals afterwards, and the time stamps of their level",
    SIGNATURE: "the signed bytes and the signature are intact",
    TRUST: "a certificate under a trusted root",
    UNCHANGED: "no change but further signatures in the fields made for them",
    STAMP: "a time stamp of this signature, within five minutes of the time that the signer states",
    ARCHIVE: "a time stamp of the whole file with its validation data, not before the signature",
    AUTHORITY: "a certificate for time stamps alone, valid at the stamped time, under a trusted root for time stamps",
}


@dataclass(frozen=True, kw_only=True)
class _Signed:
    """A signature in a PDF, and the document time stamp that follows it at level B-LTA."""

    signature: Any
    archive: Any = None

    @property
    def field(self) -> str:
        return str(self.signature.field_name)


def check(pdf: bytes, trust: Trust) -> list[Step]:
    """Return the steps for a signed PDF: readable, signatures, and those of each signature.

    A signature of level B-B has three. Trust in its certificate is judged at the signing time that the signer states,
    since a certificate may have run out since: nobody else vouches for that time. One of level B-LTA has six:
    its time stamp, the authority of that, and the archive time stamp over the file come to it, all verified offline,
    and trust in the signer is judged at the stamped time.

    Args:
        pdf: any bytes.
        trust: whom to believe as signers, and as time-stamp authorities; without one of these no time stamp is
            trusted, and what rests on one does not hold.
    """
    steps: list[Step] = []
    with quiet(), uncollected():
        reader = _attempt(steps, READABLE, lambda: _read(pdf))
        signatures = None if reader is None else _attempt(steps, SIGNATURES, lambda: _signatures(reader))
        if signatures is None:
            failed = steps[-1].name
            names = (f"{n} ({AUTHOR})" for n in (SIGNATURE, TRUST, UNCHANGED))
            return [*steps, *(_not_reached(n, failed) for n in (SIGNATURES, *names) if n != failed)]
        usages = Usages(reader)
        for signed in signatures:
            steps += _check_one(pdf, signed, trust, usages, last=signed is signatures[-1])
    return steps


def _check_one(pdf: bytes, signed: _Signed, trust: Trust, usages: Usages, *, last: bool) -> list[Step]:
    steps: list[Step] = []
    authorities = trust.authorities

    def part(name: str, run: Callable[[], _Told]) -> Any:
        return _attempt(steps, f"{name} ({signed.field})", run)

    found = part(SIGNATURE, lambda: _intact(pdf, signed.signature, usages))
    wanted = [TRUST, UNCHANGED] if signed.archive is None else [STAMP, AUTHORITY, TRUST, UNCHANGED, ARCHIVE]
    if found is None:
        return [*steps, *(_not_reached(f"{n} ({signed.field})", steps[-1].name) for n in wanted)]
    status, token = found
    moment, clock = status.signer_reported_dt.astimezone(UTC), "as the signer states"
    if signed.archive is not None:
        stamp = part(STAMP, lambda: _stamped(token, signed.signature, moment))
        if stamp is None or part(AUTHORITY, lambda: _authority(stamp, authorities)) is None:
            left = wanted[len(steps) - 1 :]
            return [*steps, *(_not_reached(f"{n} ({signed.field})", steps[-1].name) for n in left)]
        moment, clock = stamp.moment, f"as {stamp.authority} stamped"
    name, role = f"{TRUST} ({signed.field})", (Signatory(signed.field),)
    steps.append(trust.step(name, _chain(signed.signature), moment=moment, clock=clock, roles=role))
    part(UNCHANGED, lambda: _unchanged(status, last=last, archived=signed.archive is not None))
    if signed.archive is not None:
        part(ARCHIVE, lambda: _archived(pdf, signed.archive, moment, authorities, last=last))
    return steps


def _read(pdf: bytes) -> _Told:
    from pyhanko.pdf_utils.reader import PdfFileReader

    if not pdf.startswith(b"%PDF-"):
        raise InputError("the bytes are no PDF")
    if not pdf.rstrip().endswith(b"%%EOF"):
        raise InputError("the end of the file is missing: it was cut, or something was added")
    reader = PdfFileReader(io.BytesIO(pdf), strict=True)
    if reader.encrypted:
        raise InputError("the PDF is encrypted")
    return _Told(reader, f"{reader.total_revisions} revisions")


def _signatures(reader: Any) -> _Told:
    """Return the signatures in signing order. Only kinds that are verified here may be in the file."""
    from pyhanko.sign.fields import MDPPerm

    found: list[_Signed] = []
    for each in reader.embedded_signatures:
        if each.sig_object_type != "/DocTimeStamp":
            found.append(_Signed(signature=each))
        elif not found or found[-1].archive is not None or level(found[-1].signature) != B_LTA:
            raise InputError(f"a document time stamp that follows no signature of level {B_LTA}")
        else:
            found[-1] = replace(found[-1], archive=each)
    if not found:
        raise InputError("the PDF is not signed")
    first = found[0].signature
    if first.field_name != AUTHOR or first.docmdp_level not in (MDPPerm.FILL_FORMS, MDPPerm.NO_CHANGES):
        raise InputError(f"the first signature, {first.field_name!r}, is no certification by the author")
    for each in found:
        if each.field not in list(Signatory):
            raise InputError(f"a signature in the field {each.field!r}, which is no role")
        if each.archive is None and level(each.signature) == B_LTA:
            raise InputError(f"the signature {each.field!r} is of level {B_LTA}, and its archive time stamp is missing")
    return _Told(found, ", ".join(f"{s.field} ({level(s.signature)})" for s in found))


def _intact(pdf: bytes, signature: Any, usages: Usages) -> _Told:
    from pyhanko.sign.validation import validate_pdf_signature

    token = check_signature(pdf, signature)
    usages.tell(signature.signed_revision)
    status = validate_pdf_signature(signature, signer_validation_context=without_trust())
    if not (status.intact and status.valid):
        raise InputError("the signed bytes were changed, or the signature is not of them")
    if status.md_algorithm != "sha256" or status.signer_reported_dt is None:
        raise InputError("not a SHA-256 signature with a signing time")
    signer, info = _chain(signature)[0], signature.signer_info
    if not holds(public_key(signer), info["signature"].native, info["signed_attrs"].untag().dump()):
        raise InputError("the signature is the twin of the one that was made (its s is not in the lower half)")
    mark = ", DEVELOPMENT KEY" if is_development(signer) else ""
    when = status.signer_reported_dt.astimezone(UTC)
    reason = signature.sig_object.get("/Reason", "no meaning stated")
    clock = "no trusted time stamp" if token is None else "as the signer states"
    return _Told((status, token), f"{common_name(signer)!r} for {reason}, {when:%Y-%m-%d %H:%M:%S} UTC, {clock}{mark}")


def _stamped(token: bytes, signature: Any, stated: datetime) -> _Told:
    value = signature.signer_info["signature"].native
    stamp = asyncio.run(timestamp.read(token, lambda: sha256(value).digest()))
    if abs(stamp.moment - stated) > CLOCK_TOLERANCE:
        raise InputError(f"stamped {_moment(stamp)}; the signer states {stated:%Y-%m-%d %H:%M:%S} UTC")
    return _Told(stamp, f"{_moment(stamp)} by {stamp.authority!r}")


def _authority(stamp: Stamp, authorities: tuple[Certificate, ...]) -> _Told:
    root = asyncio.run(timestamp.root_of(stamp, authorities))
    return _Told(root, f"{stamp.authority!r} under {common_name(root)!r}")


def _archived(pdf: bytes, archive: Any, signed: datetime, authorities: tuple[Certificate, ...], *, last: bool) -> _Told:
    """Check a document time stamp: over everything before it, and so over the validation data too."""
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    token = check_archive(pdf, archive)
    coverage = archive.evaluate_signature_coverage()
    if coverage < (SignatureCoverageLevel.ENTIRE_FILE if last else SignatureCoverageLevel.ENTIRE_REVISION):
        raise InputError(f"bytes were added after the last time stamp (coverage {coverage.name})")
    stamp = asyncio.run(timestamp.read(token, lambda: bytes(archive.compute_digest("sha256"))))
    root = asyncio.run(timestamp.root_of(stamp, authorities))
    if stamp.moment < signed:
        raise InputError(f"stamped {_moment(stamp)}, before the signature")
    return _Told(stamp, f"{_moment(stamp)} by {stamp.authority!r} under {common_name(root)!r}")


def _moment(stamp: Stamp) -> str:
    return f"{stamp.moment:%Y-%m-%d %H:%M:%S} UTC"


def _unchanged(status: Any, *, last: bool, archived: bool) -> _Told:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    whole = last and not archived
    if status.coverage < (SignatureCoverageLevel.ENTIRE_FILE if whole else SignatureCoverageLevel.ENTIRE_REVISION):
        raise InputError(f"bytes were added after the last signature (coverage {status.coverage.name})")
    level = status.modification_level
    most = ModificationLevel.LTA_UPDATES if last else ModificationLevel.FORM_FILLING
    if not status.docmdp_ok or level is None or level > most:
        raise InputError(f"the document was edited after signing (modification level {level and level.name})")
    since = "time-stamped" if last else "signed further"
    return _Told(True, "covers the whole file" if whole else f"covers its revision; {since} since")


def _chain(signature: Any) -> tuple[Certificate, ...]:
    """Return the certificates in the signature as a chain; one that is no link of it is refused."""
    chain = [signature.signer_cert]
    rest = list(signature.other_embedded_certs)
    while issuer := next((c for c in rest if c.subject == chain[-1].issuer), None):
        chain.append(issuer)
        rest.remove(issuer)
    if rest:
        raise InputError("certificates in the signature that are no part of the signer's chain")
    return signer_chain("".join(DER_cert_to_PEM_cert(c.dump()) for c in chain).encode())


class _Told:
    """A value, and what to tell about it."""

    def __init__(self, value: Any, found: str) -> None:
        self.value, self.found = value, found


def _attempt(steps: list[Step], name: str, part: Callable[[], _Told]) -> Any:
    """Run one part, add its step and return its value; None where it failed."""
    expected = _EXPECTED[name.partition(" (")[0]]
    try:
        told = part()
    except InputError as e:
        steps.append(Step(name=name, ok=False, expected=expected, found=e.message))
    except Exception as e:  # a damaged PDF can raise anything from the parser's depth; none of it verifies
        steps.append(Step(name=name, ok=False, expected=expected, found=f"not readable: {type(e).__name__}: {e}"))
    else:
        steps.append(Step(name=name, ok=True, expected=expected, found=told.found))
        return told.value
    return None


def _not_reached(name: str, failed: str) -> Step:
    return Step(name=name, ok=False, expected=_EXPECTED[name.partition(" (")[0]], found=f"not reached: {failed}")
