"""The gate's facts as a model version carries them: the tags that ``govern`` alone may write."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Receipt

PREFIX = "govern."
EVIDENCE = "govern.evidence"
INDEX = "govern.log_index"


def tags(bundle: Bundle, receipt: Receipt) -> dict[str, str]:
    """Return the tags of the version that a bundle admits; ``receipt`` is that of its decision in the log."""
    record = bundle.record
    return {
        EVIDENCE: bundle.sha256,
        "govern.decision": record.decision.verdict.value,
        "govern.policy": f"{record.policy['id']} {record.policy['version']}",
        "govern.policy_sha256": str(record.policy["sha256"]),
        "govern.model_sha256": record.subject.sha256,
        INDEX: str(receipt.index),
        "govern.log_size": str(receipt.size),
        "govern.log_root": receipt.root,
    }


def is_reserved(key: str) -> bool:
    """Return whether a tag's key is govern's own, or looks like it (case, width, spaces)."""
    return unicodedata.normalize("NFKC", key).strip().casefold().startswith(PREFIX)
