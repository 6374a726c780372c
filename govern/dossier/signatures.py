"""Who signed the evidence, who has to sign the dossier, and what proves when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.types import Record, Signatory

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle


@dataclass(frozen=True, kw_only=True)
class Signature:
    """An empty box on the first page: the PDF field's name, its caption, and whether the policy requires it."""

    role: str
    title: str
    required: bool

    @property
    def anchor(self) -> str:
        """The place of its box in the document."""
        return f"sign-{self.role}"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What signs the evidence inside: the signer's certificate and the log entry."""

    signer: str
    fingerprint: str
    development: bool
    valid: str
    logged: bool
    time: str
    index: str
    size: str
    root: str


@dataclass(frozen=True, kw_only=True)
class Entered:
    """An approval or rejection that was in the log when the dossier was made; its receipt is attached."""

    kind: str
    role: str
    name: str
    time: str
    meaning: str
    index: str


def entered(bundle: Bundle) -> tuple[Entered, ...]:
    """Return the approvals and rejections whose receipts travel with the evidence, in order.

    Raises:
        InputError: they are malformed.
    """
    from govern.evidence.bundle import APPROVALS
    from govern.lifecycle.approvals import read_attached

    if APPROVALS not in bundle.files:
        return ()
    return tuple(
        Entered(
            kind=e.kind,
            role=str(e.body.get("role")),
            name=e.actor,
            time=f"{e.moment:%Y-%m-%d %H:%M:%S} UTC",
            meaning=str(e.body.get("meaning")),
            index=str(e.index),
        )
        for e in (r.entry for r in read_attached(bundle.files[APPROVALS]))
    )


def signatures(record: Record) -> tuple[Signature, ...]:
    """Return the boxes of the signature panel: the author, then every role whose approval the policy asks for."""
    required = [str(a["role"]) for a in record.policy.get("approvals") or ()]
    author = Signatory.AUTHOR.value
    return tuple(
        Signature(role=role, title=role.capitalize(), required=role in required)
        for role in dict.fromkeys([author, *required])
    )


def seal(bundle: Bundle) -> Seal:
    """Return who signed the evidence and where it stands in the log.

    Raises:
        SigningError: the signer's certificate cannot be read.
    """
    from govern.signing.certificate import common_name, fingerprint, is_development, read_chain

    certificate = read_chain(bundle.files["signer.pem"])[0]
    receipt = bundle.receipt
    return Seal(
        signer=common_name(certificate),
        fingerprint=fingerprint(certificate),
        development=is_development(certificate),
        valid=f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
        logged=receipt is not None,
        time=f"{receipt.entry.moment:%Y-%m-%d %H:%M:%S} UTC" if receipt else "",
        index=str(receipt.index) if receipt else "",
        size=str(receipt.size) if receipt else "",
        root=receipt.root if receipt else "",
    )
