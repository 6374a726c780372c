"""Findings as a gate run on an ICU model would give them: every outcome, many groups, every form of figure."""

from __future__ import annotations

import math
from typing import Any

from govern.types import Finding, Insufficient, Measurement, Outcome, Severity

FEATURES = [
    "age",
    "sex",
    "meanbp",
    "wblc",
    "hrt",
    "resp",
    "temp",
    "pafi",
    "alb",
    "bili",
    "crea",
    "sod",
    "ph",
    "glucose",
    "bun",
    "urine",
    "adlp",
    "adls",
    "scoma",
    "avtisst",
]
BANDS = ["<50", "50-64", "65-79", "80+"]
RACES = ["asian", "black", "hispanic", "other", "white"]
SIZES = {"<50": 402, "50-64": 641, "65-79": 803, "80+": 430, "asian": 20, "black": 349, "hispanic": 75, "other": 26}


def rule(identifier: str, check: str, accept: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "check": check,
        "params": {},
        "by": [],
        "min_events": 20,
        "accept": accept,
        "severity": "block",
        "insufficient": "block",
        "controls": ["K14"],
        "because": "Below this bound the score orders patients hardly better than the severity scores in use on the "
        "ward, and a clinician gains nothing from reading it.",
        **more,
    }


RULES = [
    rule("discrimination", "performance.auroc", {"lower": ">= 0.70"}),
    rule("precision", "performance.auprc", {"lower": ">= 0.40"}),
    rule("overall-error", "performance.brier", {"upper": "<= 0.20"}),
    rule(
        "sensitivity-by-group",
        "performance.sensitivity",
        {"lower": ">= 0.60"},
        by=["sex", "age_band", "race"],
        params={"threshold": 0.3},
        insufficient="limit",
    ),
    rule("calibration-slope", "calibration.slope", {"lower": ">= 0.80", "upper": "<= 1.25"}),
    rule(
        "calibration-by-group",
        "calibration.in_the_large",
        {"lower": ">= -0.3", "upper": "<= 0.3"},
        by=["race"],
        severity="warn",
    ),
    rule("equal-opportunity", "bias.equal_opportunity", {"upper": "<= 0.10"}, by=["race"], params={"threshold": 0.3}),
    rule("input-drift", "drift.psi", {"upper": "<= 0.25"}),
    rule("feature-drift", "drift.features", {"estimate": "<= 0.3"}, severity="warn", because=""),
    rule("score-drift", "drift.prediction", {"upper": "<= 0.1"}),
    rule("explanations-stable", "explainability.stability", {"lower": ">= 0.80"}),
    rule("few-inputs-dominate", "explainability.concentration", {"upper": "<= 0.60"}),
    rule("explanations-add-up", "explainability.additivity", {"estimate": "<= 0.01"}),
    rule("no-shared-patients", "data.patient_overlap", {"estimate": "<= 0"}),
    rule("missing-values", "data.missingness", {"upper": "<= 0.40"}),
    rule("documented", "documentation.completeness", {"estimate": ">= 1"}),
]


def finding(
    identifier: str, outcome: Outcome, measured: Measurement | None, message: str = "", **slice_: str
) -> Finding:
    declared = next(r for r in RULES if r["id"] == identifier)
    where = ",".join(f"{k}={v}" for k, v in slice_.items())
    return Finding(
        id=f"{identifier}[{where}]" if where else identifier,
        rule=identifier,
        check=declared["check"],
        family=declared["check"].partition(".")[0],
        outcome=outcome,
        severity=Severity(declared["severity"]),
        insufficient=Insufficient(declared["insufficient"]),
        criterion=" and ".join(f"{k} {v}" for k, v in declared["accept"].items()),
        message=message,
        slice=slice_,
        controls=("K14",),
        measurement=measured,
        fix="Look for inputs that the model lacks or that are measured badly in the group that falls short.",
    )


def measured(
    estimate: float | None, half: float = 0.02, *, n: int = 2276, events: int | None = 1074, **more: Any
) -> Measurement:
    lower, upper = (None, None) if estimate is None or not half else (estimate - half, estimate + half)
    facts = {"estimate": estimate, "lower": lower, "upper": upper, "n": n, "events": events, **more}
    return Measurement(method=facts.pop("method", "Wilson score interval"), **facts)


def curve(power: float) -> list[float]:
    return [1 - (1 - i / 100) ** power for i in range(101)]


def groups() -> list[tuple[str, str]]:
    return [*(("sex", s) for s in ("female", "male")), *(("age_band", b) for b in BANDS), *(("race", r) for r in RACES)]


def sensitivity(attribute: str, group: str) -> Finding:
    n = SIZES.get(group, 1138)
    events = int(0.47 * n)
    value, half = (0.55 if group == "80+" else 0.78), min(0.4, 1.7 / math.sqrt(n))
    if events < 20:
        outcome, text = Outcome.INCONCLUSIVE, f"too little evidence: {events} where 20 are needed"
    elif value < 0.6:
        outcome, text = Outcome.FAIL, f"{value} where >= 0.6 is required"
    else:
        outcome, text = Outcome.PASS, "thin evidence (35)" if n < 100 else ""
    return finding(
        "sensitivity-by-group", outcome, measured(value, half, n=n, events=events), text, **{attribute: group}
    )


