"""The MLflow registry store behind ``govern+sqlite://``: no model gets in, moves or leaves without signed evidence.

MLflow loads this module through the entry-point group ``mlflow.model_registry_store``, in Python
clients and in ``mlflow server`` alike, for ``govern+postgresql://`` too. The schemes are deliberately not those of
the databases: where the plugin cannot be loaded, MLflow knows no such scheme and opens nothing.

The registered model is written in the same transaction as its first version, so a refusal or a kill
leaves no empty one. Whatever goes wrong while evidence is checked is a refusal (403), never a
server's error, which clients would repeat for minutes, and never a pass.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

from govern import project
from govern.errors import GovernError, PolicyError
from govern.project import Workspace
from govern.registry import entries, facts, lookup, names, prompts, source, version
from govern.registry.admission import admit, admit_name
from govern.registry.connect import PROJECT, plain
from govern.registry.refusal import refusing


class GovernRegistryStore(SqlAlchemyStore):  # type: ignore[misc]  # MLflow is untyped
    """An MLflow registry in SQLite or PostgreSQL that asks the project's signed evidence before every change.

    The project is the folder given as ``?project=/absolute/path``, else the one at or above the
    database's own, with PostgreSQL the current one. Reading needs no project. Prompts, which MLflow
    keeps as registered models, pass as long as what is stored under their name is nothing but prompts.
    """

    def __init__(self, store_uri: str, tracking_uri: str | None = None) -> None:
        from sqlalchemy.engine import make_url

        url = make_url(store_uri.removeprefix("govern+"))
        given = url.query.get(PROJECT)
        beside = Path(url.database or "/").absolute().parent if url.drivername.startswith("sqlite") else Path.cwd()
        self._project = Path(str(given)) if given else beside
        self._tracking_uri = tracking_uri or ""
        super().__init__(plain(store_uri))

    def create_registered_model(
        self, name: str, tags: Any = None, description: Any = None, deployment_job_id: Any = None
    ) -> Any:
        """Create a prompt; of a model, say only whether evidence allows the name (its first version creates it)."""
        with self._refusing("create_registered_model", name):
            if prompts.is_request(tags):
                prompts.must_be_prompt(tags)
                with self.ManagedSessionMaker() as session:
                    names.must_stand_apart(name, prompts.models(session))
            else:
                admit_name(self._workspace(), name)
                self._without_facts(tags, description)
        if prompts.is_request(tags):
            return super().create_registered_model(name, tags, description, deployment_job_id)
        with self.ManagedSessionMaker() as session:
            prompts.must_be_free(session, name)
        return RegisteredModel(name)

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: Any = None,
        tags: Any = None,
        run_link: Any = None,
        description: Any = None,
        local_model_path: Any = None,
        model_id: Any = None,
    ) -> ModelVersion:
        """Write the version that signed evidence allows, with the facts that the evidence gives; once."""
        if prompts.is_request(tags):
            with self._refusing("create_model_version", name), self.ManagedSessionMaker() as session:
                prompts.must_be_prompt_version(session, name, source, tags)
            return super().create_model_version(name, source, tags=tags, description=description)
        with self._refusing("create_model_version", name):
            return self._admit(name, source, {t.key: t.value for t in tags or []}, description)

    def copy_model_version(self, src_mv: ModelVersion, dst_name: str) -> ModelVersion:
        """Refuse: evidence speaks for one name."""
        with self._refusing("copy_model_version", dst_name):
            raise PolicyError(f"evidence for {src_mv.name!r} does not speak for another name")

    def set_registered_model_alias(self, name: str, alias: str, version: Any) -> None:
        """Set or move an alias to a version whose evidence, files, facts and approvals hold now."""
        evidence = self._must_hold("set_registered_model_alias", name, version, promoted=True)
        super().set_registered_model_alias(name, alias, version)
        self._enter(name, version, evidence, alias=alias)

    def transition_model_version_stage(
        self, name: str, version: Any, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        """Move a version whose evidence, files and facts hold now; into use only with its approvals."""
        promoted = stage.strip().title() in lookup.PROMOTED
        evidence = self._must_hold("transition_model_version_stage", name, version, promoted=promoted)
        moved = super().transition_model_version_stage(name, version, stage, archive_existing_versions)
        if promoted:
            self._enter(name, version, evidence, stage=moved.current_stage)
        return moved

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Refuse for models: evidence speaks for one name."""
        self._prompts_only("rename_registered_model", name, "its evidence speaks for this name")
        return super().rename_registered_model(name, new_name)

    def delete_registered_model(self, name: str) -> None:
        """Refuse for models: a deleted version takes with it what the log speaks of."""
        self._prompts_only("delete_registered_model", name, "deleting it would remove what the log speaks of")
        super().delete_registered_model(name)

    def delete_model_version(self, name: str, version: Any) -> None:
        """Refuse for models: a deleted version takes with it what the log speaks of."""
        self._prompts_only("delete_model_version", name, "deleting it would remove what the log speaks of")
        super().delete_model_version(name, version)

    def update_model_version(self, name: str, version: Any, description: Any = None) -> ModelVersion:
        """Refuse for models: the description carries the gate's facts."""
        self._prompts_only("update_model_version", name, "its description is written by the gate")
        return super().update_model_version(name, version, description)

    def set_registered_model_tag(self, name: str, tag: Any) -> None:
        """Set a tag that is neither the gate's nor turns a model into a prompt."""
        self._free_key("set_registered_model_tag", name, tag.key)
        super().set_registered_model_tag(name, tag)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Delete a tag that is neither the gate's nor what makes a prompt."""
        self._free_key("delete_registered_model_tag", name, key)
        super().delete_registered_model_tag(name, key)

    def set_model_version_tag(self, name: str, version: Any, tag: Any) -> None:
        """Set a tag that is neither the gate's nor turns a model into a prompt."""
        self._free_key("set_model_version_tag", name, tag.key)
        super().set_model_version_tag(name, version, tag)

    def delete_model_version_tag(self, name: str, version: Any, key: str) -> None:
        """Delete a tag that is neither the gate's nor what makes a prompt."""
        self._free_key("delete_model_version_tag", name, key)
        super().delete_model_version_tag(name, version, key)

    def create_webhook(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Refuse: it would send what is registered elsewhere, and no evidence speaks for that."""
        self._no_webhook("create_webhook", name)

    def update_webhook(self, webhook_id: str, *arguments: Any, **named: Any) -> Any:
        """Refuse, as :meth:`create_webhook`."""
        self._no_webhook("update_webhook", webhook_id)

    def delete_webhook(self, webhook_id: str) -> None:
        """Refuse, as :meth:`create_webhook`."""
        self._no_webhook("delete_webhook", webhook_id)

    def _no_webhook(self, action: str, name: str) -> None:
        with self._refusing(action, name):
            raise PolicyError(
                "a governed registry has no webhooks; `govern log list --format json` tells what happened"
            )

    def _workspace(self) -> Workspace:
        return project.load(self._project)

    def _admit(self, name: str, uri: str, tags: dict[str, str], description: str | None) -> ModelVersion:
        """Write, in one transaction, the version that the evidence for these files describes."""
        place = source.resolve(uri, self._tracking_uri)
        files = source.digest(place.location, self._tracking_uri)
        admission = admit(self._workspace(), name, files, evidence=tags.get(facts.EVIDENCE))
        row = version.Row.of(admission, name, place)
        claimed = {k: v for k, v in tags.items() if facts.is_reserved(k)}
        if not claimed.items() <= row.facts.items() or description not in (None, "", row.description):
            raise PolicyError("the request claims other facts than the evidence gives")
        own = {k: v for k, v in tags.items() if k not in claimed}
        with self.ManagedSessionMaker(read_only=False) as session:
            stored = version.insert(session, row, own)
            return self._populate_model_version_aliases(session, name, stored.to_mlflow_entity())

    def _must_hold(self, action: str, name: str, version: Any, *, promoted: bool) -> str:
        """Return the evidence of a version, empty for a prompt; refuse where something does not hold."""
        with self._refusing(action, name):
            if self._is_prompt(name):
                return ""
            stored, location = lookup.version_of(self, name, version)
            evidence, steps = lookup.check(self._workspace(), stored, location, self._tracking_uri)
            if promoted and all(s.ok for s in steps):
                steps += lookup.promotable(self._workspace(), stored, evidence)
            broken = [f"{s.name}: {s.expected} was expected, found {s.found}" for s in steps if not s.ok]
            if broken:
                raise PolicyError("; ".join(broken))
            return evidence

    def _enter(self, name: str, version: Any, evidence: str, **where: str) -> None:
        """Enter the promotion of a model, not of a prompt."""
        if evidence:
            body = {"name": name, "version": int(version), "evidence": evidence, "alias": None, **where}
            entries.promoted(self._workspace, body)

    def _refusing(self, action: str, name: str) -> AbstractContextManager[None]:
        return refusing(action, name, functools.partial(entries.refused, self._workspace))

    def _prompts_only(self, action: str, name: str, why: str) -> None:
        with self._refusing(action, name):
            if not self._is_prompt(name):
                raise PolicyError(why)

    def _is_prompt(self, name: str) -> bool:
        with self.ManagedSessionMaker() as session:
            return prompts.is_stored(session, name)

    def _free_key(self, action: str, name: str, key: str) -> None:
        with self._refusing(action, name):
            if facts.is_reserved(key) or key.strip() == prompts.KEY:
                raise PolicyError(f"the tag {key!r} is not free to be changed")

    @staticmethod
    def _without_facts(tags: Iterable[Any] | None, description: str | None) -> None:
        if list(tags or []) or description:
            raise GovernError("a model is created by its first version; set its tags and description afterwards")
