"""One gate run: open what is declared, score once, measure, judge, decide, sign, log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical, environment, looks
from govern.aside import Aside
from govern.checks import catalogue
from govern.checks.inputs import Documentation
from govern.errors import InputError, PolicyError
from govern.evaluate import evaluate
from govern.gate import decide
from govern.inputs import Inputs
from govern.lifecycle import waivers as waived
from govern.lifecycle.entries import must_sign, signing_time
from govern.lifecycle.expiry import until
from govern.policy import Policy, policy_of
from govern.project import Data, Workspace
from govern.study import Study, of_model, of_predictions
from govern.testset import looked_at
from govern.types import Record, Role, Signatory

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.scan.local import Scan

Progress = Callable[[str], None]


def gate_run(
    workspace: Workspace,
    *,
    model: str | None = None,
    predictions: Path | None = None,
    vendor_version: str | None = None,
    policy: str | Path | None = None,
    name: str | None = None,
    progress: Progress = lambda what: None,
) -> Bundle:
    """Validate a model, or a vendor's recorded predictions, and return the signed evidence.

    ``name`` is the registered model name that the evidence shall speak for. The decision, allow or
    deny, is in the evidence and an entry of the log; the same inputs give the same evidence.

    Raises:
        PolicyError: the policy or the project file is wrong.
        InputError: data, model or key are missing or bad.
    """
    from govern.evidence import bundle
    from govern.evidence.log import Log
    from govern.signing import identity, rights
    from govern.signing.trust import Trust

    if (model is None) == (predictions is None) or model == "":
        raise PolicyError("give either a model or recorded predictions", hint="--model URI, or --predictions FILE")
    signer = identity.load(workspace.keys, workspace.project.identity)
    judged_by = policy_of(workspace, policy)
    if model is not None and judged_by.task != "binary":
        raise PolicyError(
            f"a model is asked for one risk, and the policy's task is {judged_by.task}",
            hint="record the model's predictions and give those: --predictions FILE",
        )
    # What the columns mean is part of what is measured: another column of scores is another look.
    declared = workspace.project.data.model_dump(mode="json", exclude={"roles"}, exclude_defaults=True)
    log = Log(workspace.log)
    # told before anything is measured: a clock that was moved back, and a signature that nobody would believe
    now, trust = signing_time(log.last()), Trust.of(workspace.trust)
    must_sign((signer.certificate, *signer.chain), (Signatory.AUTHOR,), trust, now=now)
    with Aside() as aside:
        aside.call("govern.aside", "load", *_slow(judged_by))  # while this process loads the model
        progress("opening data and model")
        study = (
            of_model(workspace, model)
            if model is not None
            else of_predictions(workspace, predictions or Path(), vendor_version)
        )
        _enough(judged_by, workspace.project.data, study)
        seed = _seed(judged_by, study, declared)
        inputs = _inputs(workspace, judged_by, study, seed)
        for by in sorted({by for rule in judged_by.checks for by in rule.by}):
            inputs.groups(by)  # a column that is not there is told before anything is measured
        order = looks.look(
            log,
            dataset=looked_at(workspace, study),
            policy=judged_by,
            subject=canonical.digest({"subject": study.subject.sha256, "data": declared}),
            command="register" if name else "check",
            identity=signer,
            allowed=judged_by.data["test"].looks if "test" in judged_by.data else 1,
        )
        findings = evaluate(judged_by, inputs, aside=aside, keep=workspace.keep, progress=progress)
    now = signing_time(log.last())
    trust = Trust.of(workspace.trust)
    waivers = waived.valid(workspace, judged_by, name, author=signer.certificate, trust=trust, now=now)
    decision = decide(judged_by, findings, waivers=waivers, name=name, today=now.date())
    used = {(f.id, f.outcome) for f in findings if f.id in decision.waived}
    progress("signing the evidence")
    record = Record(
        subject=study.subject,
        registered_name=name,
        policy=judged_by.as_json(),
        system={**workspace.project.system.model_dump(mode="json"), "data": declared},
        datasets=study.datasets,
        findings=findings,
        decision=decision,
        environment=environment.describe(workspace.root, checks=sorted({r.check for r in judged_by.checks}), seed=seed),
        waivers=tuple(w for w in waivers if (w.finding, w.outcome) in used),
    )
    written = bundle.write(record, workspace.evidence, signer, rights=rights.travelling(workspace.trust))
    # The same evidence is decided once, and again when it has expired.
    known = [e for e in log.find(kind="decision", evidence=written.sha256) if now < until(record, e.moment)]
    body = {
        "evidence": written.sha256,
        "verdict": decision.verdict.value,
        "subject": study.subject.sha256,
        "name": name,
        "policy": judged_by.sha256,
        "order": order.as_json(),
    }
    receipt = log.receipt(known[0].index) if known else log.append("decision", body, identity=signer)
    return bundle.attach_receipt(written, receipt)


def _slow(policy: Policy) -> list[str]:
    """Return the libraries that are imported beside, for checks that take long to import."""
    return list(dict.fromkeys(name for rule in policy.checks for name in catalogue.load(rule.check).beside))


def _thresholds(policy: Policy) -> tuple[float, ...]:
    """Return every threshold at which a rule flags rows, its check's default where it names none, ascending."""
    named = [{**catalogue.load(r.check).params, **r.params}.get("threshold") for r in policy.checks]
    return tuple(sorted({float(t) for t in named if isinstance(t, int | float) and not isinstance(t, bool)}))


