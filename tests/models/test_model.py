from __future__ import annotations

import shutil
import socket
import sqlite3
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from govern import canonical
from govern.errors import InputError, ServiceError
from govern.models.digest import model_manifest
from govern.models.model import Model, open_model

Make = Callable[..., Any]
FEATURES = ("age", "sex", "race", "comorbidities", "sodium", "albumin")


def saved(path: Path, model: Any, **options: Any) -> str:
    """Save a scikit-learn model, or with ``python_model=`` MLflow's own kind, as an MLflow model folder."""
    import mlflow

    options = {"pip_requirements": ["scikit-learn"], **options}
    with warnings.catch_warnings(action="ignore"):
        if model is None:
            mlflow.pyfunc.save_model(path, **options)
        else:
            mlflow.sklearn.save_model(model, path, **{"serialization_format": "pickle", **options})
    return str(path)


def opened(path: Path | str, **options: Any) -> Model:
    return open_model(str(path), tracking_uri="sqlite:///unused.db", **options)


@pytest.fixture(scope="session")
def model(logged: Any) -> Model:
    return open_model(logged.uri, tracking_uri=logged.store)


def test_risks_equal_those_of_the_estimator_although_mlflow_gives_labels(
    model: Model, logged: Any, patients: Make
) -> None:
    import mlflow

    frame = patients(300, seed=1)
    expected = logged.estimator.predict_proba(frame)[:, 1]
    np.testing.assert_array_equal(model.predict(frame), expected)
    with warnings.catch_warnings(action="ignore"):
        labels = mlflow.pyfunc.load_model(str(logged.path)).predict(frame)
    assert set(labels) == {0, 1}


def test_batches_give_what_one_pass_gives(model: Model, logged: Any, patients: Make) -> None:
    frame = patients(25_001, seed=2)
    np.testing.assert_allclose(model.predict(frame), logged.estimator.predict_proba(frame)[:, 1], rtol=1e-12)


def test_the_subject_names_the_model_and_its_files(model: Model, logged: Any) -> None:
    subject = model.subject
    assert (subject.kind, subject.name, subject.uri) == ("model", "risk", logged.uri)
    assert subject.sha256 == canonical.manifest_sha256(model_manifest(logged.path))
    assert subject.flavors == ("python_function", "sklearn")
    assert model.inputs == subject.inputs == FEATURES
    assert model.run_id == logged.run_id
    assert model.path == logged.path


@pytest.mark.parametrize(
    ("uri", "name", "fixed"),
    [
        ("models:/sepsis/1", "sepsis", "models:/sepsis/1"),
        ("models:/sepsis@champion", "sepsis", "models:/sepsis/1"),
        ("runs:/{run}/risk", "risk", "runs:/{run}/risk"),
        ("{path}", "artifacts", "{path}"),
        ("file://{path}", "artifacts", "file://{path}"),
    ],
)
def test_every_kind_of_address_finds_the_same_files(model: Model, logged: Any, uri: str, name: str, fixed: str) -> None:
    fill = {"run": logged.run_id, "path": logged.path}
    subject = open_model(uri.format(**fill), tracking_uri=logged.store).subject
    assert (subject.name, subject.uri) == (name, fixed.format(**fill))
    assert subject.sha256 == model.subject.sha256


def test_opening_leaves_no_trace(
    logged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], patients: Make
) -> None:
    monkeypatch.chdir(tmp_path)
    before = canonical.manifest(logged.path)
    open_model("models:/sepsis/1", tracking_uri=logged.store).predict(patients(50))
    assert canonical.manifest(logged.path) == before
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_reading_through_mlflow_does_not_change_the_digest(model: Model, logged: Any, tmp_path: Path) -> None:
    import mlflow

    copy = shutil.copytree(logged.path, tmp_path / "model")
    (copy / "registered_model_meta").write_text("model_name: sepsis\nmodel_version: '1'\n")
    assert opened(copy).subject.sha256 == model.subject.sha256
    assert mlflow.store.artifact.models_artifact_repo.REGISTERED_MODEL_META_FILE_NAME == "registered_model_meta"


def test_types_that_csv_does_not_keep(model: Model, patients: Make) -> None:
    frame = patients(60, seed=3)
    expected = model.predict(frame)
    other = frame.assign(
        comorbidities=frame["comorbidities"].astype(float),
        sodium=frame["sodium"].astype(int),
        sex=frame["sex"].astype("category"),
        race=frame["race"].astype(object),
        nonsense="ignored",
    )[["nonsense", *reversed(FEATURES)]]
    np.testing.assert_allclose(model.predict(other), expected)


def test_whole_numbers_with_missing_values(model: Model, logged: Any, patients: Make) -> None:
    frame = patients(60, seed=4)
    frame["comorbidities"] = frame["comorbidities"].where(frame.index % 5 > 0)
    np.testing.assert_array_equal(model.predict(frame), logged.estimator.predict_proba(frame)[:, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="sodium"), "needs the column 'sodium'"),
        (lambda f: f.assign(sodium="high"), "takes double in the column 'sodium'"),
        (lambda f: f.assign(sex=1), "takes string in the column 'sex'"),
        (lambda f: f.assign(comorbidities=1.5), r"whole numbers \(int64\) in the column 'comorbidities'"),
        (lambda f: f.iloc[:0], "no rows"),
    ],
)
def test_tables_that_do_not_fit_are_refused(model: Model, change: Any, message: str, patients: Make) -> None:
    with pytest.raises(InputError, match=message):
        model.predict(change(patients(10)))


