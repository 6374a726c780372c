from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.bias.hidden_strata import hidden_strata
from govern.scan.dataset import Recorded
from govern.scan.local import dataset

FEATURES = ("kind", "stage", "age", "lab")


def patients(n=4000, seed=0):
    """Patients whose risk is known, as their scores say it."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["copd", "chf", "sepsis", "coma"], n, p=[0.3, 0.2, 0.4, 0.1])
    age, stage, lab = rng.normal(62, 14, n).round(), rng.integers(0, 4, n), rng.gamma(2, 1, n)
    odds = -0.8 + 0.04 * (age - 62) + 0.4 * (stage - 1.5) + 0.5 * (lab - 2) + 0.5 * (kind == "sepsis")
    risk = 1 / (1 + np.exp(-odds))
    frame = pd.DataFrame({"kind": kind, "stage": stage, "age": age, "lab": lab, "risk": risk})
    frame.loc[rng.random(n) < 0.2, "lab"] = np.nan
    return frame.assign(y=(rng.random(n) < risk).astype(int))


def measured(frame, features=FEATURES, *, words=("0", "1"), **more):
    test = dataset(frame, label="y", features=features, **more)
    label = np.array([words[v] if v in (0, 1) else None for v in frame["y"].tolist()], dtype=object)
    return hidden_strata(test, Recorded(score=frame["risk"].to_numpy(dtype=float), label=label))


def shuffled(frame, rows, seed=1):
    score = frame["risk"].to_numpy().copy()
    score[rows] = np.random.default_rng(seed).permutation(score[rows])
    return frame.assign(risk=score)


@pytest.mark.parametrize(
    ("feature", "stratum", "rows"),
    [
        ("kind", "chf", lambda t: t["kind"] == "chf"),
        ("stage", "2", lambda t: t["stage"] == 2),
        ("lab", "missing", lambda t: t["lab"].isna()),
        ("age", "", lambda t: t["age"] >= 71),
    ],
)
def test_scores_of_other_patients_in_one_stratum_are_found(feature, stratum, rows):
    frame = patients()
    found = measured(shuffled(frame, rows(frame).to_numpy()))
    worst = found.details["strata"][0]
    assert worst["feature"] == feature
    assert worst["stratum"].startswith(stratum)
    assert found.estimate == found.lower == worst["together"]
    assert found.estimate > 0.3
    assert found.estimate < worst["estimate"] < found.upper
    assert f"{feature} {stratum}" in found.message
    assert (found.n, found.events) == (4000, frame["y"].sum())


def test_risks_that_are_right_everywhere_are_not_blamed():
    """Of 60 honest samples no more than 6 show anything (95 % each: 97.5 % quantile 6), and none of them 0.2."""
    found = [measured(patients(1500, seed)).estimate for seed in range(60)]
    assert sum(e > 0 for e in found) <= 6
    assert max(found) < 0.2


def test_what_is_wrong_for_everybody_is_not_counted():
    frame = patients()
    odds = np.log(frame["risk"] / (1 - frame["risk"]))
    assert measured(frame.assign(risk=1 / (1 + np.exp(-(1 + 2 * odds))))).estimate < 0.1


def test_patients_who_are_alike_are_not_blamed():
    """In a stratum where nearly all have one risk nobody can be ordered; the risks are right all the same."""
    frame = patients(6000)
    rng = np.random.default_rng(5)
    narrow = (frame["kind"] == "chf").to_numpy()
    risk = np.where(narrow, rng.uniform(0.38, 0.42, 6000), frame["risk"])
    y = np.where(narrow, rng.random(6000) < risk, frame["y"] == 1).astype(int)
    assert measured(frame.assign(risk=risk, y=y)).estimate < 0.1


def test_one_patient_with_an_impossible_risk_does_not_speak_for_all():
    """A spline that ran away: one of 800 has a risk of 1e-21 and dies."""
    frame = patients()
    frame.loc[frame.index[frame["kind"] == "chf"][0], ["risk", "y"]] = [1e-21, 1]
    assert measured(frame).estimate < 0.1


def test_a_shift_of_one_stratum_is_found_whatever_the_labels_are_called():
    frame = patients()
    chf = frame["kind"] == "chf"
    odds = np.log(frame["risk"] / (1 - frame["risk"])) - 1.2 * chf
    spoilt = frame.assign(risk=1 / (1 + np.exp(-odds)))
    found = measured(spoilt)
    assert (found.details["strata"][0]["stratum"], found.estimate > 0.4) == ("chf", True)
    named = spoilt.assign(y=spoilt["y"].map({0: "alive", 1: "dead"}))
    test = dataset(named, label="y", positive="dead", features=FEATURES)
    words = Recorded(score=named["risk"].to_numpy(), label=named["y"].to_numpy(dtype=object))
    assert hidden_strata(test, words).estimate == pytest.approx(found.estimate, abs=1e-12)
    as_categories = Recorded(score=words.score, label=pd.Categorical(words.label))
    assert hidden_strata(test, as_categories) == hidden_strata(test, words)


def test_patients_who_repeat_are_worth_less():
    frame = shuffled(patients(), (patients()["kind"] == "chf").to_numpy())
    alone = measured(frame)
    pairs = measured(frame.assign(pid=np.arange(4000) // 4), patient_id="pid")
    assert 0 <= pairs.estimate < alone.estimate


def test_only_sampled_rows_of_a_large_dataset_are_looked_at(monkeypatch):
    monkeypatch.setattr("govern.scan.local.SAMPLE", 3000)
    frame = patients(8000)
    found = measured(shuffled(frame, (frame["kind"] == "chf").to_numpy()))
    assert found.n == 3000
    assert found.details["strata"][0]["stratum"] == "chf"


def test_scores_that_are_sure_are_left_out_and_said():
    frame = patients()
    frame.loc[frame.index[:5], "risk"] = 1.0
    found = measured(frame)
    assert (found.n, found.details["left_out"]) == (3995, 5)
    assert "5 scores that are exactly 0 or 1 were left out" in found.message


def test_small_strata_and_many_words_are_not_judged():
    frame = patients(600).assign(code=[f"c{i % 40}" for i in range(600)], rare=np.where(np.arange(600) < 30, "a", "b"))
    found = measured(frame, ("code", "rare"))
    assert {s["feature"] for s in found.details["strata"]} == {"rare"}
    assert {s["stratum"] for s in found.details["strata"]} == {"b"}
    assert found.details["small"] == 2  # rare a, and what is missing


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.assign(risk=t["risk"].where(t.index != 3)), "cannot be measured"),
        (lambda t: t.assign(risk=t["risk"] * 2), "cannot be measured"),
        (lambda t: t.assign(y=t["y"].astype(object).where(t.index != 3, 7)), "cannot be measured"),
        (lambda t: t.assign(y=0), "cannot be measured"),
        (lambda t: t.assign(risk=0.4), "cannot be recalibrated"),
        (lambda t: t[:30], "no stratum has 20"),
    ],
)
def test_what_cannot_be_judged_is_no_pass(change, reason):
    found = measured(change(patients(500)))
    assert found.estimate is None
    assert not found.sufficient
    assert reason in found.message


def test_without_inputs_or_with_rows_that_are_left_out_of_the_scores():
    assert measured(patients(500), ()).estimate is None
    frame = shuffled(patients(), (patients()["kind"] == "chf").to_numpy())
    kept = np.arange(len(frame)) % 7 != 0
    part = Recorded(
        score=frame["risk"].to_numpy()[kept],
        label=frame["y"].astype(str).to_numpy(dtype=object)[kept],
        declared=int((~kept).sum()),
        kept=kept,
    )
    found = hidden_strata(dataset(frame, label="y", features=FEATURES), part)
    alone = measured(frame[kept].reset_index(drop=True))
    assert (found.n, found.estimate) == (alone.n, pytest.approx(alone.estimate, abs=1e-12))
