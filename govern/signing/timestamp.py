"""Time stamps of a trusted authority (RFC 3161): asked for, put into one form, and checked offline.

Nothing signs a token's outer parts, and many encodings mean the same: an authority's answer is therefore put into
one form (:func:`plain`) before it is kept, and no other is accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import ServiceError, SigningError
from govern.signing.integrity import quiet, without_trust
from govern.signing.keystore import guard
from govern.signing.trust import CLOCK_TOLERANCE, Trust

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList
    from pyhanko.sign.timestamps import TimeStamper

#: Where the certificates of time-stamp authorities lie in a folder of trust; they certify no signers.
FOLDER = "timestamp"
_HASHES = ("sha256", "sha384", "sha512")
_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A time-stamp authority that a project uses."""

    url: str
    #: Under which its certificate must be.
    roots: tuple[Certificate, ...]
    #: The lists of revoked signers' certificates, to go into what is stamped.
    revoked: tuple[CertificateRevocationList, ...] = ()
    #: The longest that one answer may take, in seconds.
    timeout: float = 10.0

    @classmethod
    def of(cls, url: str | None, trust: Path) -> Authority | None:
        """Return the authority at an address, with what a folder of trust says of it; none where there is no address.

        Raises:
            SigningError: the folder has no root certificate for it, or cannot be read.
        """
        if url is None:
            return None
        trusted = roots(trust)
        if not trusted:
            raise SigningError(
                f"no root certificate of the time-stamp authority {url} in {trust / FOLDER}",
                hint="compare it with what the authority publishes, and put it there as a PEM file",
            )
        return cls(url=url, roots=trusted, revoked=Trust.of(trust).revoked)


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What a token says, once its signature has been found to hold."""

    moment: datetime
    #: The common name of the certificate that signed it.
    authority: str
    #: That certificate and its issuers, without the root (asn1crypto).
    chain: tuple[Any, ...]


def roots(trust: Path) -> tuple[Certificate, ...]:
    """Return the root certificates of time-stamp authorities in a folder of trust (RSA or ECDSA keys).

    Raises:
        SigningError: a file cannot be read or holds something else, or everyone may write to the folder.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    guard(trust / FOLDER)
    found: list[Certificate] = []
    for path in sorted((trust / FOLDER).glob("*.pem")):
        try:
            certificates = x509.load_pem_x509_certificates(path.read_bytes())
            for certificate in certificates:
                certificate.verify_directly_issued_by(certificate)
                if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
                    raise ValueError("a certificate is no authority's")
        except OSError as e:
            raise SigningError(f"{path}: cannot be read: {e.strerror}", hint="make it readable for you") from None
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as e:
            raise SigningError(
                f"{path}: not a root certificate in PEM form: {e or 'it did not sign itself'}",
                hint="put the time-stamp authority's root there, not the certificate that it signs with",
            ) from None
        found += certificates
    return tuple(found)


def plain(token: bytes) -> bytes:
    """Return a time-stamp token in the one form that is kept: what its authority signed, and nothing that is free.

    It holds the signer's certificate and issuers in order without the root, algorithms spelt one way, no unsigned
    attributes, and an ECDSA signature in its low form. Nothing is verified here.

    Raises:
        SigningError: it is no token, or of a kind that is not used here (RSASSA-PSS, several signers, SHA-1).
    """
    from asn1crypto import cms, core  # type: ignore[import-untyped,unused-ignore]

    info = cms.ContentInfo.load(token)
    if info["content_type"].native != "signed_data":
        raise SigningError("not a time-stamp token")
    data = info["content"]
    if len(data["signer_infos"]) != 1 or data["encap_content_info"]["content_type"].native != "tst_info":
        raise SigningError("not a time-stamp token of one authority")
    signer = data["signer_infos"][0]
    chain = _chain(data, signer)
    digest = signer["digest_algorithm"]["algorithm"].native
    signature, algorithm = _signature(signer, chain[0], digest)
    sid = {"issuer": chain[0].issuer, "serial_number": chain[0].serial_number}
    again = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(bytes(data["encap_content_info"]["content"])),
            },
            "certificates": chain,
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": {"issuer_and_serial_number": sid},
                    "digest_algorithm": {"algorithm": digest},
                    "signed_attrs": signer["signed_attrs"],
                    "signature_algorithm": {"algorithm": algorithm},
                    "signature": signature,
                }
            ],
        }
    )
    der: bytes = cms.ContentInfo({"content_type": "signed_data", "content": again}).dump()
    return der


