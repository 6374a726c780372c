from __future__ import annotations

import io
import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govern.errors import InputError, SigningError
from govern.signing import pades
from govern.signing.trust import Trust
from govern.types import Step
from tests.evidence.samples import BOXES, FIELDS, People, certified, people, plain_pdf


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(scope="module")
def pdf(signers: People) -> bytes:
    """Certified by the author, then approved."""
    once = certified(plain_pdf({"findings.json": b"[]"}), signers.author)
    return pades.sign(once, signers.clinical, field="clinical", reason="clinical approval", when=datetime.now(UTC))


def failed(steps: list[Step]) -> list[str]:
    return [s.name for s in steps if not s.ok]


def test_certified_and_approved_verifies(pdf: bytes, signers: People) -> None:
    steps = pades.check(pdf, signers.trusted)
    assert failed(steps) == []
    assert [s.name for s in steps] == [
        "PDF readable",
        "PDF signatures",
        "PDF signature (author)",
        "PDF signer is trusted (author)",
        "PDF unchanged since signing (author)",
        "PDF signature (clinical)",
        "PDF signer is trusted (clinical)",
        "PDF unchanged since signing (clinical)",
    ]
    told = steps[2].found
    assert "'Dr. Ada Müller' for authorship" in told
    assert "no trusted time stamp" in told
    assert "DEVELOPMENT KEY" in told


