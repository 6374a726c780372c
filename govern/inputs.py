"""What checks ask for by name, made once and only when asked: rows, groups, datasets, the model, SHAP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from govern import outcomes
from govern.checks.inputs import ROWS, Attributions, Documentation, Population
from govern.errors import InputError, UnavailableError
from govern.project import Cut, Data, parts
from govern.strict_yaml import nearest
from govern.types import Role

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from govern.reading import Reading
    from govern.scan import dataset
    from govern.scan.local import Scan
    from govern.scan.scores import Groups, Scores

#: The smallest number above 0.
_SMALLEST = 5e-324

#: Rows of a dataset that are copied to another process in less time than that saves.
_COPIED = 1_000_000

Predict = Callable[["pd.DataFrame"], "NDArray[np.float64]"]


@dataclass(frozen=True, kw_only=True)
class Model:
    """The model under validation; see :class:`govern.checks.inputs.Model`."""

    features: tuple[str, ...]
    predict: Predict


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The inputs of one run, by name; see :data:`govern.checks.inputs.INPUTS`.

    ``declared`` says what the columns mean, ``scans`` holds what was read in each role, ``thresholds`` are those at
    which rows are flagged (rows on both sides of one are never reduced to one cell).
    """

    declared: Data
    scans: Mapping[Role, Scan]
    seed: int
    predict: Predict | None = None
    documentation: Documentation | None = None
    thresholds: Sequence[float] = ()
    #: One way to read rows whose outcome or score is not known; see :attr:`readings`.
    reading: Reading | None = None
    _made: dict[Any, Any] = field(default_factory=dict)

    def get(self, name: str, by: str | None = None) -> Any:
        """Return an input; ``by`` is the attribute where groups are compared.

        Raises:
            UnavailableError: it is not there in this run, with the reason.
            InputError: the data of which it is made is not fit to be measured.
        """
        from govern.scan.groups import wide

        if name == "groups":
            return wide(self.groups(by))
        return self._once(name, getattr(self, f"_{name}"))

    def arguments(self, names: Sequence[str], by: str | None, *, flags: float | None = None) -> dict[str, Any]:
        """Return the inputs of a check of everybody, or one that compares the groups of ``by``.

        ``flags`` is the threshold of a check of which nothing but labels and flags matters.
        """
        if by is None or "scores" not in names:
            return {name: self._whole(name, names, flags) if name in ROWS else self.get(name, by) for name in names}
        at = flags if self._reducible(names) else None
        scores, groups = self._once(("compared", by, at), lambda: self._compared(by, at))
        return {
            name: scores if name == "scores" else groups if name == "groups" else self.get(name, by) for name in names
        }

    def small(self, names: Sequence[str]) -> bool:
        """Whether datasets that a check asks for are all there, and small enough to be copied to another process."""
        roles = {"test": Role.TEST, "reference": Role.REFERENCE}
        scans = [self.scans.get(roles[name]) for name in names if name in roles]
        return all(scan is not None and scan.data.rows <= _COPIED for scan in scans)

    def slices(
        self, names: Sequence[str], by: str, *, flags: float | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each group of an attribute with the inputs of a check of its rows alone; ``flags`` as above."""
        groups = self.groups(by)
        others = {name: self.get(name) for name in names if name not in ROWS}
        if ROWS & set(names) == {"scores"}:  # the same for every check, which may keep with them what others need too
            for name, scores in zip(groups.names, self._by_group(by, flags), strict=True):
                yield name, {**others, "scores": scores}
            return
        rows = {name: self.get(name) for name in names if name in ROWS}
        for code, name in enumerate(groups.names):
            mask = groups.codes == code
            yield name, {**others, **{key: value.where(mask) for key, value in rows.items()}}

    def groups(self, by: str | None) -> Groups:
        """Return the group of each test row under an attribute; ``a*b`` is the intersection of two.

        Raises:
            UnavailableError: no attribute is named.
            InputError: there is none of that name, or no such column.
        """
        if by is None:
            raise UnavailableError("the check compares groups, and none is named", hint="name one with `by:` or --by")
        groups: Groups = self._once(("groups", by), lambda: self._groups(by))
        return groups

    @cached_property
    def readings(self) -> list[tuple[str, Inputs]]:
        """Every way to read the rows, by its name; one without a name where all is known."""
        if self.reading is not None or not (self.declared.equivocal or self.declared.rejected):
            return [("", self)]
        return [(r.name, replace(self, reading=r, _made={})) for r in self._once("read", self._read)]

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    # ---- rows

    def _scores(self) -> Scores:
        reading: Reading = self.reading or self._once("read", self._read)[0]
        return reading.scores

    def _read(self) -> list[Reading]:
        from govern.reading import Reading, readings
        from govern.scan.scores import Scores, labels, probabilities

        label, name = self._column(self.declared.label, "label"), self.declared.score or "the model's scores"
        if not (self.declared.equivocal or self.declared.rejected):
            outcome = labels(label, self.declared.positive, self.declared.label)
            score = probabilities(self._predicted(), name)
            return [Reading(name="", scores=Scores(label=outcome, score=score, patient=self._patient()))]
        return readings(
            label,
            self._predicted(),
            positive=self.declared.positive,
            equivocal=self.declared.equivocal,
            rejected=self.declared.rejected,
            patient=self._patient(),
            label_name=self.declared.label,
            score_name=name,
        )

    def _recorded(self) -> Any:
        return outcomes.recorded(self.declared, self._column(self.declared.label, "label"), self._predicted())

    def _classes(self) -> Any:
        return outcomes.classes(self.declared, self._column, self._patient())

    def _values(self) -> Any:
        return outcomes.values(self.declared, self._column, self._predicted(), self._patient())

    def _survival(self) -> Any:
        return outcomes.survival(self.declared, self._column, self._predicted(), self._patient())

    def _comparator(self) -> Any:
        from govern.scan.validate import comparator

        name = self.declared.comparator
        if name is None:
            raise UnavailableError(
                "no other model's or person's scores to compare with",
                hint="name their column: `comparator:` in govern.yaml, or --comparator",
            )
        made = comparator(name, self._column(name, "comparator").to_numpy())
        return made if self.reading is None or self.reading.rows is None else made.where(self.reading.rows)

    def _predicted(self) -> Any:
        """Return the scores of all test rows as they came: the model's, or those that were recorded."""
        scan = self._scan(Role.TEST)
        if scan.predicted is not None:
            return scan.predicted
        if self.declared.score is None:
            raise UnavailableError("no labels and scores", hint="name their columns: --label COL --score COL")
        return self._column(self.declared.score, "score").to_numpy()

    def _patient(self) -> NDArray[np.int64] | None:
        from govern.scan.patients import clusters

        patients = self._scan(Role.TEST).data.patients
        return None if patients is None else clusters(patients)

    def _column(self, name: str | None, what: str, role: Role = Role.TEST) -> pd.Series[Any]:
        carried = self._scan(role).carried
        if not name:
            raise UnavailableError("no labels and scores", hint=f"name the column of the {what}: --{what} COL")
        if name not in carried:
            raise InputError(f"the {role.value} data: no column {name!r}", hint=nearest(name, carried))
        return carried[name]

    # ---- groups, and what is left of large ones

    def _groups(self, by: str) -> Groups:
        from govern.scan.groups import intersection, of_rows

        found = [self._attribute(name) for name in parts(by)]
        groups = found[0] if len(found) == 1 else intersection(by, found)
        if self.reading is None or self.reading.rows is None:
            return groups
        return of_rows(groups, self.reading.rows)

    def _attribute(self, name: str, role: Role = Role.TEST) -> Groups:
        from govern.scan import scores

        column, cut = self._source(name)
        return scores.groups(name, self._column(column, "groups", role), cut=cut)

    def _source(self, name: str) -> tuple[str, list[float] | None]:
        """Return the column of an attribute, and where it is cut into bands."""
        if name not in self.declared.groups:
            raise InputError(f"unknown group {name!r}", hint=nearest(name, self.declared.groups))
        source = self.declared.groups[name]
        return (source.column, source.cut) if isinstance(source, Cut) else (source, None)

    def _reducible(self, names: Sequence[str]) -> bool:
        """Whether a check sees cells of rows: only one that needs nothing of them but scores, of many rows."""
        from govern.scan.reduce import LARGE

        if ROWS & set(names) != {"scores"}:
            return False
        rows: Scores = self.get("scores")
        return rows.patient is None and rows.n > LARGE

    def _whole(self, name: str, names: Sequence[str], flags: float | None) -> Any:
        from govern.scan.groups import everybody, flag_cells
        from govern.scan.reduce import reduce

        if name != "scores" or not self._reducible(names):
            return self.get(name)
        if flags is not None:
            rows = self.get("scores")
            return self._once(("flags", flags), lambda: flag_cells(rows, everybody(rows), flags)[0])
        return self._once("reduced", lambda: reduce(self.get("scores"), thresholds=self._cuts()))

    def _by_group(self, by: str, flags: float | None) -> list[Scores]:
        from govern.scan.groups import flag_cells
        from govern.scan.reduce import by_group

        rows, groups = self.get("scores"), self.groups(by)

        at = flags if self._reducible(("scores",)) else None

        def parts() -> list[Scores]:
            if not self._reducible(("scores",)):
                return [rows.where(groups.codes == code) for code in range(len(groups.names))]
            if at is not None:
                return flag_cells(rows, groups, at)
            return by_group(rows, groups.codes, len(groups.names), thresholds=self._cuts())

        return self._once(("parts", by, at), parts)  # type: ignore[no-any-return]

    def _cuts(self) -> tuple[float, ...]:
        """Return where no cell may reach across: thresholds, and scores that are exactly 0 or 1."""
        return (_SMALLEST, *self.thresholds, 1.0)

    def _compared(self, by: str | None, flags: float | None) -> tuple[Scores, Groups]:
        """Return the scores of all groups with the group of each, reduced where there are many."""
        from govern.scan.groups import joined, wide

        groups = self.groups(by)
        if by is None or not self._reducible(("scores",)):
            return self.get("scores"), wide(groups)
        return joined(self._by_group(by, flags), groups)

    # ---- datasets, model, documents

    def _seed(self) -> int:
        return self.seed

    def _test(self) -> dataset.Data:
        return self._scan(Role.TEST).data

    def _reference(self) -> dataset.Data:
        return self._scan(Role.REFERENCE).data

    def _datasets(self) -> dict[Role, dataset.Data]:
        return {role: scan.data for role, scan in self.scans.items()}

    def _reference_scores(self) -> NDArray[np.float64]:
        from govern.scan.scores import probabilities

        scan, name = self._scan(Role.REFERENCE), self.declared.score
        if self.predict is not None:
            frame = scan.data.sample[list(scan.data.features)]
            return probabilities(self.predict(frame), "the model's scores")
        if name is None or name not in scan.carried:
            raise UnavailableError(
                "no scores on reference data", hint="give a model, or a reference with recorded scores"
            )
        return probabilities(scan.carried[name].to_numpy(), f"the reference data: {name}")

    def _model(self) -> Model:
        if self.predict is None:
            raise UnavailableError(
                "recorded predictions cannot be changed: that needs the model",
                hint="ask the vendor how its model answers changed inputs",
            )
        return Model(features=self._scan(Role.TEST).data.features, predict=self.predict)

    def _attributions(self) -> Attributions:
        from govern.checks.explainability._attributions import ShapAttributions

        if self.predict is None:
            raise UnavailableError(
                "recorded predictions cannot be explained: that needs the model",
                hint="ask the vendor for explanations, or name explainability under `not_applicable:` with a reason",
            )
        test, reference = self._test(), self._reference()
        rows, background = (data.sample[list(test.features)] for data in (test, reference))
        return ShapAttributions(self.predict, rows, background)

    def _population(self) -> Population:
        """Return the declared target population; where none is, the groups of the reference dataset."""
        if self.declared.target_population:
            return Population(shares=self.declared.target_population, source="the intended population")
        if Role.REFERENCE not in self.scans:
            raise UnavailableError(
                "neither a target population nor a reference dataset is declared",
                hint="add `target_population: {sex: {female: 0.5, male: 0.5}}` under `data:` in govern.yaml",
            )
        held = [name for name in self.declared.groups if self._source(name)[0] in self.scans[Role.REFERENCE].carried]
        shares = {name: self._attribute(name, Role.REFERENCE).shares() for name in held}
        return Population(shares=shares, source="the reference dataset")

    def _documentation(self) -> Documentation:
        if self.documentation is None:
            raise UnavailableError("no declared facts", hint="run inside a project: `govern init`")
        return self.documentation

    def _scan(self, role: Role) -> Scan:
        if role not in self.scans:
            raise UnavailableError(
                f"no dataset in the role {role.value!r}",
                hint=f"`govern data snapshot PATH --role {role.value}`; `govern measure` takes --reference FILE",
            )
        return self.scans[role]
