"""The check reference ``docs/checks.md``, made from the checks' docstrings and signatures."""

from __future__ import annotations

import sys

from govern.checks import catalogue
from govern.checks.catalogue import Check
from govern.checks.parameters import Parameter

_HEADINGS = ("why", "how", "limits", "fix", "see")


def reference() -> str:
    """Return the whole reference as Markdown, one anchor a check, families in alphabetical order."""
    checks = [catalogue.load(name) for name in catalogue.names()]
    lines = [
        "# Checks",
        "",
        "Made by `make docs` from the checks' own docstrings; do not edit.",
        "",
        "| check | measures |",
        "|---|---|",
        *(f"| [`{c.id}`](#{c.id.replace('.', '')}) | {c.doc['title']} |" for c in checks),
    ]
    for check in checks:
        lines += _entry(check)
    return "\n".join(lines) + "\n"


def _entry(check: Check) -> list[str]:
    needs = ", ".join(f"`{n}`" for n in check.inputs)
    params = "; ".join(_parameter(p) for p in check.parameters.values()) or "none"
    grouped = ["", "Compares groups: a policy must name them with `by:`."] if check.grouped else []
    texts = [f"- **{h.capitalize()}.** {check.doc[h]}" for h in _HEADINGS if h in check.doc]
    return [
        "",
        f"## {check.id}",
        "",
        f"{check.doc['title']}.",
        *grouped,
        "",
        *texts,
        *([f"- **Range.** {check.measured}"] if str(check.measured) else []),
        f"- **Needs.** {needs}",
        f"- **Parameters.** {params}",
    ]


def _parameter(parameter: Parameter) -> str:
    allowed = parameter.allowed
    return f"`{parameter.name}: {parameter.default!r}`" + (f", {allowed}" if allowed else "")


if __name__ == "__main__":
    sys.stdout.write(reference())
