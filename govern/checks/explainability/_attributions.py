"""SHAP attributions of any model that takes a frame: the one home of ``shap``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.inputs import Draw
from govern.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Masked rows of one predict call: few calls, in bounded memory.
_BATCH = 100_000
#: Masks that shap puts into one call; all that a row needs, since answers are looked up.
_MASKS = 10_000


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
        self._draws: dict[tuple[int, ...], Draw] = {}

    @property
    def available(self) -> tuple[int, int]:
        """How many test rows and background rows there are."""
        return len(self._rows), len(self._background)

    def draw(self, *, rows: int, background: int, seed: int, part: int = 0, against: int = 0, order: int = 0) -> Draw:
        """Explain ``rows`` test rows against ``background`` background rows, both sampled with ``seed``.

        Where there are fewer, all are taken. Draws that differ in ``part`` (0, 1, ...) share no test row, and those
        that differ in ``against`` no background row; ``order`` (0, 1, ...) chooses another order in which each row's
        features are taken in, with the same rows. Equal arguments give the same draw, computed once.

        Raises:
            InputError: there is nothing to explain, or the model does not give one finite risk a row.
        """
        key = (rows, background, seed, part, against, order)
        if key not in self._draws:
            self._draws[key] = self._explain(*key)
        return self._draws[key]

    def _explain(self, rows: int, background: int, seed: int, part: int, against: int, order: int) -> Draw:
        rng = np.random.default_rng(seed)
        places = _sample(len(self._rows), rows, part, rng)
        chosen = self._rows.iloc[places].reset_index(drop=True)
        behind = self._background.iloc[_sample(len(self._background), background, against, rng)].reset_index(drop=True)
        if min(len(chosen), len(behind), chosen.shape[1]) == 0:
            raise InputError(
                "attributions need at least one feature, one test row and one background row",
                hint="declare the model's features, and a reference or train dataset",
            )
        rng = np.random.default_rng([seed, part, against, order])
        code = _Code(chosen, behind)
        step = max(1, _BATCH // ((2 * chosen.shape[1] + 1) * len(behind)))
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
            base=float(self._risks(behind).mean()),
            scores=self._risks(chosen),
            places=places,
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


def _sample(there: int, size: int, part: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return places, ascending: one of the stretches of ``size`` into which a random order of all places falls."""
    return np.sort(rng.permutation(there)[part * size : (part + 1) * size]).astype(np.int64)


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
            with _uncompiled():
                from shap.explainers import Permutation
                from shap.maskers import Independent

            explainer = Permutation(predict, Independent(background, max_samples=len(background)), seed=seed)
            # Not explainer(rows): from the second row on that also asks for main effects, half as much again.
            values = [
                explainer.explain_row(
                    row,
                    max_evals=2 * rows.shape[1] + 1,
                    main_effects=False,
                    error_bounds=False,
                    batch_size=_MASKS,
                    outputs=None,
                    silent=True,
                )["values"]
                for row in rows
            ]
    finally:
        np.random.set_state(state)
    return np.asarray(values, dtype=np.float64)


@contextlib.contextmanager
def _uncompiled() -> Iterator[None]:
    """Import shap with its numba functions as plain Python.

    It keeps no compiled code, so every process would compile it anew for four seconds, to save a tenth of one in
    the few hundred rows that are explained here.
    """
    import numba

    settings: Any = numba.config
    compiled, settings.DISABLE_JIT = settings.DISABLE_JIT, True
    try:
        yield
    finally:
        settings.DISABLE_JIT = compiled
