"""Records that are empty, huge or written to do harm: the dossier is made, and shows what is there."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable

import pikepdf
import pytest

from govern.dossier.render import render
from govern.evidence.bundle import Bundle
from govern.types import Decision, Outcome, Record, Verdict
from tests.dossier import pdf_text
from tests.dossier.sample_findings import RULES, finding, measured
from tests.dossier.sample_record import record

SCRIPT = "<script>alert('x')</script><b>&amp;"
LONG = "Donaudampfschifffahrt" * 480  # 10,080 letters without a space
ODD = "na\u0131\u0308ve $\\frac{a}{b}$ {{ system }} \u202egnp.fdp \u05d0\u05d1\u05d2 \U0001f600"


@pytest.fixture(scope="module")
def hostile(sealed: Callable[[Record], Bundle]) -> bytes:
    """A dossier of sixty groups with harmful names, and harmful facts."""
    groups = [SCRIPT, LONG[:400], ODD, 'a"quote/../slash', *(f"group {i}" for i in range(56))]
    found = [
        finding("sensitivity-by-group", Outcome.FAIL, measured(0.4, 0.1, n=90 + i), LONG[: 300 // (i + 1)], site=name)
        for i, name in enumerate(groups)
    ]
    facts = {"name": f"{SCRIPT} {LONG}", "intended_use": LONG, "limitations": [ODD, SCRIPT], "users": "x" * 3000}
    made = record(
        findings=tuple(found),
        system=facts,
        decision=Decision(verdict=Verdict.DENY, blocking=tuple(f.id for f in found), reasons=(SCRIPT, LONG[:500])),
    )
    return render(sealed(made), "fda")


def test_markup_is_printed_and_not_obeyed(hostile: bytes) -> None:
    text = pdf_text.everything(hostile)
    assert pdf_text.squeezed(f"sensitivity-by-group[site={SCRIPT}]") in text
    with pikepdf.open(io.BytesIO(hostile)) as document:
        assert "/JavaScript" not in document.Root.get("/Names", {})
        assert "/OpenAction" not in document.Root


def test_what_the_fonts_do_not_hold_is_written_as_its_code(hostile: bytes) -> None:
    text = pdf_text.everything(hostile)
    for shown in ("[U+202E]gnp.fdp", "[U+05D0][U+05D1][U+05D2]", "[U+1F600]", "$\\frac{a}{b}$", "{{system}}"):
        assert shown in text
    assert "\u202e" not in text


def test_long_words_stay_on_the_page(hostile: bytes) -> None:
    assert pdf_text.everything(hostile).count("schiff") > 475  # a word may be cut where a page ends
    for left, right, width in pdf_text.extents(hostile):
        assert left > 60
        assert right < width - 60


def test_sixty_groups_are_drawn_on_two_sheets(hostile: bytes) -> None:
    figures = [alt for kind, alt in pdf_text.structure(hostile) if kind == "Figure"]
    assert [alt.partition(",")[0][-13:] for alt in figures] == ["(part 1 of 2)", "(part 2 of 2)"]


def test_an_empty_record_is_all_gaps(sealed: Callable[[Record], Bundle]) -> None:
    policy = {**record().policy, "checks": [], "not_applicable": {}, "approvals": []}
    bundle = sealed(
        record(
            findings=(),
            datasets=(),
            waivers=(),
            policy=policy,
            system={},
            decision=Decision(verdict=Verdict.DENY, reasons=("no blocking check in the mandatory family bias",)),
        )
    )
    unlogged = dataclasses.replace(
        bundle, receipt=None, files={k: v for k, v in bundle.files.items() if k != "receipt.json"}
    )
    pages = pdf_text.pages(render(unlogged, "eu-ai-act"))
    for words in ("DENIED", "Noblockingcheckinthemandatoryfamilybias", "Nologreceipt", "not declared".replace(" ", "")):
        assert words in pages[0] + pages[1]
    assert "Findings:nonewasmade." in "".join(pages)


def test_an_allowed_record_says_so_with_its_limits(sealed: Callable[[Record], Bundle]) -> None:
    passed = finding("discrimination", Outcome.PASS, measured(0.84))
    thin = finding("sensitivity-by-group", Outcome.INCONCLUSIVE, measured(0.7, 0.2, n=31, events=12), race="asian")
    bundle = sealed(
        record(
            findings=(passed, thin),
            policy={**record().policy, "checks": [RULES[0], RULES[3]]},
            waivers=(),
            decision=Decision(verdict=Verdict.ALLOW, limitations=(thin.id,)),
        )
    )
    first = pdf_text.pages(render(bundle, "fda"))[0]
    assert "ALLOWED" in first
    assert "1limitationofuse" in first
    assert "race=asian:0.700" in first
    assert "DENIED" not in first
