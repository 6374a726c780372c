"""A small but complete record, and people who can sign it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from govern.evidence import bundle
from govern.evidence.bundle import Bundle
from govern.evidence.log import Log
from govern.gate import decide
from govern.policy import Policy
from govern.signing import identity, pades
from govern.signing.identity import Identity
from govern.signing.trust import Trust
from govern.types import (
    Column,
    Dataset,
    Environment,
    FileDigest,
    Finding,
    Insufficient,
    Measurement,
    Outcome,
    Record,
    Role,
    Severity,
    Signatory,
    Subject,
)

RULES = {
    "fair": ("bias.equal_opportunity", ["sex"]),
    "calibrated": ("calibration.slope", []),
    "steady": ("drift.psi", []),
    "explained": ("explainability.concentration", []),
}
POLICY = Policy.model_validate(
    {
        "schema": "govern/policy/1",
        "id": "small",
        "version": "1",
        "title": "A small policy",
        "checks": [{"id": i, "check": c, "accept": {"lower": ">= 0.2"}, "by": by} for i, (c, by) in RULES.items()],
    }
)
DIGEST = "ab" * 32
APPROVE = (Signatory.CLINICAL, Signatory.REGULATORY, Signatory.APPROVER)


@dataclass(frozen=True)
class People:
    """Two signers under one root, and where their keys lie."""

    keys: Path
    trust: Path
    author: Identity
    clinical: Identity
    trusted: Trust


def people(folder: Path) -> People:
    keys, trust = folder / "keys", folder / "trust"
    author = identity.create_development(keys, trust, identity="author", name="Dr. Ada Müller")
    clinical = identity.create_development(keys, trust, identity="clinical", name="Prof. Grace Hopper", roles=APPROVE)
    return People(keys, trust, author, clinical, Trust.of(trust))


def finding(rule: str, outcome: Outcome = Outcome.PASS, estimate: float = 0.5) -> Finding:
    check, by = RULES[rule]
    lower, estimate, upper = (0.05, 0.1, 0.15) if outcome is Outcome.FAIL else (0.25, estimate, 1.0)
    group = dict.fromkeys(by, "female")
    return Finding(
        id=rule + "".join(f"[{k}={v}]" for k, v in group.items()),
        rule=rule,
        check=check,
        family=check.partition(".")[0],
        outcome=outcome,
        severity=Severity.BLOCK,
        insufficient=Insufficient.BLOCK,
        criterion="lower >= 0.2",
        message="µ: as measured",
        slice=group,
        controls=("K14",),
        measurement=Measurement(
            estimate=estimate,
            lower=lower,
            upper=upper,
            n=400,
            events=120,
            support=120,
            method="Wilson",
            slice=group,
            details={"se": 1e-7, "counts": [{"n": 3, "mean": 0.1}], "worst": None},
        ),
        fix="look at it",
    )


def record(
    *, failing: str | None = None, name: str | None = "sepsis", model: str = DIGEST, datasets: tuple[Dataset, ...] = ()
) -> Record:
    findings = tuple(finding(r, Outcome.FAIL if r == failing else Outcome.PASS) for r in RULES)
    return Record(
        subject=Subject(
            kind="model",
            name="sepsis",
            uri="models:/m-1",
            sha256=model,
            files=(FileDigest(path="model.pkl", sha256=DIGEST, bytes=7),),
            run_id="r1",
            flavors=("sklearn",),
            inputs=("age", "bp"),
        ),
        registered_name=name,
        policy=POLICY.as_json(),
        system={"name": "Sepsis", "owner": {"name": "", "email": ""}, "limitations": ["adults only"]},
        datasets=datasets or (dataset(),),
        findings=findings,
        decision=decide(POLICY, findings, today=date(2026, 1, 1)),
        environment=Environment(
            govern="0.1.0",
            python="3.11",
            platform="linux",
            packages={"numpy": "2.4.6"},
            lock_sha256=DIGEST,
            git_commit="c0ffee",
            git_dirty=False,
            checks={"drift.psi": DIGEST},
            seed=4_000_000_000,
        ),
    )


def dataset() -> Dataset:
    return Dataset(
        role=Role.TEST,
        path="data/test.csv",
        sha256=DIGEST,
        files=(FileDigest(path="test.csv", sha256=DIGEST, bytes=11),),
        rows=3,
        columns=(Column(name="age", type="double", missing=0, distinct=3),),
        patient_id="id",
        patients=3,
        dvc_pointer="data/test.csv.dvc",
        dvc_md5="0" * 32,
        git_revision=None,
    )


def signed(folder: Path, who: Identity, *, log: Path, what: Record | None = None) -> Bundle:
    """Write evidence, enter it in the log and attach the receipt, as a gate run does."""
    written = bundle.write(what or record(), folder, who)
    receipt = Log(log).append("decision", {"evidence": written.sha256, "verdict": "allow"}, identity=who)
    return bundle.attach_receipt(written, receipt)


def plain_pdf(attachments: dict[str, bytes] | None = None) -> bytes:
    """Return a PDF of two blank pages with attachments."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.add_blank_page()
        for name, data in (attachments or {}).items():
            pdf.attachments[name] = data
        pdf.save(out)
    return out.getvalue()


FIELDS = ("author", "clinical", "regulatory", "approver")
BOXES = {field: (1, 50.0, 600.0 - 100 * i, 300.0, 680.0 - 100 * i) for i, field in enumerate(FIELDS)}


def certified(pdf: bytes, who: Identity) -> bytes:
    """Prepare the fields and sign as the author."""
    return pades.sign(pades.prepare(pdf, BOXES), who, field=pades.AUTHOR, reason="authorship", when=datetime.now(UTC))