def test_the_event_is_the_class_that_is_declared(tmp_path: Path, patients: Make, outcome: Make, pipeline: Make) -> None:
    frame = patients(200)
    words = np.where(outcome(frame) == 1, "died", "survived")
    estimator = pipeline().fit(frame, words)
    path = saved(tmp_path / "model", estimator)
    died = estimator.predict_proba(frame)[:, 0]
    assert list(estimator.classes_) == ["died", "survived"]
    np.testing.assert_allclose(opened(path, positive="died").predict(frame), died)
    np.testing.assert_allclose(opened(path, positive="survived").predict(frame), 1 - died)
    with pytest.raises(InputError, match="no class 'dead'"):
        opened(path, positive="dead")


def test_a_model_of_arrays(tmp_path: Path, patients: Make, outcome: Make) -> None:
    import mlflow
    from sklearn.linear_model import LogisticRegression

    frame = patients(200)[["age", "comorbidities"]]
    array = frame.to_numpy(dtype=float)
    estimator = LogisticRegression().fit(array, outcome(frame))
    path = saved(tmp_path / "model", estimator, signature=mlflow.models.infer_signature(array))
    model = opened(path)
    assert model.inputs == ()
    np.testing.assert_allclose(model.predict(frame), estimator.predict_proba(array)[:, 1])
    with pytest.raises(InputError, match="array of shape"):
        model.predict(patients(10)[["age", "comorbidities", "sodium"]])


def test_three_classes_are_refused(tmp_path: Path, patients: Make, pipeline: Make) -> None:
    frame = patients(90)
    path = saved(tmp_path / "model", pipeline().fit(frame, np.arange(90) % 3))
    with pytest.raises(InputError, match="3 classes"):
        opened(path)


def test_a_classifier_without_probabilities_is_refused(tmp_path: Path, patients: Make, outcome: Make) -> None:
    from sklearn.svm import LinearSVC

    frame = patients(90)[["age", "comorbidities"]]
    path = saved(tmp_path / "model", LinearSVC().fit(frame, outcome(frame)))
    with pytest.raises(InputError, match="LinearSVC predicts labels") as e:
        opened(path)
    assert "CalibratedClassifierCV" in e.value.hint


@pytest.fixture(scope="session")
def answering(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of MLflow's generic kind that answers in the shape its table asks for."""
    import mlflow

    class Answering(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
            n, how = len(model_input), model_input["how"].iloc[0]
            risks = np.linspace(0.1, 0.9, n)
            answers: dict[str, Any] = {
                "flat": risks,
                "column": risks.reshape(-1, 1),
                "two": np.column_stack([1 - risks, risks]),
                "frame": pd.DataFrame({"alive": 1 - risks, "died": risks}),
                "series": pd.Series(risks),
                "list": risks.tolist(),
                "float32": risks.astype(np.float32),
                "labels": (risks > 0.5).astype(int),
                "float labels": (risks > 0.5).astype(float),
                "words": np.where(risks > 0.5, "died", "alive"),
                "three": np.column_stack([risks, risks, risks]),
                "not summing": np.column_stack([risks, risks]),
                "cube": risks.reshape(-1, 1, 1),
                "short": risks[1:],
                "number": 0.5,
                "missing": np.where(risks > 0.5, np.nan, risks),
                "logits": risks * 4 - 2,
            }
            return answers[how]

    path = tmp_path_factory.mktemp("answering") / "model"
    return saved(path, None, python_model=Answering(), pip_requirements=["mlflow"])


@pytest.mark.parametrize("how", ["flat", "column", "two", "frame", "series", "list", "float32"])
def test_shapes_that_are_one_risk_a_row(answering: str, how: str) -> None:
    risks = opened(answering).predict(pd.DataFrame({"how": [how] * 30}))
    assert risks.dtype == np.float64
    np.testing.assert_allclose(risks, np.linspace(0.1, 0.9, 30), rtol=1e-6)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("labels", r"predicts labels \(int64"),
        ("float labels", "all 30 answers are exactly 0 or 1"),
        ("words", "predicts labels|no numbers"),
        ("three", r"gave shape \(30, 3\); expected \(30,\), \(30, 1\), or \(30, 2\)"),
        ("not summing", "do not sum to 1"),
        ("cube", r"gave shape \(30, 1, 1\)"),
        ("short", r"gave shape \(29,\) for 30 rows"),
        ("number", "gave float for 30 rows"),
        ("missing", "scores are missing"),
        ("logits", "outside 0 to 1"),
        ("unheard of", "KeyError"),
    ],
)
def test_answers_that_are_no_risks_are_refused(answering: str, how: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as e:
        opened(answering).predict(pd.DataFrame({"how": [how] * 30}))
    assert e.value.hint


def test_a_saturated_risk_model_may_give_exact_zeros(answering: str) -> None:
    from govern.models.risk import risk

    assert risk(np.zeros(1000)).sum() == 0
    assert risk(np.array([0.0, 1.0])).tolist() == [0, 1]


def test_a_damaged_model_is_refused(copy: Path) -> None:
    file = copy / "model.pkl"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(InputError, match="cannot be followed to its end"):
        opened(copy)


def test_a_model_of_a_missing_package_is_refused(copy: Path) -> None:
    text = (copy / "MLmodel").read_text()
    (copy / "MLmodel").write_text(text.replace("loader_module: mlflow.sklearn", "loader_module: hospital_models"))
    with pytest.raises(InputError, match="'hospital_models' is missing") as e:
        opened(copy)
    assert e.value.hint == "install hospital_models"


@pytest.mark.parametrize("text", ["flavors: [", "flavors: {sklearn: {}}\n", "", "7\n"])
def test_a_damaged_description_is_refused(copy: Path, text: str) -> None:
    (copy / "MLmodel").write_text(text)
    with pytest.raises(InputError):
        opened(copy)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match=r"no file MLmodel .*notes\.txt"):
        opened(tmp_path)


