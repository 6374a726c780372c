"""Text and structure of a PDF, read with pikepdf alone: what a reader can extract is what counts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pikepdf


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page, without any white space, since a long name may be broken anywhere."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return [re.sub(r"\s+", "", "".join(_text(page))) for page in document.pages]


def everything(pdf: bytes) -> str:
    return "".join(pages(pdf))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def structure(pdf: bytes) -> Iterator[tuple[str, str]]:
    """Yield (type, alternative text) of every structure element."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        todo: list[Any] = [document.Root.StructTreeRoot]
        while todo:
            node = todo.pop()
            if isinstance(node, pikepdf.Array):
                todo.extend(reversed(list(node)))
            elif isinstance(node, pikepdf.Dictionary):
                if "/S" in node:
                    yield str(node.S).lstrip("/"), str(node.get("/Alt", ""))
                if "/K" in node:
                    todo.append(node.K)


def _text(page: pikepdf.Page) -> Iterator[str]:
    fonts = {str(name): _characters(font) for name, font in page.resources.get("/Font", {}).items()}
    current: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            current = fonts[str(operands[0])]
        elif str(operator) in {"Tj", "TJ"}:
            for part in operands[0] if str(operator) == "TJ" else operands:
                if isinstance(part, pikepdf.String):
                    codes = bytes(part)
                    yield from (current[codes[i] << 8 | codes[i + 1]] for i in range(0, len(codes), 2))


def _characters(font: Any) -> dict[int, str]:
    found = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", font.ToUnicode.read_bytes(), re.S):
        for code, text in re.findall(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]*)>", block):
            found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return found


def extents(pdf: bytes) -> Iterator[tuple[float, float, float]]:
    """Yield (left end, right end, page width) in points of every shown piece of text."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            widths = {str(name): _widths(font) for name, font in page.resources.get("/Font", {}).items()}
            yield from _pieces(page, widths)


def _pieces(page: pikepdf.Page, widths: dict[str, dict[int, float]]) -> Iterator[tuple[float, float, float]]:
    across = float(page.mediabox[2])
    current: dict[int, float] = {}
    size, x, stack = 1.0, 0.0, []
    scale, shift = 1.0, 0.0
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "q":
                stack.append((scale, shift))
            case "Q":
                scale, shift = stack.pop()
            case "cm":
                a, _, _, _, e, _ = (float(v) for v in operands)
                scale, shift = scale * a, shift + scale * e
            case "Tf":
                current, size = widths[str(operands[0])], float(operands[1])
            case "Tm":
                x, stretch = float(operands[4]), float(operands[0])
            case "TJ" | "Tj":
                parts = operands[0] if str(operator) == "TJ" else operands
                advance = sum(_advance(part, current) for part in parts) / 1000 * size * stretch
                yield shift + scale * x, shift + scale * (x + advance), across


def _advance(part: Any, widths: dict[int, float]) -> float:
    """Return the advance of a piece of a TJ array, in thousandths of the font's size."""
    if not isinstance(part, pikepdf.String):
        return -float(part)
    codes = bytes(part)
    return sum(widths.get(codes[i] << 8 | codes[i + 1], 1000.0) for i in range(0, len(codes), 2))


def _widths(font: Any) -> dict[int, float]:
    found: dict[int, float] = {}
    items = list(font.DescendantFonts[0].get("/W", []))
    while items:
        first, values, *items = items
        found |= {int(first) + i: float(v) for i, v in enumerate(values)}
    return found
