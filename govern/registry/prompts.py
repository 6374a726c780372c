"""Prompts, which MLflow keeps as registered models: what makes one, and that no model hides behind one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from govern.errors import PolicyError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: MLflow's tag on a registered model and on each of its versions.
KEY = "mlflow.prompt.is_prompt"


class Version(Protocol):
    """What is asked about a stored version."""

    @property
    def tags(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def source(self) -> str | None: ...  # noqa: D102
    @property
    def current_stage(self) -> str | None: ...  # noqa: D102


def is_request(tags: Any) -> bool:
    """Return whether a request says of itself that it is about a prompt."""
    return any(t.key == KEY for t in tags or [])


def must_be_prompt(tags: Any) -> None:
    """Return if the tags are those of a prompt and of nothing else.

    Raises:
        PolicyError: the tag has another value, or the gate's tags are claimed.
    """
    from govern.registry.facts import is_reserved

    if any(t.key == KEY and t.value != "true" for t in tags):
        raise PolicyError("it is marked as a prompt and as none")
    if any(is_reserved(t.key) for t in tags):
        raise PolicyError("a prompt cannot carry the gate's facts")


def must_be_prompt_version(session: Session, name: str, source: str, tags: Any) -> None:
    """Return if a request adds nothing but a text to what is stored as a prompt.

    Raises:
        PolicyError: the stored model is none, or the request points at files.
    """
    from mlflow.prompt.constants import _PROMPT_SOURCE_PLACEHOLDERS, PROMPT_TEXT_TAG_KEY

    must_be_prompt(tags)
    if not is_stored(session, name):
        raise PolicyError("no prompt is stored under that name")
    if source not in _PROMPT_SOURCE_PLACEHOLDERS or not any(t.key == PROMPT_TEXT_TAG_KEY for t in tags):
        raise PolicyError("it is marked as a prompt and points at files")


def is_stored(session: Session, name: str) -> bool:
    """Return whether what is stored under ``name`` is a prompt, and nothing but prompts."""
    model = _stored(session, name)
    return model is not None and is_prompt(
        {t.key: t.value for t in model.registered_model_tags}, [v.to_mlflow_entity() for v in model.model_versions]
    )


def is_prompt(tags: Mapping[str, str], versions: Iterable[Version]) -> bool:
    """Return whether a registered model with these tags and stored versions, deleted ones too, is nothing but a prompt.

    One version written around the gate makes the name a model's for good.
    """
    from mlflow.entities.model_registry.model_version_stages import STAGE_DELETED_INTERNAL
    from mlflow.prompt.constants import _PROMPT_SOURCE_PLACEHOLDERS

    return tags.get(KEY) == "true" and all(
        v.tags.get(KEY) == "true"
        and (v.source in _PROMPT_SOURCE_PLACEHOLDERS or v.current_stage == STAGE_DELETED_INTERNAL)
        for v in versions
    )


def models(session: Session) -> list[str]:
    """Return the names of the registered models that are not marked as prompts."""
    from mlflow.store.model_registry.dbmodels.models import SqlRegisteredModel

    return [m.name for m in session.query(SqlRegisteredModel) if not _marked(m.registered_model_tags)]


def must_be_free(session: Session, name: str) -> None:
    """Return if no registered model has that name; else raise as MLflow does, which its clients know.

    Raises:
        MlflowException: ``RESOURCE_ALREADY_EXISTS``.
    """
    from mlflow.prompt.registry_utils import handle_resource_already_exist_error

    model = _stored(session, name)
    if model is not None:
        handle_resource_already_exist_error(name, _marked(model.registered_model_tags), False)


def _marked(tags: Any) -> bool:
    return any(t.key == KEY and t.value == "true" for t in tags)


def _stored(session: Session, name: str) -> Any:
    from mlflow.store.model_registry.dbmodels.models import SqlRegisteredModel

    return session.query(SqlRegisteredModel).filter(SqlRegisteredModel.name == name).one_or_none()
