"""The rows of a governed version, written together or not at all, and once for each evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govern.errors import PolicyError
from govern.registry import facts, names, prompts
from govern.registry.admission import Admission
from govern.registry.description import describe
from govern.registry.source import Source

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: The lock that governed registries of one PostgreSQL database share ("govern" in ASCII).
_LOCK = 0x676F7665726E


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a version of ``name`` shall be, by its evidence."""

    name: str
    place: Source
    run_id: str | None
    description: str
    facts: Mapping[str, str]

    @classmethod
    def of(cls, admission: Admission, name: str, place: Source) -> Row:
        """Return the version that an admission describes; run and facts come from the evidence alone."""
        return cls(
            name=name,
            place=place,
            run_id=admission.bundle.record.subject.run_id,
            description=describe(admission.bundle, admission.receipt),
            facts=facts.tags(admission.bundle, admission.receipt),
        )


def insert(session: Session, row: Row, own_tags: Mapping[str, str]) -> Any:
    """Return the stored version of this evidence, writing it, and the registered model when new, where it is absent.

    One process writes at a time (:func:`_alone`), so of two the second finds what the first wrote.

    Args:
        session: an open session without pending writes.
        row: what the evidence gives.
        own_tags: further tags of the caller, none of them the gate's.

    Raises:
        PolicyError: the name is a prompt's or looks like another's, or a version that carries this evidence is
            another one.
    """
    from mlflow.store.model_registry.dbmodels.models import SqlModelVersion, SqlModelVersionTag, SqlRegisteredModel
    from mlflow.utils.time import get_current_time_millis
    from mlflow.utils.validation import _validate_model_name, _validate_model_version_tag

    _validate_model_name(row.name)
    for key, value in own_tags.items():
        _validate_model_version_tag(key, value)
    _alone(session)
    now = get_current_time_millis()
    model = session.query(SqlRegisteredModel).filter(SqlRegisteredModel.name == row.name).one_or_none()
    if model is None:
        names.must_stand_apart(row.name, [name for (name,) in session.query(SqlRegisteredModel.name)])
        model = SqlRegisteredModel(name=row.name, creation_time=now, last_updated_time=now)
        session.add(model)
        session.flush()
    elif any(t.key == prompts.KEY for t in model.registered_model_tags):
        raise PolicyError("the name is a prompt's")
    if (stored := _stored(model, row)) is not None:
        return stored
    number = 1 + max((v.version for v in model.model_versions), default=0)
    made = SqlModelVersion(
        name=row.name,
        version=number,
        creation_time=now,
        last_updated_time=now,
        source=row.place.uri,
        storage_location=row.place.location,
        run_id=row.run_id,
        description=row.description,
    )
    made.model_version_tags = [
        SqlModelVersionTag(name=row.name, version=number, key=key, value=value)
        for key, value in {**own_tags, **row.facts}.items()
    ]
    model.last_updated_time = now
    session.add(made)
    session.flush()
    return made


def _alone(session: Session) -> None:
    """Begin the transaction as the only one that writes versions, until it ends.

    SQLite has one write lock. On PostgreSQL an advisory lock is waited for, and what others committed
    meanwhile is seen by every statement after it (READ COMMITTED, whatever the database's default is).
    """
    import sqlalchemy

    if session.get_bind().dialect.name == "sqlite":
        session.execute(sqlalchemy.text("BEGIN IMMEDIATE"))
        return
    session.connection(execution_options={"isolation_level": "READ COMMITTED"})
    session.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _stored(model: Any, row: Row) -> Any:
    from mlflow.entities.model_registry.model_version_stages import STAGE_DELETED_INTERNAL

    for version in model.model_versions:
        tags = {t.key: t.value for t in version.model_version_tags}
        if tags.get(facts.EVIDENCE) != row.facts[facts.EVIDENCE] or version.current_stage == STAGE_DELETED_INTERNAL:
            continue
        if (version.source, version.storage_location) != (row.place.uri, row.place.location):
            raise PolicyError(f"version {version.version} carries this evidence for files at another place")
        return version
    return None
