"""Prompts live in the same tables as models: they work, and no model hides among them."""

from __future__ import annotations

from typing import Any

import pytest

PROMPT = "mlflow.prompt.is_prompt"


def refused(call: Any, *arguments: Any, **named: Any) -> None:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException) as caught:
        call(*arguments, **named)
    assert caught.value.error_code == "PERMISSION_DENIED"


def listed(tags: dict[str, str]) -> list[Any]:
    from mlflow.entities.model_registry import ModelVersionTag

    return [ModelVersionTag(key, value) for key, value in tags.items()]


def test_prompts_work(project: Any, mlflow_at: Any) -> None:
    """All that MLflow offers for prompts, without any evidence and without a log."""
    genai = mlflow_at.genai
    first = genai.register_prompt("greeting", "Hello {{name}}", tags={"team": "icu"})
    second = genai.register_prompt("greeting", "Good morning {{name}}", commit_message="politer")
    assert (first.version, second.version) == (1, 2)
    genai.set_prompt_alias("greeting", "production", 2)
    assert genai.load_prompt("prompts:/greeting@production").template == "Good morning {{name}}"
    client = project.client()
    client.set_prompt_version_tag("greeting", 1, "reviewed", "yes")
    client.delete_prompt_alias("greeting", "production")
    client.delete_prompt_version("greeting", "2")
    client.delete_prompt("greeting")
    assert project.rows("registered_models") == []


def test_no_model_under_a_prompts_name(project: Any, mlflow_at: Any) -> None:
    project.decide()
    project.decide(project.record(name="greeting"))
    mlflow_at.genai.register_prompt("greeting", "Hello")
    store = project.store()
    for tags in ({}, {PROMPT: "true"}, {PROMPT: "true", "mlflow.prompt.text": "x"}, {PROMPT: "false"}):
        refused(store.create_model_version, "greeting", project.source, tags=listed(tags))
    marked = listed({PROMPT: "true", "mlflow.prompt.text": "x"})
    refused(store.create_model_version, project.name, "dummy-source", tags=marked)
    refused(store.create_model_version, project.name, project.source, tags=marked)
    refused(store.create_registered_model, "x", tags=listed({PROMPT: "maybe"}))
    refused(store.create_registered_model, "x", tags=listed({PROMPT: "true", "govern.decision": "allow"}))
    assert len(project.rows("model_versions")) == 1


def test_a_model_among_prompts_makes_the_name_a_models(project: Any, mlflow_at: Any) -> None:
    """Written around the gate: from then on nothing moves under that name."""
    mlflow_at.genai.register_prompt("greeting", "Hello")
    project.write("UPDATE model_versions SET source = ?", str(project.model))
    store = project.store()
    refused(store.set_registered_model_alias, "greeting", "production", "1")
    refused(store.delete_registered_model, "greeting")
    refused(store.rename_registered_model, "greeting", "sepsis")


def test_a_model_cannot_become_a_prompt(project: Any) -> None:
    from govern.registry.register import register

    register(project.workspace, project.decide(), project.name)
    client = project.client()
    refused(client.set_registered_model_tag, project.name, PROMPT, "true")
    refused(client.set_model_version_tag, project.name, "1", PROMPT, "true")
    project.write("INSERT INTO registered_model_tags VALUES ('default', ?, ?, 'true')", project.name, PROMPT)
    refused(client.delete_registered_model, project.name)
