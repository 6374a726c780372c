"""Words that claim more than any file can show: no text that this project prints may hold them."""

from __future__ import annotations

import re

_CLAIMS = re.compile(
    r"\b(?:(?:non-?)?compliant|in compliance with|conforms|(?<!not )FDA[- ](?:approved|cleared|authori[sz]ed)|PHI-free"
    r"|CE[- ](?:marked|certified)|certified by)\b",
    re.IGNORECASE,
)


def claims(text: str) -> list[str]:
    """Return the claims in a text, each with what stands around it."""
    return [text[max(0, m.start() - 30) : m.end() + 30] for m in _CLAIMS.finditer(text)]
