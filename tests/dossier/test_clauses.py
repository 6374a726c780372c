"""The index of clauses in a dossier says what the coverage engine says, and nothing in a dossier claims too much."""

from __future__ import annotations

import html
import re

import pytest

from govern.dossier import context
from govern.dossier.render import page
from govern.evidence.bundle import Bundle
from govern.regulations.coverage import coverage
from tests.forbidden import claims


@pytest.mark.parametrize(("template", "region"), [("fda", "us"), ("eu-ai-act", "eu")])
def test_every_clause_of_the_profile_is_printed_with_its_state(small: Bundle, template: str, region: str) -> None:
    text = page(template, context.build(small, region=region))
    expected = coverage(small, region, today=context.made(small).date())
    printed = re.findall(r'<tr id="clause-([^"]+)"><td><span class="outcome (\w+)">', text)
    assert dict(printed) == {c.clause.id: c.state.value for c in expected.covered}
    assert len(printed) == len(expected.covered)
    assert f"{len(expected.blocking())} stop a release." in text
    assert claims(html.unescape(re.sub(r"<[^>]+>", " ", text))) == []


def test_drafts_and_memories_are_marked_where_they_stand(small: Bundle) -> None:
    text = html.unescape(page("fda", context.build(small, region="us")))
    rows = dict(re.findall(r'<tr id="clause-([^"]+)">(.*?)</tr>', text, re.DOTALL))
    for covered in coverage(small, "us", today=context.made(small).date()).covered:
        row = rows[covered.clause.id]
        assert covered.clause.requirement in row
        if covered.clause.label:
            assert covered.clause.label in row
        if covered.clause.from_memory:
            assert covered.clause.confirmed in row


def test_each_section_tells_its_clauses(small: Bundle) -> None:
    text = page("fda", context.build(small, region="us"))
    sections = {s for c in coverage(small, "us", today=context.made(small).date()).covered for s in c.clause.sections}
    assert text.count("Clauses of this section:") == len(sections & {str(n) for n in range(1, 19)})
