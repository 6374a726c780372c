"""Evidence and a template to an unsigned, tagged PDF with the evidence attached; equal input, equal bytes.

The file *targets* PDF/A-3a: no independent validator of that level was run on it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from govern.dossier import context
from govern.dossier.numbers import readable
from govern.dossier.printable import printable, short
from govern.errors import GovernError, PolicyError
from govern.resources import shared
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    from markupsafe import Markup

    from govern.dossier.signatures import Signature
    from govern.evidence.bundle import Bundle

#: Page index (from 0) and a rectangle (x1, y1, x2, y2) in PDF points from the lower left corner.
Box = tuple[int, float, float, float, float]

VARIANT = "pdf/a-3a"
_PAGE = "dossier.html.j2"
_POINTS = 0.75  # a CSS pixel in points
#: WeasyPrint 70 breaks a line after its first word where text that ends in a space is followed by an element
#: that does not fit any more; with the space inside the element it breaks where it should.
_SPACE_BEFORE_INLINE = re.compile(r' <(span class="mono"|strong|a\b[^>]*)>')
#: Whose clauses a template indexes.
REGIONS = {"fda": "us", "eu-ai-act": "eu"}


@dataclass(frozen=True, kw_only=True)
class Typeset:
    """An unsigned dossier and where its signature boxes are, by role."""

    pdf: bytes
    boxes: Mapping[str, Box]


def render(bundle: Bundle, template: str) -> bytes:
    """Return the unsigned PDF of an evidence bundle.

    Raises:
        PolicyError: there is no such template.
        SigningError: the signer's certificate in the bundle cannot be read.
    """
    return typeset(bundle, template).pdf


def templates() -> tuple[str, ...]:
    """Return the names of the templates: the folders that hold a page."""
    return tuple(sorted(p.parent.name for p in shared("report_templates").glob(f"*/{_PAGE}")))


def typeset(bundle: Bundle, template: str, *, variant: str = VARIANT, stamped: bool = False) -> Typeset:
    """Return the unsigned PDF, as :func:`render` does, and the places of its signature boxes."""
    from weasyprint import HTML, Attachment
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    seen = context.build(bundle, stamped=stamped, region=REGIONS.get(template))
    source = HTML(
        string=page(template, seen),
        base_url=f"{shared('report_templates').as_uri()}/",
        url_fetcher=URLFetcher(allowed_protocols=["file", "data"]),
    )
    document = source.render(font_config=FontConfiguration())
    made = context.made(bundle)
    document.metadata.attachments = [
        Attachment(
            string=bundle.files[name], name=name, description=what, created=made, modified=made, relationship="Data"
        )
        for name, what, _, _ in seen["attachments"]
    ]
    document.metadata.created = document.metadata.modified = f"{made:%Y-%m-%dT%H:%M:%SZ}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint 70 leaves its colour profile to be closed
        pdf = document.write_pdf(
            pdf_variant=variant,
            pdf_identifier=f"{bundle.sha256}-{template}".encode(),
            finisher=_each_attachment_once,
        )
    return Typeset(pdf=pdf, boxes=_boxes(document, seen["panel"]))


def page(template: str, seen: Mapping[str, Any]) -> str:
    """Return the HTML of a template with a context of :func:`govern.dossier.context.build`.

    Raises:
        PolicyError: there is no such template.
        GovernError: the template is wrong; file and line are named.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

    if template not in templates():
        raise PolicyError(f"unknown template {template!r}", hint=nearest(template, templates()))
    environment = Environment(
        loader=FileSystemLoader(shared("report_templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "short": short,
        "code": _code,
        "readable": readable,
        "sentence": partial(_sentence, names=seen["names"]),
    }
    try:
        text = environment.get_template(f"{template}/{_PAGE}").render(template=template, **seen)
    except TemplateError as e:
        place = f"{getattr(e, 'filename', None) or template}:{getattr(e, 'lineno', None) or '?'}"
        raise GovernError(f"template {place}: {e.message}", hint="mend the template") from None
    return _SPACE_BEFORE_INLINE.sub(r"<\1> ", text)


def _printable(value: Any) -> Any:
    """Return what a template prints, with characters that the fonts do not hold made visible."""
    if isinstance(value, str):
        return type(value)(printable(value))
    return value


def _sentence(text: str, *, names: Iterable[str]) -> str:
    """Return text that begins with a capital letter, unless with one of the names, and ends with a full stop."""
    whole = text.strip().rstrip(".")
    named = any(whole.startswith(name) and not whole[len(name) : len(name) + 1].isalnum() for name in names)
    return whole and f"{whole if named else whole[:1].upper() + whole[1:]}."


def _code(text: str) -> Markup:
    """Return a docstring's text with what stands in backquotes in the type of code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`+([^`]+)`+", r'<span class="mono">\1</span>', str(escape(text))))  # noqa: S704 - escaped


def _boxes(document: Any, panel: tuple[Signature, ...]) -> dict[str, Box]:
    found = {}
    for signature in panel:
        for index, page in enumerate(document.pages):
            if signature.anchor in page.anchors:
                left, top, right, bottom = page.anchors[signature.anchor]
                height = page.height
                x1, y1, x2, y2 = (round(v * _POINTS, 2) for v in (left, height - bottom, right, height - top))
                found[signature.role] = (index, x1, y1, x2, y2)
                break
        else:
            raise GovernError(
                f"the template has no box for the signature of {signature.role!r}",
                hint="print the signature panel of shared/cover.html.j2",
            )
    return found


def _each_attachment_once(document: Any, pdf: Any) -> None:
    """Keep each associated file once: WeasyPrint 70 lists it twice in the catalogue."""
    files = pdf.catalog.get("AF")
    if files:
        pdf.catalog["AF"] = type(files)(dict.fromkeys(files))
