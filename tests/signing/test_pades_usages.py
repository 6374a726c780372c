from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from govern.errors import InputError
from govern.signing import pades
from govern.signing.pades.usages import Usages
from tests.evidence.samples import BOXES, certified, people, plain_pdf


def tagged() -> bytes:
    """Two pages with links to each other, and a structure whose elements lead up, down and to the pages."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(plain_pdf({"findings.json": b"[]"}))) as pdf:
        made = pdf.make_indirect
        one, two = (page.obj for page in pdf.pages)
        one.Annots = pikepdf.Array([made(pikepdf.Dictionary(Subtype=pikepdf.Name.Link, Dest=pikepdf.Array([two])))])
        tree = made(pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot))
        section = made(pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.Sect, P=tree))
        words = [made(pikepdf.Dictionary(S=pikepdf.Name.P, P=section, Pg=page, K=0)) for page in (one, two)]
        inner = made(pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.Span, P=words[0], Pg=one))
        words[0].K = inner  # a single child, in no array
        words[1].P = made(pikepdf.Dictionary(S=pikepdf.Name.Sect))  # which is not where it hangs
        one.Annots[0].Parent = made(pikepdf.Dictionary(T=pikepdf.String("above")))
        section.K = pikepdf.Array(words)
        tree.K = pikepdf.Array([section])
        tree.ParentTree = made(pikepdf.Dictionary(Nums=pikepdf.Array([0, pikepdf.Array([*words, inner])])))
        pdf.Root.StructTreeRoot = tree
        pdf.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Signed three times."""
    signers = people(tmp_path_factory.mktemp("signers"))
    data = certified(tagged(), signers.author)
    for field in ("clinical", "regulatory"):
        data = pades.sign(data, signers.clinical, field=field, reason="approval", when=datetime.now(UTC))
    return data


def reader(pdf: bytes) -> Any:
    from pyhanko.pdf_utils.reader import PdfFileReader

    return PdfFileReader(io.BytesIO(pdf), strict=True)


@pytest.mark.parametrize("order", [range(3), range(2, -1, -1)], ids=["oldest first", "newest first"])
def test_every_path_is_found_that_pyhanko_finds(order: Iterable[int], pdf: bytes) -> None:
    """In each revision, whichever one was read before it."""
    mine, theirs = reader(pdf), reader(pdf)
    assert mine.total_revisions == 4
    usages = Usages(mine)
    for revision in order:
        usages.tell(revision)
        resolver = mine.get_historical_resolver(revision)
        told = resolver._indirect_object_access_cache
        resolver._load_reverse_xref_cache()
        expected = theirs.get_historical_resolver(revision)
        expected._load_reverse_xref_cache()
        if revision == 3:
            assert mine.total_revisions == 4  # nothing comes after it
        else:
            assert resolver._indirect_object_access_cache is told  # else pyHanko does the work again
            assert dict(told) == expected._indirect_object_access_cache
            assert len(told) > 20


def test_a_page_or_an_element_that_is_there_twice_is_refused() -> None:
    for where in ("/Pages", "/StructTreeRoot"):
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(tagged())) as document:
            kids = document.Root[where].Kids if where == "/Pages" else document.Root[where].K
            kids.append(kids[0])
            document.save(out)
        with pytest.raises(InputError, match="twice"):
            _walked(out.getvalue())


def _walked(pdf: bytes) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.update_root()
    writer.write(out)
    Usages(reader(out.getvalue())).tell(0)


def test_an_object_that_is_replaced_where_it_is_used_twice_is_found(tmp_path: Path) -> None:
    """A signer's field that is drawn as something else too: filling it in would change that."""
    signers = people(tmp_path)
    boxed, out = pades.prepare(plain_pdf(), BOXES), io.BytesIO()
    with pikepdf.open(io.BytesIO(boxed)) as document:
        field = next(f for f in document.Root.AcroForm.Fields if f.T == "clinical")
        document.Root.Elsewhere = pikepdf.Array([field])
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    now = datetime.now(UTC)
    once = pades.sign(out.getvalue(), signers.author, field="author", reason="authorship", when=now)
    twice = pades.sign(once, signers.clinical, field="clinical", reason="approval", when=now)
    assert [s.name for s in pades.check(once, signers.trusted) if not s.ok] == []
    assert [s.name for s in pades.check(twice, signers.trusted) if not s.ok] == ["PDF unchanged since signing (author)"]
