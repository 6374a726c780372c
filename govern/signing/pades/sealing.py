"""Sign one field: what it means, who signs and when are in the signature and on the page."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from govern import resources
from govern.errors import SigningError
from govern.signing import timestamp
from govern.signing.integrity import uncollected
from govern.signing.pades import container
from govern.signing.pades.fields import AUTHOR

if TYPE_CHECKING:
    from govern.signing.identity import Identity
    from govern.signing.timestamp import Authority

_FONT = "shared/fonts/Inter-Regular.ttf"
#: Points.
_FONT_SIZE, _LEADING, _MARGIN = 8, 11, 4
#: The longest that an ECDSA P-256 signature is in DER.
_SIGNATURE_BYTES = 72


def sign(
    pdf: bytes, identity: Identity, *, field: str, reason: str, when: datetime, authority: Authority | None = None
) -> bytes:
    """Return the PDF with one more signature, as an incremental update.

    The author's signature certifies: afterwards only the other fields may be signed. The stamp shows
    name, meaning and time, and says so when the key is a development key.

    With an authority the level is PAdES B-LTA (ETSI EN 319 142-1): the signature has a time stamp, and a second
    update adds the certificates and lists of revoked ones (ISO 32000-2, 12.8.4.3) and an archive time stamp over the
    whole file. Signed again, the file gets new ones, so that the last thing in it is always an archive time stamp.
    Without an authority the level is B-B, and the stamp says that there is no trusted time stamp.

    Args:
        pdf: a PDF from :func:`prepare`, perhaps signed in other fields.
        identity: who signs.
        field: one of its fields.
        reason: the meaning of the signature, such as ``authorship`` or ``approval``.
        when: the signing time, as the signer's machine has it; only an authority's time stamp proves it.
        authority: who stamps the time.

    Raises:
        SigningError: there is no such empty field, the author is not first, or it is no PDF.
        ServiceError: the authority does not answer, or not with a time stamp that holds.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import enumerate_sig_fields
    from pyhanko.sign.general import SigningError as Refused

    when = when.astimezone(UTC)
    try:
        with uncollected():
            writer = _writer(pdf)
            empty = [name for name, value, _ in enumerate_sig_fields(writer.prev) if value is None]
            if field not in empty:
                raise SigningError(
                    f"the PDF has no empty signature field {field!r}",
                    hint=f"empty fields: {', '.join(empty) or 'none'}",
                )
            client = None if authority is None else timestamp.client(authority, when)
            signed = _signed(writer, _signer(identity, field, reason, when, client))
            return signed if authority is None else _archived(signed, identity, authority, client)
    except (PdfError, Refused, ValueError, LookupError, TypeError, AttributeError) as e:
        raise SigningError(f"the PDF cannot be signed: {e}", hint="make the dossier again") from None


def _signed(writer: Any, signer: Any) -> bytes:
    out = io.BytesIO()
    signer.sign_pdf(writer, existing_fields_only=True, output=out)
    return out.getvalue()


def _archived(pdf: bytes, identity: Identity, authority: Authority, client: Any) -> bytes:
    """Add what verifies the signatures later (a DSS dictionary), and a time stamp over the whole file."""
    from asn1crypto import crl, x509  # type: ignore[import-untyped,unused-ignore]
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    def der(what: Any) -> bytes:
        return bytes(what.public_bytes(Encoding.DER))

    writer, out = _writer(pdf), io.BytesIO()
    chain = (identity.certificate, *identity.chain)
    issuers = {c.subject for c in chain}
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[
            *(x509.Certificate.load(der(c)) for c in (*chain, *client.roots)),
            *(c for stamp in client.stamps for c in stamp.chain),
        ],
        crls=[crl.CertificateList.load(der(r)) for r in authority.revoked if r.issuer in issuers],
    )
    PdfTimeStamper(client).timestamp_pdf(writer, "sha256", output=out)
    return out.getvalue()


def _writer(pdf: bytes) -> Any:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class KeepVersion(IncrementalPdfFileWriter):  # type: ignore[misc,unused-ignore]
        """Leave the catalog's version alone: raised to 2.0 it would break with PDF/A-3."""

        def ensure_output_version(self, version: Any) -> None:
            return None

    return KeepVersion(io.BytesIO(pdf))