def _chain(data: Any, signer: Any) -> list[Any]:
    certificates = [c.chosen for c in data["certificates"] if c.name == "certificate"]
    named = signer["sid"].chosen
    if signer["sid"].name == "issuer_and_serial_number":
        wanted = (named["issuer"].dump(), named["serial_number"].native)
        signers = [c for c in certificates if (c.issuer.dump(), c.serial_number) == wanted]
    else:
        signers = [c for c in certificates if c.key_identifier == named.native]
    if not signers:
        raise SigningError("the time-stamp token does not hold its authority's certificate")
    chain = signers[:1]
    while issuer := next((c for c in certificates if c.subject == chain[-1].issuer and c not in chain), None):
        if issuer.subject == issuer.issuer:
            break
        chain.append(issuer)
    return chain


def _signature(signer: Any, certificate: Any, digest: str) -> tuple[bytes, str]:
    """Return the signature in its one form, and the name of its algorithm."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
    from cryptography.x509 import load_der_x509_certificate

    key, stated = certificate.public_key.algorithm, signer["signature_algorithm"]["algorithm"].native
    value: bytes = signer["signature"].native
    if digest in _HASHES and key == "rsa" and stated in ("rsassa_pkcs1v15", f"{digest}_rsa"):
        return value, f"{digest}_rsa"
    if digest in _HASHES and key == "ec" and stated == f"{digest}_ecdsa":
        public = load_der_x509_certificate(certificate.dump()).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101 - as the certificate says
        r, s = decode_dss_signature(value)
        return encode_dss_signature(r, min(s, public.curve.group_order - s)), f"{digest}_ecdsa"
    raise SigningError(f"a time stamp signed with {stated} over {digest}, which is not used here")


async def read(token: bytes, imprint: Callable[[], bytes]) -> Stamp:
    """Return what a token says, if its signature holds and it is over the right bytes.

    Args:
        token: in the form of :func:`plain`.
        imprint: gives the SHA-256 of what must have been stamped.

    Raises:
        SigningError: it is in another form, of other bytes, or its signature does not hold.
    """
    from asn1crypto import cms
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data

    if plain(token) != token:
        raise SigningError("the time-stamp token holds something else than what its authority signed")
    data = cms.ContentInfo.load(token, strict=True)["content"]
    said = data["encap_content_info"]["content"].parsed
    if said["message_imprint"]["hash_algorithm"]["algorithm"].native != "sha256":
        raise SigningError("the time stamp is not over a SHA-256")
    with quiet():
        status = await validate_tst_signed_data(data, without_trust(), lambda _: imprint())
    if not (status["intact"] and status["valid"]):
        raise SigningError("the time stamp is of other bytes, or its signature does not hold")
    chain = tuple(c.chosen for c in data["certificates"])
    return Stamp(
        moment=said["gen_time"].native.astimezone(UTC),
        authority=str(chain[0].subject.native.get("common_name", chain[0].subject.human_friendly)),
        chain=chain,
    )


async def root_of(stamp: Stamp, trusted: tuple[Certificate, ...]) -> Certificate:
    """Return the trusted root under which a time stamp was signed, by a certificate for that alone (RFC 3161, 2.3).

    The certificates are judged at the stamped time. Whether they were revoked is not looked up: that would need a
    network.

    Raises:
        SigningError: there is no such root, the certificate is for something else, or it was not valid then.
    """
    from asn1crypto import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko_certvalidator import CertificateValidator, ValidationContext
    from pyhanko_certvalidator.errors import PathBuildingError, ValidationError

    signer, *issuers = stamp.chain
    if not trusted:
        raise SigningError(
            f"no trusted root of a time-stamp authority is at hand, for {stamp.authority!r}: compare its root with "
            f"what it publishes, put it into {FOLDER}/ of a folder of trust, then pass `--trust FOLDER`"
        )
    if stamp.moment > datetime.now(UTC) + CLOCK_TOLERANCE:
        raise SigningError(f"{stamp.authority!r} stamped in the future, or the clock here is behind")
    usage = next(
        (e for e in signer["tbs_certificate"]["extensions"] if e["extn_id"].native == "extended_key_usage"), None
    )
    if usage is None or not usage["critical"].native or usage["extn_value"].parsed.native != ["time_stamping"]:
        raise SigningError(f"the certificate of {stamp.authority!r} is not for time stamps alone (extendedKeyUsage)")
    anchors = {c.public_bytes(Encoding.DER): c for c in trusted}
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(der) for der in anchors], moment=stamp.moment, allow_fetching=False
    )
    validator = CertificateValidator(signer, intermediate_certs=issuers, validation_context=context)
    try:
        found = await validator.async_validate_usage(set(), {"time_stamping"})  # type: ignore[no-untyped-call,unused-ignore]
        path = [c.dump() for c in found]
    except (ValidationError, PathBuildingError) as e:
        raise SigningError(f"{stamp.authority!r} is not under a trusted root: {e}") from None
    if not {c.dump() for c in stamp.chain} <= set(path):
        raise SigningError(f"{stamp.authority!r} is under a trusted root, but over other certificates than its own")
    return anchors[path[0]]


def client(authority: Authority, when: datetime) -> TimeStamper:
    """Return pyHanko's client of an authority, which accepts only what would be verified later.

    Its ``stamps`` are what the authority has said so far. Each request raises ServiceError where no answer comes in
    time, or one that does not hold: for other bytes, of another request (nonce), under another root, or more than
    five minutes from ``when``, the time that the signer's machine has.
    """
    from asn1crypto import cms
    from pyhanko.sign.timestamps import TimeStamper

    class Client(TimeStamper):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call,unused-ignore]
            self.stamps: list[Stamp] = []
            self.roots: list[Certificate] = []

        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
            nonce, request = self.request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call,unused-ignore]
            try:
                token = plain(_granted(await _ask(authority, request.dump()), nonce))
                stamp = await read(token, lambda: message_digest)
                root = await root_of(stamp, authority.roots)
            except ServiceError:
                raise
            except SigningError as e:
                raise _refused(authority, e.message) from None
            except Exception as e:  # the bytes are anybody's, and parsers raise anything
                raise _refused(authority, f"the answer is no time stamp: {type(e).__name__}: {e}") from None
            if abs(stamp.moment - when) > CLOCK_TOLERANCE:
                raise _refused(authority, f"it says {stamp.moment:%Y-%m-%d %H:%M:%S} UTC, and the clock here {when:%c}")
            self.stamps.append(stamp)
            self.roots.append(root)
            return cms.ContentInfo.load(token)

    return Client()


async def _ask(authority: Authority, request: bytes) -> bytes:
    """Return the answer to a request (RFC 3161, 3.4)."""
    import aiohttp

    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    data = b""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=authority.timeout)) as session,
            session.post(authority.url, data=request, headers=headers, raise_for_status=True) as answer,
        ):
            if answer.content_type != "application/timestamp-reply":
                raise _refused(authority, f"the answer is {answer.content_type}, no time stamp")
            async for part in answer.content.iter_chunked(_ANSWER_BYTES):
                data += part
                if len(data) > _ANSWER_BYTES:
                    raise _refused(authority, f"the answer is larger than {_ANSWER_BYTES >> 10} KiB")
    except TimeoutError:
        raise _refused(authority, f"no answer within {authority.timeout:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as e:
        raise _refused(authority, f"does not answer: {e or type(e).__name__}") from None
    return data


def _granted(answer: bytes, nonce: int) -> bytes:
    from asn1crypto import cms, core, tsp

    class Response(core.Sequence):  # type: ignore[misc,unused-ignore]
        """As RFC 3161 has it; asn1crypto's own has a token in refusals too."""

        _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]  # noqa: RUF012

    response = Response.load(answer, strict=True)
    status = response["status"]["status"].native
    if status != "granted":
        raise SigningError(
            f"the request was refused: {status} {response['status']['status_string'].native or ''}".strip()
        )
    token = response["time_stamp_token"]
    if token["content"]["encap_content_info"]["content"].parsed["nonce"].native != nonce:
        raise SigningError("the answer is to another request (wrong nonce)")
    der: bytes = token.dump()
    return der


def _refused(authority: Authority, why: str) -> ServiceError:
    return ServiceError(
        f"time-stamp authority {authority.url}: {why}",
        hint="nothing was signed: try again, or remove `timestamp` from govern.yaml to sign without a trusted time",
    )
