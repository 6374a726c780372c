from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govern.errors import SigningError
from govern.signing import pades, timestamp
from govern.signing.pades.container import B_B, B_LTA
from govern.signing.signature import ORDER
from govern.signing.timestamp import Authority
from govern.signing.trust import Trust
from govern.types import Step
from tests.evidence.samples import BOXES, People, certified, people, plain_pdf
from tests.signing.authorities import party, root
from tests.timestamps import Server, stamping

__all__ = ["stamping"]


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(scope="module")
def prepared() -> bytes:
    return pades.prepare(plain_pdf({"findings.json": b"[]"}), BOXES)


def signed(pdf: bytes, signers: People, field: str, authority: Authority | None) -> bytes:
    who = signers.author if field == "author" else signers.clinical
    return pades.sign(pdf, who, field=field, reason="approval", when=datetime.now(UTC), authority=authority)


@pytest.fixture(scope="module")
def once(prepared: bytes, signers: People, stamping: Server) -> bytes:
    """Certified with a time stamp (RSA)."""
    return signed(prepared, signers, "author", stamping.authority("rsa"))


@pytest.fixture(scope="module")
def twice(once: bytes, signers: People, stamping: Server) -> bytes:
    """Approved with a time stamp (ECDSA, an authority below the root) too."""
    return signed(once, signers, "clinical", stamping.authority("ec"))


def check(pdf: bytes, signers: People, stamping: Server) -> list[Step]:
    return pades.check(pdf, replace(signers.trusted, authorities=stamping.authority().roots))


def failed(steps: list[Step]) -> list[str]:
    return [s.name for s in steps if not s.ok]


def test_each_signature_has_its_time_stamp_and_an_archive_time_stamp(
    twice: bytes, signers: People, stamping: Server
) -> None:
    steps = check(twice, signers, stamping)
    assert failed(steps) == []
    assert [s.name for s in steps] == ["PDF readable", "PDF signatures"] + [
        f"{name} ({field})"
        for field in ("author", "clinical")
        for name in (
            "PDF signature",
            "PDF time stamp",
            "PDF time-stamp authority is trusted",
            "PDF signer is trusted",
            "PDF unchanged since signing",
            "PDF archive time stamp",
        )
    ]
    told = {s.name: s for s in steps}
    assert told["PDF signatures"].found == "author (PAdES-B-LTA), clinical (PAdES-B-LTA)"
    assert "'Example Time Unit 2' under 'Example Time'" in told["PDF archive time stamp (clinical)"].found
    assert "as Example Time Unit 1 stamped" in told["PDF signer is trusted (author)"].expected
    assert "no trusted time stamp" not in told["PDF signature (author)"].found


def test_other_programs_find_the_level_that_is_claimed(twice: bytes, signers: People, stamping: Server) -> None:
    """pyHanko's own validator, with its own trust in the roots, as a program that did not write the file."""
    from asn1crypto import x509 as asn1  # type: ignore[import-untyped,unused-ignore]
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko_certvalidator import ValidationContext

    def loaded(certificate: x509.Certificate) -> asn1.Certificate:
        return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))

    reader = PdfFileReader(io.BytesIO(twice))
    time_root = stamping.root.certificate.public_bytes(Encoding.DER)
    context = ValidationContext(trust_roots=[loaded(signers.trusted.roots[0])], allow_fetching=False)
    of_time = ValidationContext(trust_roots=[loaded(stamping.root.certificate)], allow_fetching=False)
    assert [s.sig_object_type for s in reader.embedded_signatures] == ["/Sig", "/DocTimeStamp"] * 2
    for each in reader.embedded_regular_signatures:
        status = validate_pdf_signature(each, context, of_time)
        assert status.bottom_line
        assert status.timestamp_validity is not None
        assert status.timestamp_validity.trusted
    for stamp in reader.embedded_timestamp_signatures:
        assert validate_pdf_timestamp(stamp, of_time).trusted
    kept = {c.dump() for c in DocumentSecurityStore.read_dss(reader).load_certs()}
    assert {c.public_bytes(Encoding.DER) for c in (*signers.clinical.chain, signers.author.certificate)} <= kept
    assert time_root in kept


def test_lists_of_revoked_certificates_go_into_the_file(
    prepared: bytes, signers: People, stamping: Server, tmp_path: Path
) -> None:
    import pikepdf
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    def listed(by: x509.Name) -> x509.CertificateRevocationList:
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder(by, now - timedelta(days=1), now + timedelta(days=1))
        return builder.sign(root().key, hashes.SHA256())

    own, other = listed(signers.author.chain[-1].subject), listed(root("Somebody Else").certificate.subject)
    pdf = signed(prepared, signers, "author", replace(stamping.authority(), revoked=(own, other)))
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (kept,) = document.Root.DSS.CRLs
        found = x509.load_der_x509_crl(kept.read_bytes())
    assert found == own
    assert failed(check(pdf, signers, stamping)) == []


