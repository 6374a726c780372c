"""SHAP attributions of any model that takes a frame: the one home of ``shap``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.inputs import Draw
from govern.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Masked rows of one predict call: few calls, in bounded memory.
_BATCH = 100_000


class ShapAttributions:
    """Permutation SHAP of ``predict`` over rows of the test set, against background rows.

    ``predict`` maps a frame with the columns of ``rows`` to risks, shape (n,). ``rows`` and ``background`` hold only
    the declared features, in the model's order. One antithetic permutation a row: exact for a model without
    interactions of three or more features, and unbiased otherwise.
    """

    def __init__(
        self, predict: Callable[[pd.DataFrame], NDArray[Any]], rows: pd.DataFrame, background: pd.DataFrame
    ) -> None:
        self._predict = predict
        self._rows = rows
        self._background = background
        self._draws: dict[tuple[int, int, int, int], Draw] = {}

    @property
    def available(self) -> tuple[int, int]:
        """How many test rows and background rows there are."""
        return len(self._rows), len(self._background)

    def draw(self, *, rows: int, background: int, seed: int, part: int = 0) -> Draw:
        """Explain ``rows`` test rows against ``background`` background rows, both sampled with ``seed``.

        Where there are fewer, all are taken. Draws that differ only in ``part`` (0, 1, ...) share no row. Equal
        arguments give the same draw, computed once.

        Raises:
            InputError: there is nothing to explain, or the model does not give one finite risk a row.
        """
        key = (rows, background, seed, part)
        if key not in self._draws:
            self._draws[key] = self._explain(*key)
        return self._draws[key]

    def _explain(self, rows: int, background: int, seed: int, part: int) -> Draw:
        order = np.random.default_rng(seed)
        chosen = _sample(self._rows, rows, part, order)
        against = _sample(self._background, background, part, order)
        if min(len(chosen), len(against), chosen.shape[1]) == 0:
            raise InputError(
                "attributions need at least one feature, one test row and one background row",
                hint="declare the model's features, and a reference or train dataset",
            )
        rng = np.random.default_rng([seed, part])
        code = _Code(chosen, against)
        step = max(1, _BATCH // ((2 * chosen.shape[1] + 1) * len(against)))
        values = [
            _permutation_shap(
                lambda codes: self._risks(code.decode(codes)),
                code.rows[start : start + step],
                code.background,
                seed=int(rng.integers(2**32)),
            )
            for start in range(0, len(chosen), step)
        ]
        return Draw(
            features=tuple(map(str, chosen.columns)),
            values=np.concatenate(values),
            base=float(self._risks(against).mean()),
            scores=self._risks(chosen),
        )

    def _risks(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        risks = np.asarray(self._predict(frame), dtype=np.float64)
        if risks.shape != (len(frame),) or not np.isfinite(risks).all():
            raise InputError(
                f"one finite risk a row was expected of the model, found an array of shape {risks.shape}",
                hint="have the model return the risk of the event alone",
            )
        return risks


class _Code:
    """Two frames as numbers: each column's cells are places in the list of its distinct values.

    shap masks matrices of floats and takes values that are nearly equal for the same; places in a list
    are whole numbers, whatever the column holds, and lead back to the very same cells and types.
    """

    def __init__(self, rows: pd.DataFrame, background: pd.DataFrame) -> None:
        import pandas as pd

        self._columns = rows.columns
        self._values: list[Any] = []
        codes = np.empty((len(rows) + len(background), rows.shape[1]))
        for j, name in enumerate(rows.columns):
            both = pd.concat([rows[name], background[name]], ignore_index=True)
            codes[:, j], distinct = pd.factorize(both, use_na_sentinel=False)
            self._values.append(distinct)
        self.rows = codes[: len(rows)]
        self.background = codes[len(rows) :]

    def decode(self, codes: NDArray[np.float64]) -> pd.DataFrame:
        """Return the frame that these codes, shape (n, features), stand for."""
        import pandas as pd

        places = codes.astype(np.intp)
        return pd.DataFrame(
            {name: pd.Series(self._values[j].take(places[:, j])) for j, name in enumerate(self._columns)}
        )


def _sample(frame: pd.DataFrame, size: int, part: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rows of one of the stretches of ``size`` rows into which a random order of them falls."""
    chosen = np.sort(rng.permutation(len(frame))[part * size : (part + 1) * size])
    return frame.iloc[chosen].reset_index(drop=True)


def _permutation_shap(
    predict: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    rows: NDArray[np.float64],
    background: NDArray[np.float64],
    *,
    seed: int,
) -> NDArray[np.float64]:
    """Return SHAP values, shape of ``rows``, with one call of ``predict`` for all of them.

    shap asks for predictions row by row, and which masked rows it asks for does not depend on the answers. So it
    runs twice with the same seed: once to learn what it asks for, and once to be answered.
    """
    asked: list[NDArray[np.float64]] = []

    def listen(codes: NDArray[np.float64]) -> NDArray[np.float64]:
        asked.append(codes.copy())
        return np.zeros(len(codes))

    _run_shap(listen, rows, background, seed)
    answers = iter(np.split(predict(np.concatenate(asked)), np.cumsum([len(a) for a in asked])[:-1]))
    questions = iter(asked)

    def answer(codes: NDArray[np.float64]) -> NDArray[np.float64]:
        if not np.array_equal(codes, next(questions)):
            raise RuntimeError("shap asked for other rows than before with the same seed")
        return next(answers)

    return _run_shap(answer, rows, background, seed)


def _run_shap(
    predict: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    rows: NDArray[np.float64],
    background: NDArray[np.float64],
    seed: int,
) -> NDArray[np.float64]:
    import warnings

    state = np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # shap's imports (numba, IPython), not the model
            from shap.explainers import Permutation
            from shap.maskers import Independent

            explainer = Permutation(predict, Independent(background, max_samples=len(background)), seed=seed)
            explanation = explainer(rows, max_evals=2 * rows.shape[1] + 1, silent=True)
    finally:
        np.random.set_state(state)
    return np.asarray(explanation.values, dtype=np.float64)
