from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest

from govern.checks.explainability import _attributions
from govern.checks.explainability._attributions import ShapAttributions
from govern.errors import InputError


def mixed(n, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "lab": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "sex": rng.choice(["f", "m"], n),
            "ward": pd.Series(np.where(rng.random(n) < 0.2, None, rng.choice(["a", "b", "c"], n))).astype("str"),
            "smokes": rng.random(n) < 0.3,
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 9**15, n), unit="ns"),
        }
    )
    frame["count"] = pd.array(np.where(rng.random(n) < 0.3, None, rng.integers(0, 4, n)), dtype="Int64")
    return frame


def test_a_linear_model_has_its_closed_form():
    """Attributions of b.x are b (x - mean of the background): Lundberg and Lee 2017, corollary 1."""
    rng = np.random.default_rng(1)
    beta = np.array([0.3, -0.2, 0.05, 0.0])
    names = list("abcd")
    rows, background = (pd.DataFrame(rng.normal(size=(n, 4)), columns=names) for n in (30, 20))
    draw = ShapAttributions(lambda f: f.to_numpy() @ beta, rows, background).draw(rows=30, background=20, seed=4)
    expected = beta * (rows.to_numpy() - background.to_numpy().mean(axis=0))
    np.testing.assert_allclose(draw.values, expected, atol=1e-9)
    assert draw.base == pytest.approx(float((background.to_numpy() @ beta).mean()))
    assert draw.features == ("a", "b", "c", "d")


def test_shapley_values_of_a_model_with_interactions_equal_shaps_exact_explainer():
    rng = np.random.default_rng(2)
    rows, background = (pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd")) for n in (12, 10))

    def risk(x):
        return 0.2 * x[:, 0] * x[:, 1] - 0.3 * x[:, 2] * np.sin(x[:, 3]) + 0.1 * np.exp(x[:, 0])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from shap.explainers import Exact
        from shap.maskers import Independent

        exact = Exact(risk, Independent(background.to_numpy()))(rows.to_numpy()).values
    draw = ShapAttributions(lambda f: risk(f.to_numpy()), rows, background).draw(rows=12, background=10, seed=0)
    np.testing.assert_allclose(draw.values, exact, atol=1e-12)


def test_the_model_gets_the_cells_and_types_it_knows():
    rows, background = mixed(40, 1), mixed(30, 2)
    both = pd.concat([rows, background])
    asked = []

    def predict(frame):
        asked.append(len(frame))
        assert (frame.dtypes == both.dtypes).all()
        assert list(frame.columns) == list(both.columns)
        for name in frame:
            assert frame[name].dropna().isin(both[name]).all()
        return (
            frame["age"] / 200
            + frame["lab"].fillna(0.5) / 50
            + (frame["sex"] == "f") * 0.1
            + frame["ward"].map({"a": 0.1, "b": 0.2}).fillna(0) * frame["smokes"]
            + frame["count"].fillna(9).astype(float) / 100
            + frame["seen"].astype("int64") % 7 / 70
        ).to_numpy()

    draw = ShapAttributions(predict, rows, background).draw(rows=40, background=30, seed=3)
    assert max(asked) > 40 * 30
    assert len(asked) == 3
    np.testing.assert_allclose(draw.scores, predict(rows), atol=1e-12)
    np.testing.assert_allclose(draw.base + draw.values.sum(axis=1), draw.scores, atol=1e-12)


def test_each_row_is_asked_about_once_forth_and_back_and_nothing_else_is(explained):
    """shap's own loop asks for main effects too, from the second row on."""
    rng = np.random.default_rng(1)
    frames = [pd.DataFrame(rng.random((30, 5))).rename(columns=str) for _ in range(2)]
    asked = []
    attributions, _ = explained(lambda f: asked.append(len(f)) or f.mean(axis=1).to_numpy(), *frames)
    attributions.draw(rows=20, background=10, seed=1)
    assert max(asked) <= 20 * (2 * 5 + 1) * 10


def test_draws_are_seeded_cached_and_leave_the_global_generator_alone(linear):
    def key(draw):
        return draw.values.tobytes(), draw.scores.tobytes(), draw.base

    first, second = linear([0.5, 0.2, 0.1])[0], linear([0.5, 0.2, 0.1])[0]
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    draw = first.draw(rows=50, background=10, seed=2**40 + 1)
    assert np.random.random() == expected
    assert first.draw(rows=50, background=10, seed=2**40 + 1) is draw
    assert key(draw) == key(second.draw(rows=50, background=10, seed=2**40 + 1))
    assert key(draw) != key(first.draw(rows=50, background=10, seed=2**40 + 2))


def test_parts_share_no_row_and_together_are_all(linear):
    attributions = linear([0.5, 0.2, 0.1], n=60)[0]
    assert attributions.available == (60, 60)
    drawn = [attributions.draw(rows=20, background=20, seed=3, part=i, against=i) for i in range(3)]
    assert len({score for draw in drawn for score in draw.scores.tolist()}) == 60
    assert len({draw.base for draw in drawn}) == 3
    whole = attributions.draw(rows=60, background=60, seed=3)
    assert np.mean([draw.base for draw in drawn]) == pytest.approx(whole.base)
    with pytest.raises(InputError, match="at least one"):
        attributions.draw(rows=20, background=20, seed=3, part=3)


def test_places_say_which_rows_were_explained_whatever_else_is_drawn_anew(linear):
    attributions, test = linear([0.5, 0.2, 0.1])
    base = attributions.draw(rows=30, background=20, seed=3)
    np.testing.assert_allclose(test.sample.iloc[base.places].to_numpy() @ [0.5, 0.2, 0.1], base.scores, atol=1e-12)
    order = attributions.draw(rows=30, background=20, seed=3, order=1)
    against = attributions.draw(rows=30, background=20, seed=3, against=1)
    part = attributions.draw(rows=30, background=20, seed=3, part=1)
    assert base.places.tolist() == order.places.tolist() == against.places.tolist()
    assert base.base == order.base == part.base != against.base
    assert not set(base.places) & set(part.places)


def test_another_order_changes_interactions_of_three_features_and_nothing_else(explained):
    rng = np.random.default_rng(1)
    frames = [pd.DataFrame(rng.random((60, 3)), columns=list("abc")) for _ in range(2)]
    three = explained(lambda f: f.prod(axis=1).to_numpy(), *frames)[0]
    two = explained(lambda f: (f["a"] * f["b"]).to_numpy(), *frames)[0]
    changes = [
        np.abs(
            each.draw(rows=20, background=10, seed=2).values - each.draw(rows=20, background=10, seed=2, order=1).values
        )
        for each in (three, two)
    ]
    assert changes[0].max() > 1e-3
    assert changes[1].max() < 1e-12


def test_importing_shap_leaves_numbas_compiler_as_it_was():
    import numba

    settings = numba.config
    before = settings.DISABLE_JIT
    with _attributions._uncompiled():
        assert settings.DISABLE_JIT
    after = settings.DISABLE_JIT
    assert after == before


def test_many_rows_are_asked_for_in_few_calls_of_bounded_size(linear, monkeypatch):
    whole = linear([0.5, 0.2, 0.1])[0].draw(rows=40, background=10, seed=1)
    monkeypatch.setattr(_attributions, "_BATCH", 7 * 10 * 8)
    parts = linear([0.5, 0.2, 0.1])[0].draw(rows=40, background=10, seed=1)
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-12)