def _enough(policy: Policy, declared: Data, study: Study) -> None:
    """Refuse datasets that hold less than the policy needs.

    Events are the rows with the rarer outcome, or where times to an event are predicted those in which it was seen.

    Labels that are none of two outcomes are not refused here: the checks say what is wrong with them.
    """
    for name, needed in policy.data.items():
        role = Role(name)
        if role not in study.scans:
            raise InputError(
                f"the policy needs {needed.min_rows} rows in the role {name!r}, and none are declared",
                hint=f"govern data snapshot PATH --role {name}",
            )
        scan = study.scans[role]
        timed = policy.task == "survival"
        for what, found, least in (
            ("rows", scan.data.rows, needed.min_rows),
            (
                "rows with the event" if timed else "rows with the rarer outcome",
                None if needed.min_events is None else _seen(scan, declared) if timed else _rarer(scan, declared),
                needed.min_events,
            ),
        ):
            if found is not None and least is not None and found < least:
                raise InputError(
                    f"dataset {name} holds {found} {what}, the policy needs {least}", hint="collect more data"
                )


def _seen(scan: Scan, declared: Data) -> int:
    """Return the rows in which the event was seen."""
    from govern.scan.scores import word

    if declared.label not in scan.carried:
        return 0
    event = word(1 if declared.positive is None else declared.positive)
    return int(sum(n for value, n in scan.carried[declared.label].value_counts().items() if word(value) == event))


def _rarer(scan: Scan, declared: Data) -> int | None:
    """Return the rows with the rarer outcome, and ``None`` where the labels are none of two."""
    from govern.scan.scores import equivocal, labels

    if declared.label not in scan.carried:
        return 0
    try:
        column = scan.carried[declared.label].dropna()
        label = labels(column[~equivocal(column, declared.equivocal)], declared.positive, declared.label)
    except InputError:
        return None
    return int(min(label.sum(), len(label) - label.sum()))


def _seed(policy: Policy, study: Study, declared: dict[str, Any]) -> int:
    """Return a seed derived from what goes in: equal inputs, equal numbers; 32 bits."""
    parts = [study.subject.sha256, policy.sha256, canonical.digest(declared), *(d.sha256 for d in study.datasets)]
    return int(canonical.digest(parts)[:8], 16)


def _inputs(workspace: Workspace, policy: Policy, study: Study, seed: int) -> Inputs:
    return Inputs(
        declared=workspace.project.data,
        scans=study.scans,
        predict=study.predict,
        documentation=Documentation(
            facts=workspace.project.system.model_dump(mode="json"), required=policy.documentation.required
        ),
        thresholds=_thresholds(policy),
        seed=seed,
    )
