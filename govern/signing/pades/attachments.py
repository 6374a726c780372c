"""Files attached to a PDF, read with a limit: a few kilobytes can be made to unfold to gigabytes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Container
from typing import Any

from govern.errors import InputError


def attached(pdf: bytes, *, names: Container[str], limit: int) -> dict[str, bytes]:
    """Return those attached files whose name is in ``names``.

    Args:
        pdf: a PDF.
        names: what is asked for.
        limit: the largest size of one file, in bytes.

    Raises:
        InputError: it is no PDF, a file is larger, or packed in a way that govern does not write.
    """
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            found = {name: spec.get_file().obj for name, spec in document.attachments.items() if name in names}
            return {name: _unpacked(name, stream, limit) for name, stream in found.items()}
    except InputError:
        raise
    except Exception as e:  # a damaged PDF can raise anything from the parser's depth
        raise InputError(f"the attached files cannot be read: {type(e).__name__}: {e}") from None


def certified_revision(pdf: bytes) -> bytes:
    """Return the part of a PDF that its first signature covers: the file as it was when its author signed.

    Raises:
        InputError: it is no signed PDF.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        first = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[0]
        _, _, start, length = (int(v) for v in first.byte_range)
    except Exception as e:  # as above
        raise InputError(f"the PDF is not signed, or damaged: {type(e).__name__}: {e}") from None
    return pdf[: start + length]


def _unpacked(name: str, stream: Any, limit: int) -> bytes:
    raw: bytes = stream.read_raw_bytes()
    packing = stream.get("/Filter")
    if packing is None:
        data = raw
    elif packing == "/FlateDecode" and "/DecodeParms" not in stream:
        data = zlib.decompressobj().decompress(raw, limit + 1)
    else:
        raise InputError(f"the attached {name} is packed as {packing}")
    if len(data) > limit:
        raise InputError(f"the attached {name} is larger than {limit >> 20} MiB")
    return data