def _signer(identity: Identity, field: str, reason: str, when: datetime, client: Any) -> Any:
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers.pdf_byterange import BuildProps
    from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

    class AtTime(PdfSigner):  # type: ignore[misc,unused-ignore]
        """Signs with the given time; pyHanko itself would read the clock."""

        def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
            session = super().init_signing_session(pdf_out, existing_fields_only)
            session.system_time = when
            return session

    level, clock = container.B_B, "no trusted time stamp"
    if client is not None:
        asyncio.run(client.async_dummy_response("sha256"))  # how large its answers are, and its name
        level, clock = container.B_LTA, f"{container.B_LTA}, time stamp by {client.stamps[0].authority}"
    lines = [identity.name, f"Meaning: {reason}", f"{when:%Y-%m-%d %H:%M:%S} UTC ({clock})"]
    if identity.development:
        lines.append("DEVELOPMENT KEY - not for production")
    metadata = PdfSignatureMetadata(
        field_name=field,
        name=identity.name,
        reason=reason,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=field == AUTHOR,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        app_build_props=BuildProps(name="govern", revision=level),
    )
    return AtTime(metadata, _cms_signer(identity), timestamper=client, stamp_style=_style(lines))


def _style(lines: list[str]) -> Any:
    """Return how the stamp looks: the lines as large as the box allows, at most 8 pt."""
    from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
    from pyhanko.pdf_utils.text import TextBoxStyle
    from pyhanko.stamp import TextStampStyle

    left, middle = AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MID
    text = TextBoxStyle(
        font=_font("".join(lines)),
        font_size=_FONT_SIZE,
        leading=_LEADING,
        box_layout_rule=SimpleBoxLayoutRule(left, middle, Margins(0, 0, 0, 0)),
    )
    return TextStampStyle(
        stamp_text="\n".join(line.replace("%", "%%") for line in lines),
        text_box_style=text,
        inner_content_layout=SimpleBoxLayoutRule(left, middle, Margins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)),
        background=None,
        border_width=0,
    )


def _font(text: str) -> Any:
    """Return the stamp's font with the letters of ``text``, scaled to 1000 units per em.

    pyHanko 0.38 writes widths in the font's own units where a PDF wants thousandths of an em: at
    Inter's 2048 units the letters drift apart. It also leaves a file open that it opens itself.
    """
    import uharfbuzz  # type: ignore[import-untyped,unused-ignore]
    from fontTools.ttLib import TTFont
    from fontTools.ttLib.scaleUpem import scale_upem
    from pyhanko.pdf_utils.font import FontEngineFactory
    from pyhanko.pdf_utils.font.opentype import GlyphAccumulator

    file = (resources.shared("report_templates") / _FONT).read_bytes()
    letters = uharfbuzz.SubsetInput()
    letters.sets(uharfbuzz.SubsetInputSets.UNICODE).set({ord(c) for c in text})
    data = io.BytesIO()
    with TTFont(io.BytesIO(uharfbuzz.subset(uharfbuzz.Face(file), letters).blob.data)) as font:
        scale_upem(font, 1000)
        font.save(data)

    class InMemory(FontEngineFactory):  # type: ignore[misc,unused-ignore]
        def create_font_engine(self, writer: Any, obj_stream: Any = None) -> Any:
            return GlyphAccumulator(writer, io.BytesIO(data.getvalue()), _FONT_SIZE, obj_stream=obj_stream)

    return InMemory()


def _cms_signer(identity: Identity) -> Any:
    from asn1crypto.algos import SignedDigestAlgorithm  # type: ignore[import-untyped,unused-ignore]
    from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1
    from pyhanko.sign.signers.pdf_cms import Signer
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class OfIdentity(Signer):  # type: ignore[misc,unused-ignore]
        """Signs where the identity's key is: in memory or on a token."""

        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            if digest_algorithm != "sha256":
                raise SigningError(f"a signature over {digest_algorithm} was asked for, and sha256 was expected")
            return bytes(_SIGNATURE_BYTES) if dry_run else identity.sign(data)

    issuers = [translate_pyca_cryptography_cert_to_asn1(c) for c in identity.chain]
    store = SimpleCertificateStore.from_certs(issuers)  # type: ignore[no-untyped-call,unused-ignore]
    return OfIdentity(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(identity.certificate),
        cert_registry=store,
        signature_mechanism=SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
    )