@pytest.mark.parametrize("unit", ["rsa", "ec", "p384"])
def test_authorities_with_every_kind_of_key(unit: str, prepared: bytes, signers: People, stamping: Server) -> None:
    pdf = signed(prepared, signers, "author", stamping.authority(unit))
    assert failed(check(pdf, signers, stamping)) == []


def test_levels_may_be_mixed(once: bytes, prepared: bytes, signers: People, stamping: Server) -> None:
    """Whoever signs without an authority says so; the others keep their time stamps."""
    for first, authority, levels in (
        (once, None, [B_LTA, B_B]),
        (signed(prepared, signers, "author", None), stamping.authority("ec"), [B_B, B_LTA]),
    ):
        pdf = signed(first, signers, "clinical", authority)
        steps = check(pdf, signers, stamping)
        assert failed(steps) == []
        assert steps[1].found == ", ".join(f"{f} ({v})" for f, v in zip(("author", "clinical"), levels, strict=True))


def test_the_page_says_level_and_authority(once: bytes) -> None:
    import shutil
    import subprocess

    if not (tool := shutil.which("pdftotext")):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    text = subprocess.run([tool, "-", "-"], input=once, capture_output=True, check=True).stdout.decode()
    assert "UTC (PAdES-B-LTA, time stamp by Example Time Unit 1)" in text
    assert "no trusted time stamp" not in text


def test_roots_of_signers_and_of_time_are_not_each_others(once: bytes, signers: People, stamping: Server) -> None:
    assert failed(pades.check(once, replace(signers.trusted, authorities=signers.trusted.roots)))[0].startswith(
        "PDF time-stamp authority"
    )
    time_as_signer = Trust(roots=(stamping.root.certificate, *signers.trusted.roots), rights=signers.trusted.rights)
    steps = pades.check(once, time_as_signer)
    assert failed(steps) == [
        "PDF time-stamp authority is trusted (author)",
        "PDF signer is trusted (author)",
        "PDF unchanged since signing (author)",
        "PDF archive time stamp (author)",
    ]
    assert "no trusted root of a time-stamp authority" in next(s.found for s in steps if not s.ok)


def test_a_certificate_that_is_for_more_than_time_stamps_is_not_trusted(
    prepared: bytes, signers: People, stamping: Server
) -> None:
    import asyncio

    from asn1crypto import x509 as asn1
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

    above = root("Example Time")
    for usages, critical in (
        ([Usage.TIME_STAMPING, Usage.CODE_SIGNING], True),
        ([Usage.CODE_SIGNING], True),
        ([Usage.TIME_STAMPING], False),
        ([], False),
    ):
        extensions = ((x509.ExtendedKeyUsage(usages), critical),) if usages else ()
        unit = party("Unit", above, extensions=extensions)
        chain = (asn1.Certificate.load(unit.certificate.public_bytes(Encoding.DER)),)
        stamp = timestamp.Stamp(moment=datetime.now(UTC), authority="Unit", chain=chain)
        with pytest.raises(SigningError, match="not for time stamps alone"):
            asyncio.run(timestamp.root_of(stamp, (above.certificate,)))


def test_trust_in_the_signer_is_judged_at_the_stamped_time(
    once: bytes, signers: People, stamping: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[datetime, str]] = []
    judged = Trust.step

    def step(self: Trust, name: str, chain: object, *, moment: datetime, clock: str, **how: object) -> Step:
        seen.append((moment, clock))
        return judged(self, name, chain, moment=moment, clock=clock, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Trust, "step", step)
    steps = check(once, signers, stamping)
    ((moment, clock),) = seen
    assert clock == "as Example Time Unit 1 stamped"
    assert f"{moment:%Y-%m-%d %H:%M:%S} UTC" in next(s.found for s in steps if s.name == "PDF time stamp (author)")


def cut_after(pdf: bytes, number: int) -> bytes:
    """Return the file as it was after its revision ``number``."""
    at = -1
    for _ in range(number + 1):
        at = pdf.index(b"%%EOF", at + 1)
    return pdf[: at + 5] + b"\n"


def test_a_time_stamp_that_was_taken_away_shows(twice: bytes, signers: People, stamping: Server) -> None:
    """The level is signed: neither cutting the file nor emptying the unsigned attributes makes a B-B of it."""
    revisions = twice.count(b"%%EOF")
    assert revisions == 5
    for number, fine in ((1, False), (2, True), (3, False), (4, True)):
        steps = check(cut_after(twice, number), signers, stamping)
        assert (failed(steps) == []) is fine, number
    assert "archive time stamp is missing" in check(cut_after(twice, 3), signers, stamping)[1].found
    bare = cut_after(twice, 1)
    without = changed(bare, lambda info: info.__delitem__("unsigned_attrs"))
    assert failed(check(without, signers, stamping))[0] == "PDF signatures"


