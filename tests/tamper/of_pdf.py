"""Edits of a dossier with three signatures: of its bytes, of a signature's container, and incremental ones."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from govern.signing import pades
from govern.signing.identity import Identity
from govern.verify import verify
from tests.evidence.samples import BOXES, plain_pdf
from tests.tamper import edits
from tests.tamper.campaign import Changes, Draw, Target
from tests.tamper.made import Made

EARLIER = "the dossier as it was before it was signed further, to the byte; the log has the later signatures"


def targets(made: Made) -> list[Target]:
    """Return the dossier as somebody has it who has nothing else but the root's certificate."""
    path = made.drawer / "dossier.pdf"

    def failing() -> Sequence[str]:
        return [s.name for s in verify(str(path), None, trust=made.auditor) if not s.ok]

    whole = path.read_bytes()

    def excused(changes: Changes) -> str:
        """Only the very bytes that an earlier signature covers, to their end."""
        data = changes[path]
        assert isinstance(data, bytes)
        earlier = [whole[: int(s.byte_range[2] + s.byte_range[3])] for s in _signatures(whole)[:-1]]
        return EARLIER if data in earlier else ""

    return [Target(name="dossier (PDF)", kinds=_kinds(made, path), failing=failing, share=0.14, excused=excused)]


def _kinds(made: Made, path: Path) -> dict[str, Draw]:
    pdf = path.read_bytes()

    def of_bytes(edit: edits.Edit) -> Draw:
        return lambda rng: {path: edit(pdf, rng)}

    def further(change: Callable[[Any, random.Random], object]) -> Draw:
        return lambda rng: {path: _incremental(pdf, lambda writer: change(writer, rng))}

    def signed(*by: Identity) -> Draw:
        """The free field, signed by somebody who must not."""

        def draw(rng: random.Random) -> Changes:
            who, words = rng.choice(by), f"approval {rng.randrange(10**6)}"
            return {path: pades.sign(pdf, who, field="approver", reason=words, when=datetime.now(UTC))}

        return draw

    def made_anew(rng: random.Random) -> Changes:
        """The same genuine evidence in a frame of a stranger's."""
        boxed = pades.prepare(plain_pdf(dict(made.first.files)), BOXES)
        words = f"authorship {rng.randrange(10**6)}"
        return {path: pades.sign(boxed, made.stranger, field="author", reason=words, when=datetime.now(UTC))}

    def rewritten(rng: random.Random) -> Changes:
        import pikepdf

        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(pdf)) as document:
            document.docinfo["/Title"] = f"Approved {rng.randrange(10**6)}"
            document.save(out)
        return {path: out.getvalue()}

    def behind(rng: random.Random) -> Changes:
        more = rng.choice((b"\n", b" ", b"%", b"\n%%EOF\n", b"\r\n%%EOF", b"\0")) * rng.randint(1, 5)
        return {path: pdf + more + rng.choice((b"", b"%%EOF"))}

    def cut(rng: random.Random) -> Changes:
        """Back to the end of an earlier revision, with something of the later ones left."""
        ends = [i + 5 for i in range(len(pdf)) if pdf.startswith(b"%%EOF", i)]
        end = rng.choice(ends[:-1])
        return {path: pdf[:end] + b"\n" + pdf[end : end + rng.randint(2, 400)] + b"\n%%EOF"}

    def cut_back(rng: random.Random) -> Changes:
        """Exactly what the dossier was before somebody signed it further."""
        ends = [int(s.byte_range[2] + s.byte_range[3]) for s in _signatures(pdf)]
        return {path: pdf[: rng.choice(ends[:-1])]}

    people = made.people
    return {
        **{kind: of_bytes(edit) for kind, edit in edits.BYTES.items()},
        "bytes behind the end": behind,
        "cut within a later revision": cut,
        "cut back to an earlier signature": cut_back,
        "page content": further(_content),
        "annotation": further(_annotation),
        "form value": further(_value),
        "form field added": further(_field),
        "attachment exchanged": further(_attachment),
        "attachment list emptied": further(_no_attachments),
        "metadata": further(lambda w, rng: w.set_info(_info(w, rng))),
        "action on opening": further(_action),
        "security store (DSS)": further(_security_store),
        "empty revision": further(lambda w, rng: w.add_object(_text(f"{rng.randrange(10**6)}"))),
        "further signature, untrusted": signed(made.stranger),
        "further signature without the role": signed(people["clinical"], people["regulatory"], people["author"]),
        "further signature, revoked": signed(people["left"]),
        "rewritten as a whole": rewritten,
        "made anew by an untrusted key": made_anew,
        "ECDSA twin": lambda rng: {path: _resealed(pdf, rng, _twin)},
        "chain without its root": lambda rng: {path: _resealed(pdf, rng, _without_root)},
        "chain reordered": lambda rng: {path: _resealed(pdf, rng, _reordered)},
        "signatures exchanged": lambda rng: {path: _exchanged(pdf, rng)},
    }


def _incremental(pdf: bytes, change: Callable[[Any], object]) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _text(words: str) -> Any:
    from pyhanko.pdf_utils import generic

    return generic.TextStringObject(words)


