from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.errors import InputError
from govern.reading import readings

LABEL = pd.Series(["yes", "no", "unclear", "yes", "no", "unclear"])
SCORE = np.array([0.9, 0.2, 0.6, np.nan, np.nan, 0.4])


def test_what_is_known_is_read_once() -> None:
    (only,) = readings(LABEL[[0, 1]], SCORE[[0, 1]])
    assert only.name == ""
    assert only.rows is None
    assert only.scores.label.tolist() == [1, 0]


def test_equivocal_labels_count_as_the_event_and_as_none() -> None:
    rows = [0, 1, 2, 5]
    event, none = readings(LABEL[rows].reset_index(drop=True), SCORE[rows], equivocal=["unclear"])
    assert (event.name, none.name) == ("equivocal as the event", "equivocal as no event")
    assert event.scores.label.tolist() == [1, 0, 1, 1]
    assert none.scores.label.tolist() == [1, 0, 0, 0]
    assert event.scores.n == none.scores.n == 4


def test_rejected_inputs_are_left_out_and_counted_as_wrong() -> None:
    rows = [0, 1, 3, 4]
    out, wrong = readings(LABEL[rows].reset_index(drop=True), SCORE[rows], rejected=True)
    assert out.name == "rejected inputs left out"
    assert out.rows is not None
    assert out.rows.tolist() == [0, 1]
    assert wrong.name == "rejected inputs as wrong"
    assert wrong.scores.score.tolist() == [0.9, 0.2, 0.0, 1.0]


def test_both_at_once_are_read_in_every_way() -> None:
    found = readings(LABEL, SCORE, equivocal=["unclear"], rejected=True)
    assert [(r.name, r.scores.n, r.scores.events) for r in found] == [
        ("equivocal as the event, rejected inputs left out", 4, 3),
        ("equivocal as the event, rejected inputs as wrong", 6, 4),
        ("equivocal as no event, rejected inputs left out", 4, 1),
        ("equivocal as no event, rejected inputs as wrong", 6, 2),
    ]


def test_what_is_not_declared_is_refused_as_ever() -> None:
    with pytest.raises(InputError, match="2 of 6 scores are missing"):
        readings(LABEL, SCORE, equivocal=["unclear"])
    with pytest.raises(InputError, match="not binary"):
        readings(LABEL, SCORE, rejected=True)
    with pytest.raises(InputError, match="every label is equivocal"):
        readings(LABEL[[2, 5]], SCORE[[2, 5]], equivocal=["unclear"])


def test_a_missing_label_is_not_equivocal() -> None:
    with pytest.raises(InputError, match="1 of 4 labels are missing"):
        readings(pd.Series(["yes", "no", None, "yes", "unclear"]), np.full(5, 0.5), equivocal=["unclear"])


def test_patients_stay_with_their_rows() -> None:
    rows = [0, 1, 3, 4]
    out, wrong = readings(
        LABEL[rows].reset_index(drop=True), SCORE[rows], rejected=True, patient=np.array([0, 0, 1, 1])
    )
    assert out.scores.patient is not None
    assert len(set(out.scores.patient.tolist())) == 1
    assert wrong.scores.patient is not None
    assert len(set(wrong.scores.patient.tolist())) == 2