def changed(pdf: bytes, change: Callable[..., object], which: int = -1) -> bytes:
    """Return the PDF with the SignerInfo of one signature changed, the container written anew as it should be."""
    from asn1crypto.cms import ContentInfo  # type: ignore[import-untyped,unused-ignore]
    from pyhanko.pdf_utils.reader import PdfFileReader

    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[which]
    room = len(signature.pkcs7_content)
    info = ContentInfo.load(signature.pkcs7_content).copy()
    change(info["content"]["signer_infos"][0])
    der: bytes = info.dump(force=True)
    start = int(signature.byte_range[1]) + 1
    return pdf[:start] + (der + bytes(room - len(der))).hex().upper().encode() + pdf[start + 2 * room :]


def twin(info: object) -> None:
    """Put the other signature (r, n - s) in a SignerInfo."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    r, s = decode_dss_signature(info["signature"].native)  # type: ignore[index]
    info["signature"] = encode_dss_signature(r, ORDER - s)  # type: ignore[index]


def test_the_twin_of_a_signature_is_refused(signers: People) -> None:
    """Anyone can compute it, and it holds for everybody else; pyHanko calls the file valid."""
    pdf = certified(plain_pdf(), signers.author)
    steps = pades.check(changed(pdf, twin), signers.trusted)
    assert failed(steps)[0] == "PDF signature (author)"
    assert "twin" in next(s.found for s in steps if not s.ok)
    assert failed(pades.check(changed(pdf, lambda info: None), signers.trusted)) == []


def test_the_twin_of_a_time_stamp_is_refused(twice: bytes, signers: People, stamping: Server) -> None:
    assert failed(check(changed(twice, twin), signers, stamping)) == ["PDF archive time stamp (clinical)"]


def test_a_time_stamp_of_another_signature_is_refused(
    prepared: bytes, once: bytes, signers: People, stamping: Server
) -> None:
    """Both tokens are genuine, and from the same authority."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    other = signed(prepared, signers, "author", stamping.authority())
    signature = PdfFileReader(io.BytesIO(other)).embedded_regular_signatures[0]
    foreign = signature.signer_info["unsigned_attrs"]
    mixed = changed(once, lambda info: info.__setitem__("unsigned_attrs", foreign), which=0)
    assert "PDF time stamp (author)" in failed(check(mixed, signers, stamping))


def test_what_anyone_else_appends_is_found(twice: bytes, signers: People, stamping: Server) -> None:
    """More validation data, another archive time stamp of the same authority, an edited page, a line."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    def appended(change: Callable[[IncrementalPdfFileWriter], object], *, stamped: bool) -> bytes:
        writer, out = IncrementalPdfFileWriter(io.BytesIO(twice)), io.BytesIO()
        change(writer)
        if stamped:
            client = timestamp.client(stamping.authority(), datetime.now(UTC))
            PdfTimeStamper(client).timestamp_pdf(writer, "sha256", output=out)
        else:
            writer.write(out)  # type: ignore[no-untyped-call,unused-ignore]
        return out.getvalue()

    def page(writer: IncrementalPdfFileWriter) -> None:
        first = writer.root["/Pages"]["/Kids"][0]
        first["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
        writer.update_container(first)

    def data(writer: IncrementalPdfFileWriter) -> None:
        from asn1crypto.x509 import Certificate  # type: ignore[import-untyped,unused-ignore]
        from cryptography.hazmat.primitives.serialization import Encoding

        extra = Certificate.load(root("Extra").certificate.public_bytes(Encoding.DER))
        DocumentSecurityStore.supply_dss_in_writer(writer, None, certs=[extra])

    for change in (page, data):
        for stamped in (False, True):
            assert failed(check(appended(change, stamped=stamped), signers, stamping)), (change, stamped)
    assert failed(check(appended(lambda writer: None, stamped=True), signers, stamping))[0] == "PDF signatures"
    assert failed(check(twice + b"% one more line\n%%EOF\n", signers, stamping))


@pytest.mark.parametrize("which", [0, -1], ids=["signature with its time stamp", "archive time stamp"])
def test_every_sampled_byte_of_the_containers_counts(
    which: int, once: bytes, signers: People, stamping: Server
) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    signature = PdfFileReader(io.BytesIO(once)).embedded_signatures[which]
    start = int(signature.byte_range[1]) + 1
    rng = random.Random(20261124)  # noqa: S311
    undetected = []
    for _ in range(20):
        position = start + 2 * rng.randrange(len(signature.pkcs7_content))
        value = int(once[position : position + 2], 16) ^ (1 << rng.randrange(8))
        flipped = once[:position] + b"%02X" % value + once[position + 2 :]
        if not failed(check(flipped, signers, stamping)):
            undetected.append(position)
    assert undetected == []


def test_every_sampled_byte_of_the_file_counts(twice: bytes, signers: People, stamping: Server) -> None:
    rng = random.Random(4)  # noqa: S311
    undetected = []
    for _ in range(15):
        position, bit = rng.randrange(len(twice)), rng.randrange(8)
        flipped = bytearray(twice)
        flipped[position] ^= 1 << bit
        if not failed(check(bytes(flipped), signers, stamping)):
            undetected.append((position, bit))
    assert undetected == []
