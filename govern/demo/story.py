"""Four acts: refused, registered, signed, tampered with.

Each act calls what the command line calls and is then held to what it claims: a demonstration in which
something does not happen as told ends as a failure, not as a story.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from govern import looks
from govern.demo.actions import (
    LEAK,
    candidate,
    edit_inputs,
    make_room,
    one_byte_changed,
    prepare,
    register_directly,
    versions,
)
from govern.demo.stage import NAME, Stage, claim
from govern.demo.telling import estimate, false_alarms, first_failure, interval, limited, softened, table
from govern.types import Outcome, Verdict

if TYPE_CHECKING:
    from rich.console import Console

    from govern.evidence.bundle import Bundle

TEMPLATES = ("fda", "eu-ai-act")
#: No network, and no threads that wait for each other: on busy cores those cost boosted trees minutes.
_SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "OMP_NUM_THREADS": "1"}


def run(folder: Path, console: Console) -> int:
    """Play the story in ``folder`` and return 0.

    Raises:
        InputError: the folder holds something else, or there is no git.
        GovernError: an act did not do what it claims (exit 70).
    """
    from govern.models.service import silent

    started = time.monotonic()
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    make_room(folder)
    stage = Stage(console, folder.resolve())
    with silent():
        refused = _act_1(stage)
        allowed = _act_2(stage)
        dossiers = _act_3(stage, allowed)
        _act_4(stage, dossiers[0], refused)
    _close(stage, allowed, refused, time.monotonic() - started)
    return 0


def _act_1(stage: Stage) -> Bundle:
    stage.act(1, "a candidate that looks good")
    stage.say(
        "9,105 seriously ill patients from five hospitals (SUPPORT2). The question: who dies within 180 days? "
        "The patients are split into train, reference and test, and each part is versioned by DVC with a SHA-256 "
        "manifest beside it."
    )
    prepare(stage)
    stage.say(
        f"\nCandidate A: boosted trees without restraint, given every column that helps, among them {LEAK!r}, "
        "the risk that another model had stated."
    )
    edit_inputs(stage, leaking=True)
    bundle = candidate(stage, "a")
    found = {f.id: f for f in bundle.record.findings}
    claim(bundle.record.decision.verdict is Verdict.DENY, "candidate A is refused")
    claim(found["discrimination"].outcome is Outcome.PASS, "candidate A looks good on AUROC")
    claim(found["calibration-slope"].outcome is Outcome.FAIL, "candidate A is refused for overconfidence")
    claim(LEAK in found["one-input-dominates"].message, "the leaking column is named")
    claim(found["one-input-dominates"].outcome is Outcome.FAIL, "candidate A is refused for the leaking column")
    claim(versions(stage) == 0, "nothing is registered on a denial")
    slope = estimate(found["calibration-slope"])
    stage.say(
        f"\nDENIED, nothing was registered. The AUROC of {interval(found['discrimination'])} passes, but:", "bold red"
    )
    stage.console.print(table([found[i] for i in bundle.record.decision.blocking]))
    stage.say(
        f"A slope of {slope:.2f} means overconfidence: a stated risk of 90 % is nearer to {softened(0.9, slope):.0%}. "
        f"And {found['one-input-dominates'].message.rpartition('; ')[2]}: that column is the answer of another model, "
        "which looks contaminated by the outcome (DATASHEET.md)."
    )
    return bundle


def _act_2(stage: Stage) -> Bundle:
    stage.act(2, "the mended candidate")
    stage.say(
        "Candidate B: the column is out of govern.yaml, and a penalised logistic regression with smooth effects "
        "takes the place of the trees. The policy is the same file as before."
    )
    edit_inputs(stage, leaking=False)
    bundle = candidate(stage, "b")
    decision, found = bundle.record.decision, {f.id: f for f in bundle.record.findings}
    claim(decision.verdict is Verdict.ALLOW, f"candidate B is allowed (blocked by {', '.join(decision.blocking)})")
    claim(versions(stage) == 1, "candidate B is registered once")
    claim(any(f.startswith("equal-opportunity-race[") for f in decision.limitations), "small groups limit the use")
    passed = sum(f.outcome is Outcome.PASS for f in bundle.record.findings)
    stage.say(
        f"\nALLOWED and registered as {NAME} version 1: {passed} of {len(found)} findings pass. Fewer points of AUROC "
        "than A, and risks that can be believed:",
        "bold green",
    )
    stage.console.print(
        table([found[i] for i in ("discrimination", "calibration-slope", "sensitivity", "one-input-dominates")])
    )
    stage.say(
        f"Too few patients are no pass: {len(decision.limitations)} findings become limitations of use, printed on "
        f"the first page of the dossier ({limited(bundle)}). {len(decision.warnings)} more are warnings."
    )
    stage.say(false_alarms(found["equalized-odds[race=black]"]))
    order = None if bundle.receipt is None else looks.read(bundle.receipt.entry)
    claim(order is not None and (order.number, order.exploratory) == (2, True), "the second look is counted")
    stage.say(
        "And one thing no figure shows: the log knows that candidate A was measured on these very patients. This is "
        "look 2, the policy allows 1, so every dossier of B says that its figures are exploratory; patients that "
        "nobody has looked at would settle it."
    )
    return bundle


def _act_3(stage: Stage, allowed: Bundle) -> list[Path]:
    from govern.dossier.make import make
    from govern.signing import identity
    from govern.verify import verify

    stage.act(3, "dossiers, signed and verified")
    workspace = stage.workspace
    signer = identity.load(workspace.keys, workspace.project.identity)
    dossiers = []
    for template in TEMPLATES:
        output = stage.folder / f"dossier-{template}.pdf"
        stage.typed("govern", "dossier", f"{NAME}/1", "--template", template, "--output", output.name)
        with stage.work(f"rendering {output.name}"):
            dossiers.append(make(allowed, template, output, signer))
    for target in (*(str(d) for d in dossiers), f"{NAME}/1", "log"):
        with stage.work(f"verifying {target}"):
            steps = verify(target, workspace)
        shown = Path(target).name if target.endswith(".pdf") else target
        stage.typed("govern", "verify", shown)
        claim(bool(steps) and all(s.ok for s in steps), f"{target} verifies{first_failure(steps)}")
        stage.say(f"  VERIFIED, {len(steps)} steps", "green")
    stage.say(
        "The evidence travels inside each PDF: an auditor with no network and no access to this folder needs only "
        f"the root certificate in .govern/trust. Here it is a {'DEVELOPMENT' if signer.development else 'real'} key, "
        "and every signature says so."
    )
    return dossiers


def _act_4(stage: Stage, dossier: Path, refused: Bundle) -> None:
    from govern.verify import verify

    stage.act(4, "two ways around the gate")
    stage.say("One byte of a copy of the dossier is changed, in the middle of the file.")
    changed = dossier.with_name("tampered.pdf")
    changed.write_bytes(one_byte_changed(dossier.read_bytes()))
    stage.typed("govern", "verify", changed.name)
    failed = [s for s in verify(str(changed), stage.workspace) if not s.ok]
    claim(bool(failed), "a changed byte is found")
    stage.say(f"  NOT VERIFIED, at the step {failed[0].name!r}: {failed[0].found}", "red")

    uri = refused.record.subject.uri
    stage.say("\nCandidate A, which was refused, is registered with MLflow itself, past the gate.")
    stage.say(f'>>> mlflow.register_model("{uri}", "{NAME}")', "bold cyan")
    status, message = register_directly(stage.workspace, uri)
    claim(status == 403, f"the registry refuses a direct registration (it answered {status})")
    claim(versions(stage) == 1, "a direct registration leaves nothing behind")
    stage.say(f"  HTTP {status} {message}", "red")


def _close(stage: Stage, allowed: Bundle, refused: Bundle, seconds: float) -> None:
    stage.console.print()
    stage.console.rule("[bold]Where things lie", align="left")
    stage.say(f"{stage.folder}")
    for what, where in (
        ("dossiers", "dossier-fda.pdf, dossier-eu-ai-act.pdf"),
        ("evidence of B", f"evidence/{allowed.sha256[:12]}..."),
        ("evidence of A", f"evidence/{refused.sha256[:12]}... (a denial is kept too)"),
        ("the policy", "govern policy show clinical-decision-support"),
        ("data", "data/*.csv, each with .dvc pointer and manifest"),
        ("registry", "mlflow ui --backend-store-uri sqlite:///mlflow.db"),
        ("history", f"govern log list; govern lineage {NAME}/1"),
    ):
        stage.say(f"  {what:<14} {where}")
    stage.say(f"All four acts did what they claim, in {seconds:.0f} s.", "bold green")
