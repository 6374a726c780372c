"""Whether the signatures in a PDF hold; whatever the bytes are, the answer is a list of steps."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from ssl import DER_cert_to_PEM_cert
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.signing.certificate import common_name, is_development, read_chain
from govern.signing.pades.fields import AUTHOR
from govern.types import Signatory, Step

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.signing.trust import Trust

READABLE, SIGNATURES = "PDF readable", "PDF signatures"
SIGNATURE, TRUST, UNCHANGED = "PDF signature", "PDF signer is trusted", "PDF unchanged since signing"
_EXPECTED = {
    READABLE: "a PDF file",
    SIGNATURES: "certified by its author; nothing but approvals afterwards",
    SIGNATURE: "the signed bytes and the signature are intact",
    TRUST: "a certificate under a trusted root",
    UNCHANGED: "no change but further signatures in the fields made for them",
}

_SHA256 = {"algorithm": "sha256"}


def check(pdf: bytes, trust: Trust) -> list[Step]:
    """Return the steps for a signed PDF: readable, signatures, and three for each signature.

    Trust in a certificate is judged at the signing time that the signer states, since a certificate
    may have run out since: without a trusted time stamp nobody else vouches for that time.
    """
    steps: list[Step] = []
    with _quiet():
        reader = _attempt(steps, READABLE, lambda: _read(pdf))
        signatures = None if reader is None else _attempt(steps, SIGNATURES, lambda: _signatures(reader))
        if signatures is None:
            failed = steps[-1].name
            left = [n for n in (SIGNATURES, *_of(AUTHOR)) if n != failed]
            return [*steps, *(_not_reached(name, failed) for name in left)]
        for number, signature in enumerate(signatures):
            steps += _check_one(pdf, signature, trust, last=number == len(signatures) - 1)
    return steps


def _check_one(pdf: bytes, signature: Any, trust: Trust, *, last: bool) -> list[Step]:
    steps: list[Step] = []
    held, trusted, unchanged = _of(signature.field_name)
    status = _attempt(steps, held, lambda: _intact(pdf, signature))
    if status is None:
        return [*steps, _not_reached(trusted, held), _not_reached(unchanged, held)]
    moment = status.signer_reported_dt.astimezone(UTC)
    role = (Signatory(signature.field_name),)
    steps.append(trust.step(trusted, _chain(signature), moment=moment, clock="as the signer states", roles=role))
    _attempt(steps, unchanged, lambda: _unchanged(status, last=last))
    return steps


def _read(pdf: bytes) -> Any:
    from pyhanko.pdf_utils.reader import PdfFileReader

    if not pdf.startswith(b"%PDF-"):
        raise InputError("the bytes are no PDF")
    if not pdf.rstrip().endswith(b"%%EOF"):
        raise InputError("the end of the file is missing: it was cut, or something was added")
    reader = PdfFileReader(io.BytesIO(pdf), strict=True)
    if reader.encrypted:
        raise InputError("the PDF is encrypted")
    return _Told(reader, f"{reader.total_revisions} revisions")


def _signatures(reader: Any) -> Any:
    """Return the signatures in signing order. Only kinds that are verified here may be in the file."""
    from pyhanko.sign.fields import MDPPerm

    found = list(reader.embedded_regular_signatures)
    if not found:
        raise InputError("the PDF is not signed")
    if len(found) != len(reader.embedded_signatures):
        raise InputError("a document time stamp, which this version does not verify")
    first = found[0]
    if first.field_name != AUTHOR or first.docmdp_level not in (MDPPerm.FILL_FORMS, MDPPerm.NO_CHANGES):
        raise InputError(f"the first signature, {first.field_name!r}, is no certification by the author")
    return _Told(found, ", ".join(s.field_name for s in found))


def _intact(pdf: bytes, signature: Any) -> Any:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.registry import TrustManager

    class NoTrust(TrustManager):  # type: ignore[misc,unused-ignore]
        """Trust is judged by :class:`Trust`, one way for everything that is signed."""

        def as_trust_anchor(self, cert: Any) -> None:
            return None

        def find_potential_issuers(self, cert: Any) -> Iterator[Any]:
            return iter(())

    _plain_container(pdf, signature)
    context = ValidationContext(trust_manager=NoTrust(), allow_fetching=False)
    status = validate_pdf_signature(signature, signer_validation_context=context)
    if not (status.intact and status.valid):
        raise InputError("the signed bytes were changed, or the signature is not of them")
    if status.md_algorithm != "sha256" or status.signer_reported_dt is None:
        raise InputError("not a SHA-256 signature with a signing time")
    signer = _chain(signature)[0]
    mark = ", DEVELOPMENT KEY" if is_development(signer) else ""
    when = status.signer_reported_dt.astimezone(UTC)
    reason = signature.sig_object.get("/Reason", "no meaning stated")
    return _Told(
        status, f"{common_name(signer)!r} for {reason}, {when:%Y-%m-%d %H:%M:%S} UTC, no trusted time stamp{mark}"
    )


def _plain_container(pdf: bytes, signature: Any) -> None:
    """Check the one part that no signature covers: the hexadecimal string that holds the signature itself.

    It must be, byte by byte, what its certificates, signed attributes and signature value make when
    they are put together anew, and then zeros.
    """
    from asn1crypto.cms import ContentInfo, SignedData, SignerInfo  # type: ignore[import-untyped,unused-ignore]

    start, length, after, _ = (int(v) for v in signature.byte_range)
    content: bytes = signature.pkcs7_content
    signer = signature.signer_info
    again = SignerInfo(
        {
            "version": "v1",
            "sid": {
                "issuer_and_serial_number": {
                    "issuer": signature.signer_cert.issuer,
                    "serial_number": signature.signer_cert.serial_number,
                }
            },
            "digest_algorithm": _SHA256,
            "signed_attrs": signer["signed_attrs"],
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signer["signature"],
        }
    )
    data = SignedData(
        {
            "version": "v1",
            "digest_algorithms": [_SHA256],
            "encap_content_info": {"content_type": "data"},
            "certificates": signature.signed_data["certificates"],
            "signer_infos": [again],
        }
    )
    der: bytes = ContentInfo({"content_type": "signed_data", "content": data}).dump()
    padded = der + bytes(max(0, len(content) - len(der)))
    if start != 0 or content != padded or pdf[length:after] != b"<" + content.hex().upper().encode() + b">":
        raise InputError("the signature's container holds something else than the signature")


def _unchanged(status: Any, *, last: bool) -> Any:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    needed = SignatureCoverageLevel.ENTIRE_FILE if last else SignatureCoverageLevel.ENTIRE_REVISION
    if status.coverage < needed:
        raise InputError(f"bytes were added after the last signature (coverage {status.coverage.name})")
    level = status.modification_level
    if not status.docmdp_ok or level is None or level > ModificationLevel.FORM_FILLING:
        raise InputError(f"the document was edited after signing (modification level {level and level.name})")
    return _Told(True, "covers the whole file" if last else "covers its revision; signed further since")


def _chain(signature: Any) -> tuple[Certificate, ...]:
    """Return the certificates in the signature as a chain; one that is no link of it is refused."""
    chain = [signature.signer_cert]
    rest = list(signature.other_embedded_certs)
    while issuer := next((c for c in rest if c.subject == chain[-1].issuer), None):
        chain.append(issuer)
        rest.remove(issuer)
    if rest:
        raise InputError("certificates in the signature that are no part of the signer's chain")
    return read_chain("".join(DER_cert_to_PEM_cert(c.dump()) for c in chain).encode())


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


def _of(field: str) -> tuple[str, str, str]:
    return f"{SIGNATURE} ({field})", f"{TRUST} ({field})", f"{UNCHANGED} ({field})"


def _not_reached(name: str, failed: str) -> Step:
    return Step(name=name, ok=False, expected=_EXPECTED[name.partition(" (")[0]], found=f"not reached: {failed}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pyHanko's warnings and tracebacks off the terminal; what they say is in the steps."""
    loggers = [logging.getLogger("pyhanko"), logging.getLogger("pyhanko_certvalidator")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