@pytest.mark.parametrize(("rows", "background", "features"), [(1, 1, 1), (1, 3, 2), (3, 1, 2), (5, 5, 1)])
def test_the_smallest_cases(rows, background, features):
    frame = pd.DataFrame(np.arange(float(rows * features)).reshape(rows, features)).rename(columns=str)
    against = pd.DataFrame(np.ones((background, features))).rename(columns=str)
    draw = ShapAttributions(lambda f: f.sum(axis=1).to_numpy() / 100, frame, against).draw(
        rows=100, background=100, seed=0
    )
    np.testing.assert_allclose(draw.values, (frame - 1) / 100, atol=1e-12)


def test_bad_models_and_empty_inputs(linear):
    frame = pd.DataFrame({"x": [0.1, 0.2]})
    for answer in (lambda f: np.zeros((len(f), 2)), lambda f: np.full(len(f), np.nan), lambda f: np.zeros(1)):
        with pytest.raises(InputError, match="one finite risk a row"):
            ShapAttributions(answer, frame, frame).draw(rows=2, background=2, seed=0)
    for rows, background in ((frame[[]], frame[[]]), (frame[:0], frame), (frame, frame[:0])):
        with pytest.raises(InputError, match="at least one"):
            ShapAttributions(lambda f: np.zeros(len(f)), rows, background).draw(rows=2, background=2, seed=0)
    with pytest.raises(InputError, match="at least one"):
        linear([1.0])[0].draw(rows=0, background=2, seed=0)


def test_support2_is_fast_and_adds_up(support2):
    attributions = support2()[0]
    attributions.draw(rows=2, background=2, seed=1)  # imports and compilation
    start = time.perf_counter()
    draw = attributions.draw(rows=100, background=25, seed=1)
    assert time.perf_counter() - start < 3
    np.testing.assert_allclose(draw.base + draw.values.sum(axis=1), draw.scores, atol=1e-9)