def _content(writer: Any, rng: random.Random) -> None:
    from pyhanko.pdf_utils import generic

    number = rng.randrange(2)
    stream = generic.StreamObject(stream_data=f"0 0 m {rng.randrange(500)} {rng.randrange(700)} l S".encode())
    writer.add_stream_to_page(number, writer.add_object(stream))


def _annotation(writer: Any, rng: random.Random) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    page_ref, _ = writer.find_page_for_modification(rng.randrange(2))
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name(rng.choice(("/FreeText", "/Text", "/Stamp", "/Square"))),
            pdf_name("/Rect"): generic.ArrayObject(
                [generic.NumberObject(v) for v in (rng.randrange(99), rng.randrange(99), 300, 300)]
            ),
            pdf_name("/Contents"): _text(f"approved {rng.randrange(10**6)}"),
        }
    )
    page = page_ref.get_object()
    held = page.get("/Annots")
    old = list(held) if held is not None else []
    page[pdf_name("/Annots")] = generic.ArrayObject([*old, writer.add_object(note)])
    writer.update_container(page)


def _fields(writer: Any) -> list[Any]:
    return [ref.get_object() for ref in writer.root["/AcroForm"]["/Fields"]]


def _value(writer: Any, rng: random.Random) -> None:
    from pyhanko.pdf_utils.generic import pdf_name

    field = rng.choice(_fields(writer))
    field[pdf_name(rng.choice(("/V", "/TU", "/DV", "/T")))] = _text(f"yes {rng.randrange(10**6)}")
    writer.update_container(field)


def _field(writer: Any, rng: random.Random) -> None:
    from pyhanko.sign.fields import SigFieldSpec, append_signature_field

    append_signature_field(writer, SigFieldSpec(f"more{rng.randrange(10**6)}"))


def _attachment(writer: Any, rng: random.Random) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    files = names[2 * rng.randrange(len(names) // 2) + 1]["/EF"]
    stream = generic.StreamObject(stream_data=f'{{"n":{rng.randrange(10**6)}}}'.encode())
    files[pdf_name("/F")] = files[pdf_name("/UF")] = writer.add_object(stream)
    writer.update_container(files)


def _no_attachments(writer: Any, rng: random.Random) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    tree = writer.root["/Names"]["/EmbeddedFiles"]
    keep = 2 * rng.randrange(len(tree["/Names"]) // 2)
    tree[pdf_name("/Names")] = generic.ArrayObject(list(tree["/Names"])[:keep])
    writer.update_container(tree)


def _info(writer: Any, rng: random.Random) -> Any:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    return writer.add_object(generic.DictionaryObject({pdf_name("/Title"): _text(f"Approved {rng.randrange(10**6)}")}))


def _action(writer: Any, rng: random.Random) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    script = f"app.alert({rng.randrange(10**6)})"
    writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): _text(script)}
    )
    writer.update_root()


def _security_store(writer: Any, rng: random.Random) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    certificate = writer.add_object(generic.StreamObject(stream_data=rng.randbytes(40)))
    store = generic.DictionaryObject({pdf_name("/Certs"): generic.ArrayObject([certificate])})
    writer.root[pdf_name("/DSS")] = writer.add_object(store)
    writer.update_root()


def _signatures(pdf: bytes) -> list[Any]:
    from pyhanko.pdf_utils.reader import PdfFileReader

    return list(PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures)


def _resealed(pdf: bytes, rng: random.Random, change: Callable[[Any], None]) -> bytes:
    """Return the PDF with another container in place of a signature's: the one part that no signature covers."""
    from asn1crypto.cms import ContentInfo

    signature = rng.choice(_signatures(pdf)[-1:] if rng.random() < 0.5 else _signatures(pdf))
    _, length, after, _ = (int(v) for v in signature.byte_range)
    content = ContentInfo.load(signature.pkcs7_content, strict=False)
    change(content["content"])
    room = (after - length - 2) // 2
    der = content.dump(force=True)
    return pdf[: length + 1] + (der + bytes(room - len(der))).hex().upper().encode() + pdf[after - 1 :]


def _twin(data: Any) -> None:
    signer = data["signer_infos"][0]
    signer["signature"] = edits.twin(signer["signature"].native)


def _without_root(data: Any) -> None:
    from asn1crypto.cms import CertificateSet

    data["certificates"] = CertificateSet(list(data["certificates"])[:1])


def _reordered(data: Any) -> None:
    from asn1crypto.cms import CertificateSet

    data["certificates"] = CertificateSet(list(data["certificates"])[::-1])


def _exchanged(pdf: bytes, rng: random.Random) -> bytes:
    one, other = rng.sample(_signatures(pdf), 2)
    start, end = int(one.byte_range[1]), int(one.byte_range[2])
    begin, stop = int(other.byte_range[1]), int(other.byte_range[2])
    if end - start != stop - begin:
        return pdf[: start + 1] + pdf[begin + 1 : begin + 1 + end - start - 2] + pdf[end - 1 :]
    return pdf[:start] + pdf[begin:stop] + pdf[end:]