def findings() -> list[Finding]:
    bins = [
        {"predicted": p, "observed": o, "lower": o - 0.05, "upper": o + 0.05, "n": 228, "events": int(228 * o)}
        for p, o in zip([0.06 + 0.1 * i for i in range(10)], [0.09 + 0.088 * i for i in range(10)], strict=True)
    ]
    shares = [0.16 * 0.84**i for i in range(len(FEATURES))]
    ranked = list(zip(FEATURES, shares, strict=True))
    distribution = [
        {"lower": i / 10, "upper": (i + 1) / 10, "reference": 0.1, "current": 0.1 + 0.004 * (i - 4.5)}
        for i in range(10)
    ]
    return [
        finding(
            "discrimination",
            Outcome.PASS,
            measured(
                0.842,
                0.016,
                method="Mann-Whitney; DeLong, logit interval",
                details={"se": 0.008, "roc": {"fpr": [i / 100 for i in range(101)], "tpr": curve(5.3)}},
            ),
        ),
        finding(
            "precision",
            Outcome.PASS,
            measured(
                0.81,
                0.03,
                method="average precision; stratified bootstrap",
                details={
                    "pr": {
                        "recall": [i / 100 for i in range(101)],
                        "precision": [1 - 0.5 * (i / 100) ** 2 for i in range(101)],
                    }
                },
            ),
        ),
        finding(
            "overall-error",
            Outcome.INCONCLUSIVE,
            measured(0.195, 0.008, method="paired normal interval"),
            "not shown: 0.195 meets <= 0.2, its upper bound 0.203 does not",
        ),
        *(sensitivity(*g) for g in groups()),
        finding(
            "calibration-slope",
            Outcome.FAIL,
            measured(
                0.62,
                0.06,
                method="logistic recalibration, profile likelihood",
                details={"intercept": -0.21, "bins": bins},
            ),
            "0.620 where >= 0.8 is required",
        ),
        *(
            finding(
                "calibration-by-group",
                Outcome.PASS if r != "black" else Outcome.FAIL,
                measured(
                    0.1 if r != "black" else -0.42, 0.15, n=SIZES.get(r, 1806), events=int(0.47 * SIZES.get(r, 1806))
                ),
                race=r,
            )
            for r in RACES
        ),
        finding(
            "equal-opportunity",
            Outcome.ERROR,
            None,
            "the check crashed: ZeroDivisionError: float division by zero",
            race="(all)",
        ),
        finding(
            "input-drift",
            Outcome.PASS,
            measured(
                0.11,
                0.02,
                events=None,
                method="PSI, ten bins of equal mass",
                details={"features": [{"feature": f, "value": s * 0.69} for f, s in ranked], "worst": "age"},
            ),
        ),
        finding(
            "feature-drift",
            Outcome.FAIL,
            measured(
                0.35,
                0,
                events=None,
                method="Evidently 0.7.23, 7 of 20 features",
                details={
                    "features": [
                        {"feature": f, "value": s, "lower": s * 0.8, "upper": s * 1.2, "method": "wasserstein"}
                        for f, s in ranked
                    ]
                },
            ),
            "7 of 20 features drifted",
        ),
        finding(
            "score-drift", Outcome.PASS, measured(0.02, 0.01, events=None, method="PSI", details={"bins": distribution})
        ),
        finding(
            "explanations-stable",
            Outcome.PASS,
            measured(
                0.93,
                0.03,
                n=200,
                events=None,
                method="correlation of two draws",
                details={
                    "features": [
                        {"feature": f, "mean_abs": s / 3, "lower": s / 3.4, "upper": s / 2.6} for f, s in ranked
                    ]
                },
            ),
        ),
        finding(
            "few-inputs-dominate",
            Outcome.PASS,
            measured(
                0.41,
                0.05,
                n=200,
                events=None,
                method="SHAP, 200 rows",
                details={"features": [{"feature": f, "share": s} for f, s in ranked]},
            ),
        ),
        finding(
            "explanations-add-up",
            Outcome.NOT_AVAILABLE,
            None,
            "recorded predictions cannot be explained: that needs the model",
        ),
        finding(
            "no-shared-patients",
            Outcome.PASS,
            measured(0.0, 0, events=None, method="exact count", details={"examples": []}),
        ),
        finding(
            "missing-values",
            Outcome.PASS,
            measured(
                0.37,
                0.02,
                events=None,
                details={"features": [{"feature": f, "test": s * 2.3, "reference": s * 2.1} for f, s in ranked]},
            ),
            "age is missing in 36.8% of the rows",
        ),
        finding(
            "documented", Outcome.NOT_APPLICABLE, measured(0.75, 0, n=4, events=None, method="count of declared facts")
        ),
    ]
