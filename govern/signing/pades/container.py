"""The one part of a PDF that a signature does not cover: the hexadecimal string that holds the signature itself.

It must be, byte by byte, what its signed parts make when they are put together anew, and then zeros.
"""

from __future__ import annotations

from typing import Any

from govern.errors import InputError
from govern.signing import timestamp

#: The levels of ETSI EN 319 142-1 that are written, as the signature itself states them.
B_B, B_LTA = "PAdES-B-B", "PAdES-B-LTA"
_SHA256 = {"algorithm": "sha256"}


def level(signature: Any) -> str:
    """Return the level that a signature was made for; it is signed, so that a lost time stamp shows."""
    build = signature.sig_object.get("/Prop_Build", {}).get("/App", {})
    return B_LTA if build.get("/REx") == B_LTA else B_B


def check_signature(pdf: bytes, signature: Any) -> bytes | None:
    """Check the string of a signature, and return its time-stamp token; none at level B-B.

    Raises:
        InputError: it holds something else, or the time stamp of its level is missing.
    """
    from asn1crypto.cms import ContentInfo, SignedData, SignerInfo  # type: ignore[import-untyped,unused-ignore]

    signer = signature.signer_info
    token = _token(signature) if level(signature) == B_LTA else None
    sid = {"issuer": signature.signer_cert.issuer, "serial_number": signature.signer_cert.serial_number}
    again = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": sid},
        "digest_algorithm": _SHA256,
        "signed_attrs": signer["signed_attrs"],
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signer["signature"],
    }
    if token is not None:
        again["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [ContentInfo.load(token)]}]
    data = SignedData(
        {
            "version": "v1",
            "digest_algorithms": [_SHA256],
            "encap_content_info": {"content_type": "data"},
            "certificates": signature.signed_data["certificates"],
            "signer_infos": [SignerInfo(again)],
        }
    )
    _check(pdf, signature, ContentInfo({"content_type": "signed_data", "content": data}).dump())
    return token


def check_archive(pdf: bytes, stamp: Any) -> bytes:
    """Check the string of a document time stamp, and return its token.

    Raises:
        InputError: it holds something else.
    """
    from asn1crypto.cms import ContentInfo

    token = timestamp.plain(ContentInfo({"content_type": "signed_data", "content": stamp.signed_data}).dump())
    _check(pdf, stamp, token)
    return token


def _token(signature: Any) -> bytes:
    attributes = signature.signer_info["unsigned_attrs"]
    if [a["type"].native for a in attributes] != ["signature_time_stamp_token"]:
        raise InputError(f"signed at level {B_LTA}, and the time stamp of the signature is missing")
    (token,) = attributes[0]["values"]
    return timestamp.plain(token.dump())


def _check(pdf: bytes, signature: Any, der: bytes) -> None:
    start, length, after, _ = (int(v) for v in signature.byte_range)
    content: bytes = signature.pkcs7_content
    padded = der + bytes(max(0, len(content) - len(der)))
    if start != 0 or content != padded or pdf[length:after] != b"<" + content.hex().upper().encode() + b">":
        raise InputError("the signature's container holds something else than the signature")
