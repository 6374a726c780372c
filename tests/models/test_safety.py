from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from govern.errors import InputError
from govern.models.model import open_model
from govern.models.safety import dangerous, scan


class Call:
    """Pickles as the call of a function, which unpickling makes."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as e:
        scan(folder, {})
    return e.value.message


def system(protocol: int) -> bytes:
    import os

    return pickle.dumps({"weights": [1, 2], "x": Call(os.system, "true")}, protocol=protocol)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_call_of_the_system_is_found_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "model.pkl").write_bytes(system(protocol))
    assert "posix.system" in refused(tmp_path)


@pytest.mark.parametrize("name", ["model.pkl", "notes.txt", "data/weights.bin", "MLmodel"])
def test_the_name_of_the_file_does_not_matter(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(system(4))
    assert name in refused(tmp_path)


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", content)
    return stream.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress, zipped])
def test_packing_does_not_hide_it(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "model.bin").write_bytes(pack(system(4)))
    assert "posix.system" in refused(tmp_path)


def test_a_second_pickle_in_the_file_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([1, 2]) + system(4))
    assert "posix.system" in refused(tmp_path)


def test_damage_behind_the_call_does_not_hide_it(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR\xff\xff not a pickle any more")
    assert "os.system" in refused(tmp_path)


def test_a_pickle_that_cannot_be_followed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": 1})[:-2])
    assert "cannot be followed" in refused(tmp_path)


def test_a_name_made_up_while_loading_is_refused(tmp_path: Path) -> None:
    # Module and name come from a tuple instead of standing in the pickle.
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04\x8c\x05posix\x940\x8c\x06system\x940h\x00N0h\x01\x93.")
    with pytest.raises(InputError):
        scan(tmp_path, {})


def test_joblib_with_arrays(tmp_path: Path) -> None:
    import os

    import joblib

    weights = np.random.default_rng(1).random((50, 50))
    joblib.dump({"weights": weights, "more": [1]}, tmp_path / "model.joblib")
    scan(tmp_path, {})
    joblib.dump({"weights": weights, "x": Call(os.system, "true")}, tmp_path / "model.joblib")
    assert "posix.system" in refused(tmp_path)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "getattr"),
        ("__builtin__", "__import__"),
        ("socket", "socket"),
        ("runpy", "run_path"),
        ("importlib", "import_module"),
        ("pickle", "loads"),
        ("operator", "attrgetter"),
        ("numpy.testing._private.utils", "runstring"),
        ("numpy.f2py.crackfortran", "myeval"),
        ("sklearn.datasets._base", "os.system"),
        ("sklearn.base", "BaseEstimator.__init__.__globals__"),
        ("asyncio.subprocess", "create_subprocess_shell"),
    ],
)
def test_dangerous(module: str, name: str) -> None:
    assert dangerous(module, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.linear_model._logistic", "LogisticRegression"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("builtins", "set"),
        ("builtins", "slice"),
        ("collections", "OrderedDict"),
        ("cloudpickle.cloudpickle", "_make_function"),
        ("operator", "itemgetter"),
        ("functools", "partial"),
        ("xgboost.core", "Booster"),
        ("hospital.code.model", "Risk"),
        ("re", "_compile"),
    ],
)
def test_ordinary(module: str, name: str) -> None:
    assert not dangerous(module, name)


def test_ordinary_models_pass(tmp_path: Path) -> None:
    import cloudpickle
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    rng = np.random.default_rng(1)
    table, label = rng.random((60, 3)), rng.integers(0, 2, 60)
    models = {
        "boosting": HistGradientBoostingClassifier(max_iter=3, early_stopping=True),
        "forest": CalibratedClassifierCV(RandomForestClassifier(3), cv=2, method="isotonic"),
        "steps": make_pipeline(
            FunctionTransformer(np.log1p), FunctionTransformer(lambda x: x + 1), RandomForestClassifier(2)
        ),
    }
    for name, model in models.items():
        (tmp_path / f"{name}.pkl").write_bytes(cloudpickle.dumps(model.fit(table, label)))
    scan(tmp_path, {})


def test_a_setting_that_leads_outside_is_refused(copy: Path) -> None:
    (copy.parent / "other.pkl").write_bytes((copy / "model.pkl").read_bytes())
    text = (copy / "MLmodel").read_text()
    (copy / "MLmodel").write_text(text.replace("model.pkl", "../other.pkl"))
    with pytest.raises(InputError, match="leads out of the model"):
        open_model(str(copy), tracking_uri="sqlite:///unused.db")


def test_a_type_that_the_model_itself_trusts_is_judged(tmp_path: Path) -> None:
    scan(tmp_path, {"sklearn": {"skops_trusted_types": ["numpy.dtype"], "code": None}})
    with pytest.raises(InputError, match=r"os\.system"):
        scan(tmp_path, {"sklearn": {"skops_trusted_types": ["numpy.dtype", "os.system"]}})


def test_nothing_runs_before_the_refusal(copy: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    (copy / "model.pkl").write_bytes(pickle.dumps(Call(eval, f"open({str(witness)!r}, 'w').close()")))
    with pytest.raises(InputError, match=r"model\.pkl.*builtins\.eval"):
        open_model(str(copy), tracking_uri="sqlite:///unused.db")
    assert not witness.exists()
    with (copy / "model.pkl").open("rb") as stream:
        pickle.load(stream)  # noqa: S301 - the attack is real
    assert witness.exists()
