"""Which signed evidence admits a digest under a name. Nothing that a request says is believed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import GovernError, InputError, PolicyError
from govern.project import Workspace
from govern.types import Step, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Log, Receipt
    from govern.signing.trust import Trust

_SHA256 = re.compile(r"[0-9a-f]{64}")
#: How many reasons a refusal tells.
_TOLD = 3


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Verified evidence that a registered model may rest on, with the log's receipt of its decision."""

    bundle: Bundle
    receipt: Receipt


def admissions(workspace: Workspace, name: str, **wanted: str) -> tuple[list[Admission], list[str]]:
    """Return the evidence that allows something under exactly ``name``, and why other evidence does not count.

    Each was signed under a trusted root, is what was signed in every file, says ``allow`` for this
    name, and stands as a decision in a log that verifies. ``wanted`` narrows down the decisions that are
    looked at, by what their entries say (``evidence``: its SHA-256).

    Raises:
        GovernError: nothing can be admitted at all: no trusted root, or a log that does not verify.
    """
    from govern.evidence.log import Log
    from govern.signing.trust import Trust

    trust = Trust.of(workspace.trust)
    log = Log(workspace.log)
    if not log.exists():
        raise PolicyError("the project has no log yet", hint="run `govern check` first")
    try:
        seen = log.verified(trust)
    except InputError as e:
        raise InputError(f"the log does not verify ({e.message})", hint="run `govern log verify`") from None
    found: list[Admission] = []
    reasons: list[str] = []
    for entry in seen.find("decision", name=name, **wanted):
        sha256 = str(entry.body.get("evidence"))
        try:
            receipt = log.receipt(entry.index)
            bundle = _trusted(workspace, sha256, name, receipt, trust)
            _waived_in(log, bundle)
            found.append(Admission(bundle=bundle, receipt=receipt))
        except GovernError as e:
            reasons.append(f"evidence {sha256[:12]}: {e.message}")
    return found, reasons


def admit(workspace: Workspace, name: str, model_sha256: str, *, evidence: str | None = None) -> Admission:
    """Return the evidence that allows these files under exactly this name: the named one, else the latest.

    It must not have expired, nor a waiver that it rests on.

    Raises:
        GovernError: there is none; the message says what was found instead.
    """
    from govern.evidence.log import Log
    from govern.lifecycle.entries import signing_time

    found, reasons = admissions(workspace, name)
    now = signing_time(Log(workspace.log).last())
    matching = [a for a in found if a.bundle.record.subject.sha256 == model_sha256]
    if evidence is not None and matching:
        matching = [a for a in matching if a.bundle.sha256 == evidence]
        reasons.append(f"evidence {evidence[:12]} is not what allows these files")
    if matching and (stale := _stale(matching[-1], now)):
        raise PolicyError(_told(name, [stale]))
    if matching:
        return matching[-1]
    reasons += [
        f"evidence {a.bundle.sha256[:12]} is for other files: {a.bundle.record.subject.sha256[:12]}, "
        f"and these are {model_sha256[:12]}"
        for a in found
    ]
    raise PolicyError(_told(name, reasons))


def admit_name(workspace: Workspace, name: str) -> None:
    """Return if any evidence allows anything under exactly this name.

    Raises:
        GovernError: there is none.
    """
    found, reasons = admissions(workspace, name)
    if not found:
        raise PolicyError(_told(name, reasons))


def _trusted(workspace: Workspace, sha256: str, name: str, receipt: Receipt, trust: Trust) -> Bundle:
    """Return the evidence, verified as of the time in the log (the receipt in its folder is not believed)."""
    from govern.evidence import bundle
    from govern.gate import decide_again
    from govern.lifecycle.waivers import step

    if not _SHA256.fullmatch(sha256):
        raise PolicyError("the log's entry names no evidence")
    loaded = bundle.load(workspace.evidence / sha256)
    record = loaded.record
    if record.decision.verdict is not Verdict.ALLOW:
        blocking = ", ".join((*record.decision.blocking, *record.decision.reasons))
        raise PolicyError(f"the gate denied it ({blocking})")
    if record.registered_name != name:
        raise PolicyError(f"it speaks for the name {record.registered_name!r}")
    if decide_again(record, today=receipt.entry.moment.date()) != record.decision:
        raise PolicyError("its findings do not give the decision that it states")
    # also refuses a folder that holds other evidence than its name and the log's entry say
    logged = bundle.attach_receipt(dataclasses.replace(loaded, path=None), receipt)
    _must_hold([*bundle.verify_bundle(logged, trust), step(logged, trust)], "the evidence")
    return logged


def _waived_in(log: Log, bundle: Bundle) -> None:
    """Compare the entries that sign waivers with those in the log: their receipts came with the evidence."""
    from govern.lifecycle.waivers import receipts

    if bundle.record.waivers and (lost := [d for d in log.differences(receipts(bundle.record.waivers)) if d]):
        raise InputError(f"a waiver is not what the log has: {lost[0]}")


def _stale(admission: Admission, now: datetime) -> str:
    """Return why evidence admits nothing any more; empty where it does."""
    from govern.lifecycle import expiry

    record, decided = admission.bundle.record, admission.receipt.entry.moment
    steps = (expiry.current(record, decided, now), expiry.decided_now(record, now))
    return next((f"evidence {admission.bundle.sha256[:12]}: {s.name}: {s.found}" for s in steps if not s.ok), "")


def _must_hold(steps: Sequence[Step], what: str) -> None:
    broken = next((s for s in steps if not s.ok), None)
    if broken is not None or not steps:
        found = f"{broken.name}: {broken.found}" if broken else "nothing was verified"
        raise InputError(f"{what} does not verify ({found})", hint="run `govern verify` on it")


def _told(name: str, reasons: Sequence[str]) -> str:
    told = "; ".join(reasons[-_TOLD:]) or "the gate has decided nothing under that name"
    return f"no signed evidence allows this under the name {name!r}: {told}"