@pytest.mark.parametrize(
    "uri",
    [
        "models:/sepsis/9",
        "models:/nobody/1",
        "models:/sepsis@nobody",
        "models:/sepsis/latest",
        "models:/sepsis",
        "models:/m-0123",
        "runs:/0123/risk",
        "runs:/0123",
        "runs:/{run}/nothing",
        "/nowhere",
        "file:///nowhere",
        "",
    ],
)
def test_addresses_of_nothing_are_refused(logged: Any, uri: str) -> None:
    with pytest.raises(InputError) as e:
        open_model(uri.format(run=logged.run_id), tracking_uri=logged.store)
    assert e.value.hint


def test_two_models_of_one_name_in_a_run_are_not_guessed_between(logged: Any) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=logged.store)
    experiment = client.get_run(logged.run_id).info.experiment_id
    for _ in range(2):
        client.create_logged_model(experiment, name="twice", source_run_id=logged.run_id)
    with pytest.raises(InputError, match="logged 2 models") as e:
        open_model(f"runs:/{logged.run_id}/twice", tracking_uri=logged.store)
    assert e.value.hint.count("models:/m-") == 2


def test_a_store_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no MLflow database"):
        open_model("models:/sepsis/1", tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    (tmp_path / "junk.db").write_text("junk" * 100)
    with pytest.raises(InputError, match="not a database"):
        open_model("models:/sepsis/1", tracking_uri=f"sqlite:///{tmp_path / 'junk.db'}")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE patients (id INTEGER)")
    other.close()
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(InputError, match="not MLflow's"):
        open_model("models:/sepsis/1", tracking_uri=f"govern+sqlite:///{tmp_path / 'other.db'}")
    assert (tmp_path / "other.db").read_bytes() == before
    assert not (tmp_path / "mlflow.db").exists()


def test_an_unknown_kind_of_store_is_refused() -> None:
    with pytest.raises(InputError, match=r"unsupported URI|not supported"):
        open_model("models:/sepsis/1", tracking_uri="ftp://somewhere")


def test_a_dead_server_is_a_failed_service_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    started = time.monotonic()
    with pytest.raises(ServiceError, match="did not answer") as e:
        open_model("models:/sepsis/1", tracking_uri=address)
    assert e.value.exit_code == 4
    assert time.monotonic() - started < 10


def test_code_that_comes_with_a_model_leaves_its_digest_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "bedside_scale.py").write_text("SCALE = 10\n")
    source = site / "bedside_model.py"
    source.write_text(
        "import mlflow\nimport pandas\nfrom bedside_scale import SCALE\n"
        "class Bedside(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input: pandas.DataFrame, params=None):\n"
        "        return model_input['x'] / SCALE\n"
        "mlflow.models.set_model(Bedside())\n"
    )
    with monkeypatch.context() as saving:
        saving.syspath_prepend(str(site))
        code = [source, site / "bedside_scale.py"]
        path = saved(tmp_path / "model", None, python_model=source, code_paths=code, pip_requirements=["mlflow"])
    monkeypatch.delitem(sys.modules, "bedside_scale", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    first = opened(path)
    np.testing.assert_allclose(first.predict(pd.DataFrame({"x": [1.0, 2.0]})), [0.1, 0.2])
    assert not list(Path(path).rglob("*.pyc"))
    assert opened(path).subject.sha256 == first.subject.sha256


def test_a_model_among_the_files_of_a_run(logged: Any, model: Model) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=logged.store)
    client.log_artifacts(logged.run_id, str(logged.path), "old/risk")
    found = open_model(f"runs:/{logged.run_id}/old/risk", tracking_uri=logged.store)
    assert (found.subject.name, found.subject.sha256) == ("risk", model.subject.sha256)
