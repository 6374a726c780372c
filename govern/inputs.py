"""What checks ask for by name, made once and only when asked: datasets opened, the model's scores, groups, SHAP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from govern.checks.inputs import Attributions, Data, Documentation
from govern.errors import InputError, UnavailableError
from govern.project import Cut
from govern.strict_yaml import nearest
from govern.types import Role

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.scores import Groups, Scores

Predict = Callable[["pd.DataFrame"], "NDArray[np.float64]"]


class Inputs:
    """The inputs of one run, by name; see :data:`govern.checks.inputs.INPUTS`."""

    def __init__(
        self,
        *,
        scores: Scores | None,
        frames: Mapping[Role, pd.DataFrame],
        group_columns: Mapping[str, str | Cut],
        features: tuple[str, ...] = (),
        label: str | None = None,
        patient_id: str | None = None,
        predict: Predict | None = None,
        reference_scores: NDArray[np.float64] | None = None,
        documentation: Documentation | None = None,
        seed: int,
    ) -> None:
        self._made: dict[str, Any] = {"seed": seed}
        self._groups: dict[str, Groups] = {}
        self._frames = frames
        self._columns = group_columns
        self._features = features
        self._label = label
        self._patient_id = patient_id
        self._predict = predict
        given = {"scores": scores, "reference_scores": reference_scores, "documentation": documentation}
        self._made.update({name: value for name, value in given.items() if value is not None})

    def get(self, name: str, by: str | None = None) -> Any:
        """Return an input; ``by`` is the attribute where the input is ``groups``.

        Raises:
            UnavailableError: it is not there in this run, with the reason.
        """
        if name == "groups":
            return self.groups(by)
        if name not in self._made:
            self._made[name] = getattr(self, f"_{name}")()
        return self._made[name]

    def groups(self, by: str | None) -> Groups:
        """Return the group of each test row under an attribute.

        Raises:
            UnavailableError: no attribute is named.
            InputError: there is none of that name, or no such column.
        """
        from govern.scan import scores, table

        if by is None:
            raise UnavailableError("the check compares groups, and none is named", hint="name one with `by:` or --by")
        if by not in self._columns:
            raise InputError(f"unknown group {by!r}", hint=nearest(by, self._columns))
        if by not in self._groups:
            source = self._columns[by]
            column, cut = (source.column, source.cut) if isinstance(source, Cut) else (source, None)
            values = table.column(self._frames[Role.TEST], column)
            self._groups[by] = scores.groups(by, values, cut=cut)
        return self._groups[by]

    def slices(self, by: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Yield each group's name and the mask of its rows."""
        groups = self.groups(by)
        for code, name in enumerate(groups.names):
            yield name, groups.codes == code

    def _scores(self) -> Scores:
        raise UnavailableError("no labels and scores", hint="name their columns: --label COL --score COL")

    def _test(self) -> Data:
        return self._data(Role.TEST)

    def _reference(self) -> Data:
        return self._data(Role.REFERENCE)

    def _datasets(self) -> dict[Role, Data]:
        return {role: self._data(role) for role in self._frames}

    def _reference_scores(self) -> NDArray[np.float64]:
        from govern.scan.scores import probabilities

        if self._predict is None:
            raise UnavailableError(
                "no scores on reference data", hint="give a model, or a reference with recorded scores"
            )
        frame = self._data(Role.REFERENCE).frame
        return probabilities(self._predict(frame[list(self._features)]), "the model's scores")

    def _attributions(self) -> Attributions:
        from govern.checks.explainability._attributions import ShapAttributions

        if self._predict is None:
            raise UnavailableError(
                "recorded predictions cannot be explained: that needs the model",
                hint="ask the vendor for explanations, or name explainability under `not_applicable:` with a reason",
            )
        columns = list(self._features)
        rows, background = (self._data(role).frame[columns] for role in (Role.TEST, Role.REFERENCE))
        return ShapAttributions(self._predict, rows, background)

    def _documentation(self) -> Documentation:
        raise UnavailableError("no declared facts", hint="run inside a project: `govern init`")

    def _data(self, role: Role) -> Data:
        if role not in self._frames:
            raise UnavailableError(
                f"no dataset in the role {role.value!r}",
                hint=f"`govern data snapshot PATH --role {role.value}`; `govern measure` takes --reference FILE",
            )
        return Data(frame=self._frames[role], features=self._features, label=self._label, patient_id=self._patient_id)
