"""The Markdown that MLflow's own pages show beside a registered version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.types import Finding, Outcome

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Receipt

#: MLflow's column holds no more characters.
LIMIT = 5000
_ORDER = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.NOT_AVAILABLE,
    Outcome.INCONCLUSIVE,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
_HEAD = "| outcome | finding | who | estimate [interval] | criterion |\n|---|---|---|---|---|"


def describe(bundle: Bundle, receipt: Receipt) -> str:
    """Return verdict, proof, limitations and the table of findings, at most :data:`LIMIT` characters.

    Findings that did not pass come first; where not all fit, the last line says how many are left out.
    """
    record = bundle.record
    policy = record.policy
    lines = [
        f"**{record.decision.verdict.value}** under policy `{policy['id']}` {policy['version']}",
        "",
        f"- evidence `{bundle.sha256}`",
        f"- log entry {receipt.index} of {receipt.size}, root `{receipt.root}`",
        f"- model files `{record.subject.sha256}`",
        "",
        *_limitations(bundle),
        _HEAD,
    ]
    text = "\n".join(lines)
    findings = sorted(record.findings, key=lambda f: _ORDER.index(f.outcome))
    for i, finding in enumerate(findings):
        row = f"\n{_row(finding)}"
        left = f"\n\n{len(findings) - i} more findings are in the evidence."
        if len(text) + len(row) + len(left) > LIMIT:
            return text + left
        text += row
    return text


def _limitations(bundle: Bundle) -> list[str]:
    record = bundle.record
    shown = [f"{_code(i)} (too little evidence)" for i in record.decision.limitations]
    shown += [f"{_code(i)} (waived)" for i in record.decision.waived]
    shown += [_cell(str(text))[:200] for text in record.system.get("limitations") or []]
    if not shown:
        return []
    kept = [f"- {s}" for s in shown[:10]]
    more = [f"- and {len(shown) - len(kept)} more, in the evidence"] if len(shown) > len(kept) else []
    return ["Limitations of use:", "", *kept, *more, ""]


def _row(finding: Finding) -> str:
    who = ", ".join(f"{k}={v}" for k, v in finding.slice.items()) or "everybody"
    cells = (finding.outcome.value, _code(finding.id), _cell(who), _estimate(finding), _cell(finding.criterion))
    return f"| {' | '.join(cells)} |"


def _estimate(finding: Finding) -> str:
    measured = finding.measurement
    if measured is None or measured.estimate is None:
        return "none"
    if measured.lower is None or measured.upper is None:
        return f"{measured.estimate:.3f}"
    return f"{measured.estimate:.3f} [{measured.lower:.3f}, {measured.upper:.3f}]"


def _code(text: str) -> str:
    return f"`{_cell(text.replace('`', chr(39)))}`"


def _cell(text: str) -> str:
    """Return text that cannot end a table's cell or begin a link or a tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
