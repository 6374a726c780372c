"""The two dossiers of the sample record, as a reader of the PDF finds them."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pikepdf
import pytest

from govern.canonical import sha256
from govern.dossier import context
from govern.dossier.render import REGIONS, Typeset, page, render, templates, typeset
from govern.errors import PolicyError
from govern.evidence.bundle import Bundle
from govern.types import Outcome
from tests.dossier import pdf_text

TEMPLATES = ("eu-ai-act", "fda")


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pdf(template: str, rendered: Mapping[str, Typeset]) -> bytes:
    return rendered[template].pdf


def test_templates_are_found() -> None:
    assert templates() == TEMPLATES


def test_an_unknown_template_names_the_nearest(bundle: Bundle) -> None:
    with pytest.raises(PolicyError) as caught:
        render(bundle, "fdaa")
    assert "fda" in caught.value.hint


def test_attachments_are_the_bundle_each_once(pdf: bytes, bundle: Bundle) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        attached = {name: spec.get_file().read_bytes() for name, spec in document.attachments.items()}
        relations = [str(spec.AFRelationship) for spec in document.Root.AF]
    assert attached == dict(bundle.files)
    assert relations == ["/Data"] * len(bundle.files)


def test_every_finding_is_in_the_text(pdf: bytes, bundle: Bundle) -> None:
    text = pdf_text.everything(pdf)
    assert [f.id for f in bundle.record.findings if pdf_text.squeezed(f.id) not in text] == []


def test_gaps_come_first(pdf: bytes, bundle: Bundle) -> None:
    """What is missing, failing or not shown stands before the table of contents, the gravest on the first page."""
    pages = pdf_text.pages(pdf)
    start = "".join(pages).partition("Contents")[0]
    open_findings = [f for f in bundle.record.findings if f.outcome is not Outcome.PASS]
    assert len({f.outcome for f in open_findings}) == 5
    assert [f.id for f in open_findings if f.rule not in start] == []
    for group in (pdf_text.squeezed(f"{k} = {v}") for f in open_findings for k, v in f.slice.items()):
        assert group in start
    for words in ("DENIED", "DEVELOPMENTKEY", "Gapsfirst", "4findingsblock", bundle.sha256):
        assert words in pages[0]
    for words in (
        "Dr.AdaBeispiel,dataprotectionofficer",
        "Clinical,Regulatory",
        "Notrustedtimestamp",
        "Monitoringplan",
        "Recalibrationisscheduledwiththenextdatarelease",
        "robustness,security",
    ):
        assert words in start


def test_every_page_carries_the_evidence_and_its_number(pdf: bytes, bundle: Bundle) -> None:
    pages = pdf_text.pages(pdf)
    for number, text in enumerate(pages, start=1):
        assert f"evidence{bundle.sha256}" in text
        assert f"page{number}of{len(pages)}" in text


def test_no_section_is_empty(template: str, bundle: Bundle) -> None:
    """Each section says something or has a gap mark, and so does what follows each of its headings."""
    sections = _Sections()
    sections.feed(page(template, context.build(bundle, region=REGIONS[template])))
    assert len(sections.found) > 20
    assert [title for title, text in sections.found if len(text.strip()) < 20] == []


ORDER = {
    "fda": "1 Scope|2 Device|3 User interface|4 Risk|5 Data|6 Model|7 Validation plan|8 Validation results|9 Subgroups|"
    "10 Human-AI|11 Performance monitoring|12 Cybersecurity|13 Predetermined|14 Public summary|15 Software|"
    "16 Electronic|17 Crosswalks|18 Limitations|How to verify|Annex A|Annex B|Annex C",
    "eu-ai-act": "0 Front|1 General|2.1 Development|2.2 Design|2.3 Architecture|2.4 Data|2.5 Human oversight|2.6 Pre|"
    "2.7 Validation|2.8 Cyber|3 Monitoring|4 Appropriateness|5 Risk|6 Changes|7 Standards|8 EU declaration|"
    "9 Post-market|10 Added|11 Data protection|12 Quality|13 Records|14 Clause|15 Signatures|How to verify|"
    "Annex A|Annex B|Annex C",
}


def test_the_order_is_the_regulators(pdf: bytes, template: str) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_outline() as outline:
        titles = [item.title for item in outline.root]
    wanted = ORDER[template].split("|")
    sections = titles[titles.index("Contents") + 1 :]
    assert len(sections) == len(wanted)
    assert all(title.startswith(start) for title, start in zip(sections, wanted, strict=True))


def test_the_law_is_pinned_and_nothing_is_promised(rendered: Mapping[str, Typeset]) -> None:
    texts = {name: pdf_text.everything(made.pdf) for name, made in rendered.items()}
    for text in texts.values():
        assert not re.search(r"compliant|FDAapproved|PHI-free|conformstoPDF", text, re.I)
        assert "TargetsPDF/A-3a" in text
    assert "draft,January2025" in texts["fda"]
    assert all(
        "draft" in texts["fda"][m.start() : m.start() + 90] for m in re.finditer(r"AI-DSF\b(?!here)", texts["fda"])
    )
    assert "asamendedbyRegulation(EU)2026/1744" in texts["eu-ai-act"]


def test_figures_say_their_numbers(pdf: bytes) -> None:
    figures = [alt for kind, alt in pdf_text.structure(pdf) if kind == "Figure"]
    assert len(figures) == 11
    assert all(re.search(r"\d\.\d{3}", alt) for alt in figures)
    assert any(alt.startswith("ROC curve: area 0.842") for alt in figures)


def test_file_is_tagged_titled_and_bookmarked(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.Root.MarkInfo.Marked
        assert document.Root.Lang == "en"
        assert document.Root.ViewerPreferences.DisplayDocTitle
        assert "SUPPORT2 180-day mortality risk" in str(document.docinfo["/Title"])
        with document.open_outline() as outline:
            assert len(outline.root) > 20
        fonts = {str(f.BaseFont) for p in document.pages for f in p.resources.get("/Font", {}).values()}
    assert all("Inter" in f or "JetBrains" in f for f in fonts)


def test_boxes_lie_on_the_first_page(rendered: Mapping[str, Typeset], template: str) -> None:
    boxes = rendered[template].boxes
    assert list(boxes) == ["author", "clinical", "regulatory"]
    for index, x1, y1, x2, y2 in boxes.values():
        assert index == 0
        assert 0 < x1 < x2 < 620
        assert 0 < y1 < y2 < 800
        assert x2 - x1 > 140
        assert y2 - y1 > 36


def test_equal_evidence_gives_equal_bytes_in_another_process(small: Bundle) -> None:
    program = (
        "import sys, pathlib\n"
        "from govern.canonical import sha256\n"
        "from govern.dossier.render import render\n"
        "from govern.evidence.bundle import load\n"
        "print(sha256(render(load(pathlib.Path(sys.argv[1])), 'fda')))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(small.path)],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(root), "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == sha256(render(small, "fda"))


def test_a_3b_rendition_breaks_no_rule_that_pikepdf_knows(small: Bundle, tmp_path: Path) -> None:
    from pikepdf import pdfa

    path = tmp_path / "b.pdf"
    with pikepdf.open(io.BytesIO(typeset(small, "eu-ai-act", variant="pdf/a-3b").pdf)) as document:
        _drop_empty_patterns(document)
        document.save(
            path,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            deterministic_id=True,
            fix_metadata_version=False,
        )
    assert pdfa.validate_written(path, "3b").verdict == "pass"


def _drop_empty_patterns(document: pikepdf.Pdf) -> None:
    """Remove empty resource dictionaries, which the checker does not know how to judge."""
    for item in document.objects:
        resources = item.get("/Resources", item) if isinstance(item, pikepdf.Dictionary | pikepdf.Stream) else {}
        for name in ("/Pattern", "/Shading"):
            if isinstance(resources, pikepdf.Dictionary) and name in resources and not len(resources[name]):
                del resources[name]


class _Sections(HTMLParser):
    """Collects (heading, text up to the next heading) of a page's sections."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"h2", "h3"}:
            deeper = tag == "h3" and self.found and len(self.found[-1][1].strip()) < 20
            self.found.append(("", ""))
            self._in_heading = True
            if deeper:  # a section whose first words are a subsection's
                self.found.pop(-2)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h2", "h3"}:
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        if self.found:
            title, text = self.found[-1]
            self.found[-1] = (title + data, text) if self._in_heading else (title, text + data)