def test_the_stamp_says_who_what_when_and_that_the_key_is_for_development(pdf: bytes) -> None:
    if not (tool := shutil.which("pdftotext")):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    text = subprocess.run([tool, "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    for words in ("Dr. Ada Müller", "Meaning: authorship", "UTC (no trusted time stamp)", "DEVELOPMENT KEY"):
        assert words in text
    assert "Meaning: clinical approval" in text


def test_preparing_is_deterministic_and_leaves_all_fields_empty(signers: People) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields

    once = pades.prepare(plain_pdf(), BOXES)
    assert once == pades.prepare(plain_pdf(), BOXES)
    found = {name: value for name, value, _ in enumerate_sig_fields(PdfFileReader(io.BytesIO(once)))}
    assert found == dict.fromkeys(FIELDS)


def test_signing_does_not_raise_the_pdf_version(signers: People) -> None:
    import pikepdf

    prepared = pades.prepare(plain_pdf(), BOXES)
    signed = certified(plain_pdf(), signers.author)
    with pikepdf.open(io.BytesIO(prepared)) as before, pikepdf.open(io.BytesIO(signed)) as after:
        assert before.Root.get("/Version") == after.Root.get("/Version")
        assert before.pdf_version == after.pdf_version


def test_an_unknown_root_is_not_trusted_and_is_named(pdf: bytes, tmp_path: Path) -> None:
    other = people(tmp_path)
    assert failed(pades.check(pdf, other.trusted)) == [
        "PDF signer is trusted (author)",
        "PDF signer is trusted (clinical)",
    ]
    steps = pades.check(pdf, Trust())
    assert failed(steps) == ["PDF signer is trusted (author)", "PDF signer is trusted (clinical)"]
    assert "--trust" in steps[3].found


def test_signed_outside_the_certificates_validity(signers: People) -> None:
    prepared = pades.prepare(plain_pdf(), BOXES)
    for days in (-3, 3):
        when = datetime.now(UTC) + timedelta(days=days)
        signed = pades.sign(prepared, signers.author, field="author", reason="authorship", when=when)
        assert failed(pades.check(signed, signers.trusted)) == ["PDF signer is trusted (author)"]


@pytest.mark.parametrize(
    "what", ["nothing", "text", "half", "no signature", "only prepared", "head and tail", "nested"]
)
def test_what_is_no_signed_pdf_fails_in_named_steps(what: str, pdf: bytes, signers: People) -> None:
    data = {
        "nothing": b"",
        "text": b"age,sex\n1,f\n",
        "half": pdf[: len(pdf) // 2],
        "no signature": plain_pdf(),
        "only prepared": pades.prepare(plain_pdf(), BOXES),
        "head and tail": pdf[:200] + pdf[-200:],
        "nested": b"%PDF-1.7\n1 0 obj\n" + b"[" * 5000 + b"\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF",
    }[what]
    steps = pades.check(data, signers.trusted)
    assert failed(steps)[0] == ("PDF signatures" if what in ("no signature", "only prepared") else "PDF readable")
    assert failed(steps)[-1] == "PDF unchanged since signing (author)"
    assert any("not reached" in s.found for s in steps)


def test_every_sampled_byte_counts(pdf: bytes, signers: People) -> None:
    """A flipped bit anywhere, also in the container that no signature covers, must show."""
    rng = random.Random(20261124)  # noqa: S311
    undetected = []
    for _ in range(150):
        position, bit = rng.randrange(len(pdf)), rng.randrange(8)
        changed = bytearray(pdf)
        changed[position] ^= 1 << bit
        if not failed(pades.check(bytes(changed), signers.trusted)):
            undetected.append((position, bit))
    assert undetected == []


def test_every_sampled_byte_of_the_signature_itself_counts(pdf: bytes, signers: People) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    signature = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[0]
    start = int(signature.byte_range[1]) + 1
    rng = random.Random(20261124)  # noqa: S311
    undetected = []
    for _ in range(150):
        position = start + 2 * rng.randrange(len(signature.pkcs7_content))
        value = int(pdf[position : position + 2], 16) ^ (1 << rng.randrange(8))
        changed = pdf[:position] + b"%02X" % value + pdf[position + 2 :]
        if not failed(pades.check(changed, signers.trusted)):
            undetected.append(position)
    assert undetected == []


def test_an_edited_page_after_signing_is_found(pdf: bytes, signers: People) -> None:
    """poppler's pdfsig calls such a file valid."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    steps = pades.check(out.getvalue(), signers.trusted)
    assert failed(steps) == ["PDF unchanged since signing (author)", "PDF unchanged since signing (clinical)"]


def test_bytes_after_the_end_are_found(pdf: bytes, signers: People) -> None:
    assert failed(pades.check(pdf + b"\n% one more line\n", signers.trusted))


def test_an_approval_by_a_stranger_shows(signers: People, tmp_path: Path) -> None:
    eve = people(tmp_path).author
    once = certified(plain_pdf(), signers.author)
    twice = pades.sign(once, eve, field="approver", reason="approval", when=datetime.now(UTC))
    assert failed(pades.check(twice, signers.trusted)) == ["PDF signer is trusted (approver)"]


def test_the_author_signs_first(signers: People) -> None:
    prepared = pades.prepare(plain_pdf(), BOXES)
    approved = pades.sign(prepared, signers.clinical, field="clinical", reason="approval", when=datetime.now(UTC))
    assert "PDF signatures" in failed(pades.check(approved, signers.trusted))
    with pytest.raises(SigningError, match="cannot be signed"):
        pades.sign(approved, signers.author, field="author", reason="authorship", when=datetime.now(UTC))


def test_a_field_is_signed_once_and_only_if_it_is_there(pdf: bytes, signers: People) -> None:
    for field in ("author", "nobody"):
        with pytest.raises(SigningError, match="no empty signature field") as told:
            pades.sign(pdf, signers.author, field=field, reason="x", when=datetime.now(UTC))
        assert "regulatory" in told.value.hint


@pytest.mark.parametrize("data", [b"", b"no pdf", b"%PDF-1.7\n"])
def test_signing_or_preparing_no_pdf_is_refused(data: bytes, signers: People) -> None:
    with pytest.raises(SigningError):
        pades.sign(data, signers.author, field="author", reason="x", when=datetime.now(UTC))
    with pytest.raises(InputError):
        pades.prepare(data, BOXES)


def test_a_box_on_no_page_is_refused() -> None:
    with pytest.raises(InputError, match="no signature fields"):
        pades.prepare(plain_pdf(), {"author": (7, 0, 0, 10, 10)})


def test_letters_of_the_stamp_do_not_drift_apart(pdf: bytes) -> None:
    """A PDF wants widths in thousandths of an em; no letter of Inter is wider than 1.2 em."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        field = next(f for f in document.Root.AcroForm.Fields if f.T == "author")
        (font,) = field.AP.N.Resources.Font.values()
        widths = [float(w) for run in list(font.DescendantFonts[0].W)[1::2] for w in run]
    assert 200 < min(widths) < max(widths) < 1200
