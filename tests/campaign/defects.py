"""Defects of recorded predictions as they happen, each planted alone into a copy of real ones.

A defect takes the table of predictions (SUPPORT2's test patients with the risk of a model that was fitted on others)
and the training table, and returns the spoilt table. ``blamed`` are the rules of the shipped pack of which at least
one must find it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

LABEL, SCORE, PATIENT = "died_180d", "risk", "patient_id"

#: Rules of the data themselves: an honest variant of the predictions is blamed by none of them.
DATA_RULES = (
    *("invalid-scores", "exact-extremes", "repeated-scores", "coding-consistency", "plausible-values"),
    *("single-feature-leakage", "patient-overlap", "duplicates", "hidden-strata", "missing-inputs-shift"),
)

Spoil = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Defect:
    name: str
    spoil: Spoil
    blamed: tuple[str, ...]


DEFECTS: list[Defect] = []
#: Changes that harm nothing.
HONEST: dict[str, Spoil] = {}


def defect(*blamed: str) -> Callable[[Spoil], Spoil]:
    def add(spoil: Spoil) -> Spoil:
        DEFECTS.append(Defect(name=spoil.__name__, spoil=spoil, blamed=blamed))
        return spoil

    return add


def honest(change: Spoil) -> Spoil:
    HONEST[change.__name__] = change
    return change


def some(test: pd.DataFrame, rng: np.random.Generator, share: float) -> pd.Series[bool]:
    return pd.Series(rng.random(len(test)) < share, index=test.index)


def with_noise(rows: pd.DataFrame, rng: np.random.Generator, size: float) -> pd.DataFrame:
    """Rows under new identifiers, whose numbers differ by about this part of them."""
    numbers = {name: rows[name] * (1 + rng.normal(0, size, len(rows))) for name in ("age", "meanbp", "creatinine")}
    return rows.assign(**numbers, patient_id=rows[PATIENT] + 1_000_000)


def logit(risk: pd.Series) -> pd.Series:  # type: ignore[type-arg]
    return np.log(risk / (1 - risk))  # type: ignore[return-value]


def expit(value: pd.Series) -> pd.Series:  # type: ignore[type-arg]
    return 1 / (1 + np.exp(-value))  # type: ignore[return-value]


@defect("calibration-by-group", "calibration-gap", "observed-expected-by-group")
def miscalibrated_in_one_group(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = test["sex"] == "female"
    return test.assign(risk=test[SCORE].where(~rows, expit(logit(test[SCORE]) + 1.0)))


@defect("discrimination-by-group", "discrimination-gap")
def useless_in_one_group(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = test["sex"] == "female"
    test.loc[rows, SCORE] = rng.permutation(test.loc[rows, SCORE].to_numpy())
    return test


@defect("single-feature-leakage")
def a_leaked_label(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(bilirubin=test[LABEL] * 5.0 + rng.normal(0, 0.5, len(test)))


@defect("input-shift", "drifted-inputs")
def another_unit(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(creatinine=test["creatinine"] * 88.4)


@defect("input-shift", "drifted-inputs")
def fahrenheit(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(temp_c=test["temp_c"] * 1.8 + 32)


@defect("invalid-scores")
def impossible_probabilities(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    test.loc[test.index[:25], SCORE] = 1.07
    return test


@defect("invalid-scores")
def scores_that_are_missing(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    test.loc[rng.random(len(test)) < 0.03, SCORE] = np.nan
    return test


@defect("duplicates")
def duplicated_patients(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return pd.concat([test, test.sample(frac=0.1, random_state=1)])


@defect("duplicates")
def duplicates_under_new_identifiers(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    copies = test.sample(frac=0.1, random_state=1)
    return pd.concat([test, copies.assign(patient_id=copies[PATIENT] + 1_000_000)])


@defect("patient-overlap")
def patients_of_the_training_set(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    known = train.sample(200, random_state=1)
    return pd.concat([test, known.assign(risk=rng.choice(test[SCORE].to_numpy(), len(known)))])


@defect("discrimination")
def an_inverted_score(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=1 - test[SCORE])


@defect("calibration-slope")
def overconfidence(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=expit(2 * logit(test[SCORE])))


@defect("calibration-slope")
def timidity(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=expit(0.5 * logit(test[SCORE])))


@defect("coding-consistency")
def messy_codes(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    chosen = rng.random(len(test))
    sex = test["sex"].where(chosen > 0.2, test["sex"].str.upper())
    return test.assign(sex=sex.where(chosen < 0.9, sex + " "))


@defect("equal-opportunity", "representation")
def a_tiny_group(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    women = test["sex"] == "female"
    return pd.concat([test[~women], test[women].head(12)])


@defect("invalid-scores", "discrimination")
def one_class(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test[test[LABEL] == 0]


@defect("calibration-gap")
def a_group_without_events(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test[(test["race"] != "black") | (test[LABEL] == 0)]


@defect("calibration-in-the-large")
def another_prevalence(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test[(test[LABEL] == 0) | (rng.random(len(test)) < 0.5)]


@defect("coding-consistency", "input-shift")
def a_code_for_missing(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(albumin=test["albumin"].mask(rng.random(len(test)) < 0.15, -9.0))


@defect("missing-inputs-shift", "input-shift")
def a_device_that_stopped_sending(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(pafi=test["pafi"].mask(rng.random(len(test)) < 0.5))


@defect("exact-extremes")
def scores_cut_to_zero_and_one(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    low, high = test[SCORE].quantile([0.02, 0.98])
    return test.assign(risk=test[SCORE].mask(test[SCORE] < low, 0.0).mask(test[SCORE] > high, 1.0))


@defect("discrimination")
def one_score_for_all(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=test[LABEL].mean())


@defect("discrimination")
def a_join_off_by_one_row(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=np.roll(test[SCORE].to_numpy(), 1))


@defect("input-shift", "coding-consistency", "drifted-inputs")
def words_among_numbers(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    words = test["creatinine"].astype(object)
    return test.assign(creatinine=words.mask(rng.random(len(test)) < 0.02, "<0.5"))


@defect("input-shift", "drifted-inputs")
def patients_of_another_kind(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    kind = test["disease_group"].value_counts().index[0]
    return test[(test["disease_group"] == kind) | (rng.random(len(test)) < 0.25)]


@defect("calibration-error", "calibration-slope", "calibration-in-the-large", "smooth-calibration")
def capped_risks(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=test[SCORE].clip(upper=0.5))


@defect("plausible-discrimination")
def the_answer_mixed_into_the_score(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=0.3 * test[SCORE] + 0.6 * test[LABEL] + 0.05)


@defect("discrimination", "calibration-slope")
def outcomes_of_other_patients(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = rng.random(len(test)) < 0.3
    test.loc[rows, LABEL] = rng.permutation(test.loc[rows, LABEL].to_numpy())
    return test


@defect("input-shift", "drifted-inputs")
def columns_that_changed_places(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(sodium=test["wbc"], wbc=test["sodium"])


@defect("told-apart")
def inputs_of_other_patients(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    for name in ("age", "meanbp", "heart_rate", "creatinine", "albumin", "disease_group", "coma_score"):
        test[name] = rng.permutation(test[name].to_numpy())
    return test


@defect("duplicates")
def near_copies_under_new_identifiers(
    test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    copies = with_noise(test.sample(frac=0.1, random_state=1), rng, 1e-6)
    return pd.concat([test, copies.assign(risk=copies[SCORE] * 0.999)])


@defect("duplicates")
def near_copies_of_training_rows(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return pd.concat([test, with_noise(train.sample(400, random_state=1), rng, 1e-5)])


@defect("plausible-values")
def negative_ages(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    test.loc[test.index[:40], "age"] *= -1
    return test


@defect("plausible-values")
def a_sensor_that_fell_off(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(meanbp=test["meanbp"].mask(some(test, rng, 0.05), 0))


@defect("plausible-values")
def a_sensor_that_hangs(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(temp_c=test["temp_c"].mask(some(test, rng, 0.05), 34.5))


@defect("plausible-values")
def another_unit_in_three_rows_of_a_hundred(
    test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    return test.assign(creatinine=test["creatinine"].mask(some(test, rng, 0.03), test["creatinine"] * 88.4))


@defect("plausible-values")
def a_decimal_point_that_was_lost(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(wbc=test["wbc"].mask(some(test, rng, 0.03), test["wbc"] * 10))


@defect("plausible-values")
def fahrenheit_in_three_rows_of_a_hundred(
    test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    return test.assign(temp_c=test["temp_c"].mask(some(test, rng, 0.03), test["temp_c"] * 1.8 + 32))


@defect("plausible-values")
def a_group_under_two_names(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = (test["race"] == "black") & some(test, rng, 0.4)
    return test.assign(race=test["race"].mask(rows, "African American"))


@defect("plausible-values")
def a_group_by_number(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    numbers = test["sex"].map({"female": "2", "male": "1"})
    return test.assign(sex=test["sex"].mask(some(test, rng, 0.3), numbers))


@defect("missing-inputs-shift")
def a_group_that_is_missing(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(sex=test["sex"].mask(some(test, rng, 0.2)))


@defect("plausible-values")
def a_group_that_is_unknown(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(sex=test["sex"].mask(some(test, rng, 0.2), "unknown"))


@defect("hidden-strata")
def useless_in_one_disease(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = test["disease_group"] == "ARF/MOSF w/Sepsis"
    test.loc[rows, SCORE] = rng.permutation(test.loc[rows, SCORE].to_numpy())
    return test


@defect("hidden-strata")
def too_low_in_one_disease(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = test["disease_group"] == "Lung Cancer"
    return test.assign(risk=test[SCORE].where(~rows, expit(logit(test[SCORE]) - 1.0)))


@defect("repeated-scores")
def a_default_score(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=test[SCORE].mask(some(test, rng, 0.05), 0.5))


@defect("single-feature-leakage")
def a_leak_in_the_middle(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    away = rng.choice([-1, 1], len(test)) * rng.uniform(0.5, 3, len(test))
    return test.assign(sodium=137 + 5 * np.where(test[LABEL] == 1, rng.uniform(-0.3, 0.3, len(test)), away))


@defect("exact-extremes")
def scores_clipped_beside_zero_and_one(
    test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    low, high = test[SCORE].quantile([0.02, 0.98])
    return test.assign(risk=test[SCORE].mask(test[SCORE] < low, 1e-15).mask(test[SCORE] > high, 1 - 1e-15))


@defect("exact-extremes")
def certainty_in_one_group(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = (test["race"] == "black") & (test[SCORE] > 0.85)
    return test.assign(risk=test[SCORE].mask(rows, 1.0))


@defect("invalid-scores")
def labels_that_do_not_say_which_is_the_event(
    test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    return test.assign(died_180d=test[LABEL] + 1)


@honest
def another_order(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.sample(frac=1, random_state=3)


@honest
def another_column(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(note="x")


@honest
def half_of_the_patients(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test[some(test, rng, 0.5)]


@honest
def scores_of_three_digits(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(risk=test[SCORE].round(3).clip(0.001, 0.999))


@honest
def inputs_as_charts_round_them(test: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return test.assign(age=test["age"].round(), meanbp=(test["meanbp"] / 2).round() * 2, temp_c=test["temp_c"].round(1))
