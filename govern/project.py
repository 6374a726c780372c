"""The project file ``govern.yaml``: what is declared about the system, its data and its registry.

Declared facts may also lie in a folder of the project; :mod:`govern.declared` reads and checks all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from govern import declared, strict_yaml
from govern.errors import InputError
from govern.folder import FILE, Folder, enclosing, find
from govern.types import Role

__all__ = [
    "FILE",
    "Cut",
    "Data",
    "Owner",
    "Project",
    "Registry",
    "System",
    "Timestamp",
    "Workspace",
    "find",
    "load",
    "parts",
]


class _Strict(BaseModel):
    # Built when it is first used, and then as a whole: many commands use none, or only the outermost.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Owner(_Strict):
    """Who answers for the system."""

    name: str = ""
    organisation: str = ""
    email: str = ""


class System(BaseModel):
    """Declared facts about the system, those of all its files.

    The facts that every dossier asks for are empty where nobody has declared them yet. Any other fact of the catalogue
    is there if it is declared, as :func:`govern.declared.values.recorded` gives it; so are ``declared`` (who said what,
    when) and ``not_applicable`` (what does not apply, why, and who says so) where there is something in them.
    """

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    name: str
    intended_use: str = ""
    users: str = ""
    population: str = ""
    limitations: list[str] = Field(default_factory=list)
    human_oversight: str = ""
    owner: Owner = Owner()
    device_description: str = ""
    reference_standard: str = ""
    data_provenance: str = ""
    risk_management: str = ""
    monitoring_plan: str = ""
    cybersecurity: str = ""
    instructions_for_use: str = ""


class Cut(_Strict):
    """A group made from a number: ``cut: [18, 50, 65]`` gives 18-49, 50-64 and 65+."""

    column: str
    cut: list[float] = Field(min_length=1)


class Data(_Strict):
    """Columns of the datasets and the files in each role (paths relative to the project file).

    Which columns a task needs: binary a ``label`` and a ``score`` (or a model that gives it); multiclass the same,
    ``score`` being the predicted class, or ``probabilities``; regression ``label`` and ``score`` as numbers, with
    ``lower`` and ``upper`` where the model says how sure it is; survival ``label`` as the event, ``follow_up`` as
    the time until it or until censoring, and ``score`` as the risk.
    """

    label: str
    positive: str | int | float | bool | None = None
    #: Label values for which the reference standard gave no answer: counted as the event and as none, never dropped.
    equivocal: list[str | int | float | bool] = Field(default_factory=list)
    score: str | None = None
    #: Rows without a score are inputs that quality control rejected: counted as wrong (worst case), never dropped.
    rejected: bool = False
    #: Another model's or a person's estimate of the same risk.
    comparator: str | None = None
    #: Class -> column of its probability, in the order of an ordinal outcome.
    probabilities: dict[str, str] = Field(default_factory=dict)
    #: The classes of a multiclass outcome, in the order of an ordinal one.
    classes: list[str] = Field(default_factory=list)
    lower: str | None = None
    upper: str | None = None
    follow_up: str | None = None
    patient_id: str | None = None
    #: When a row was recorded; a date or a number.
    time: str | None = None
    features: list[str] = Field(default_factory=list)
    groups: dict[str, str | Cut] = Field(default_factory=dict)
    #: Attribute -> group -> its share in the intended population.
    target_population: dict[str, dict[str, float]] = Field(default_factory=dict)
    roles: dict[Role, str] = Field(default_factory=dict)


class Registry(_Strict):
    """MLflow addresses. ``govern+sqlite://`` and ``govern+postgresql://`` refuse what the gate has not passed."""

    tracking_uri: str = "sqlite:///mlflow.db"
    registry_uri: str = "govern+sqlite:///mlflow.db"


class Timestamp(_Strict):
    """The authority that says when something was signed (RFC 3161); its root lies in ``.govern/trust/timestamp``."""

    url: str = Field(pattern=r"^https?://[^\s/]\S*$")


class Project(_Strict):
    """A whole ``govern.yaml``."""

    schema_: Literal["govern/project/1"] = Field(alias="schema")
    system: System
    #: The folder with more declared facts.
    facts: str | None = None
    #: Facts, and clauses of regulations, that do not apply; those of all files are in ``system``.
    not_applicable: dict[str, Any] = Field(default_factory=dict)
    data: Data
    policy: str
    registry: Registry = Registry()
    #: The signing identity in ``.govern/keys``.
    identity: str = "author"
    #: Where the log is, if not in ``.govern/log.db``: ``postgresql://user@host/database``.
    log: str = ""
    timestamp: Timestamp | None = None


class Workspace(Folder):
    """A project's folder with what its file declares."""

    def __init__(self, root: Path, project: Project) -> None:
        super().__init__(root)
        self.project = project

    @property
    def log(self) -> Path | str:
        """The address of the log: a file, or the URL of a team's database."""
        return self.project.log or self.own_log

    @property
    def timestamp_url(self) -> str | None:
        """The address of the time-stamp authority, where one is declared."""
        return None if self.project.timestamp is None else self.project.timestamp.url

    def absolute_uri(self, uri: str) -> str:
        """Return an MLflow address with the path of a local database taken from the project's folder."""
        scheme, separator, path = uri.partition(":///")
        if not separator or "sqlite" not in scheme or path.startswith("/"):
            return uri
        return f"{scheme}:///{(self.root / path).as_posix()}"

    def inputs(self) -> list[Path]:
        """Return what a result must not replace: project file, policies, datasets, evidence, keys and databases."""
        declared = self.project
        data = [self.root / name for name in declared.data.roles.values()]
        beside = [path.with_name(path.name + suffix) for path in data for suffix in (".dvc", ".manifest.json")]
        kept = (
            FILE,
            declared.policy,
            *filter(None, [declared.facts]),
            "policies",
            "mlflow.db",
            "mlruns",
            "mlartifacts",
        )
        return [*data, *beside, *(self.root / name for name in kept), self.evidence, self.artifacts, self.state]

    def data_path(self, role: Role) -> Path:
        """Return the file in a role.

        Raises:
            InputError: no file is declared in that role.
        """
        try:
            return self.root / self.project.data.roles[role]
        except KeyError:
            raise InputError(
                f"no dataset is declared in the role {role.value!r}",
                hint=f"run `govern data snapshot PATH --role {role.value}`",
            ) from None


def parts(attribute: str) -> list[str]:
    """Return the attributes of which one is made: ``sex*race`` is the intersection of two."""
    return [part.strip() for part in attribute.split("*")]


def load(start: Path | None = None) -> Workspace:
    """Return the workspace at or above ``start`` (the current folder by default).

    Raises:
        InputError: there is no project here.
        PolicyError: the project file or a file of facts is wrong (file, line and nearest valid word).
    """
    root = enclosing(start).root
    document = strict_yaml.read(root / FILE)
    found = declared.read(document, root)
    found.raise_problems()
    value = {**document.value, "system": found.as_system()} if "system" in document.value else document.value
    return Workspace(root, strict_yaml.build(Project, document, value))
