"""Stored models to look through: honest ones, and attacks that were told of or that follow from the format."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any


class Call:
    """Pickles as the call of a function, which unpickling makes."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def named(module: str, name: str, *texts: str) -> bytes:
    """Return a pickle (protocol 0) that calls something by name, with texts; what is named need not be installed."""
    return f"c{module}\n{name}\n(".encode() + b"".join(f"S'{t}'\n".encode() for t in texts) + b"tR."


def stacked(module: str, name: str) -> bytes:
    """Return the same in protocol 4, where module and name may have dots."""
    texts = b"".join(b"\x8c" + bytes([len(t)]) + t.encode() + b"\x94" for t in (module, name))
    return b"\x80\x04" + texts + b"\x93)R."


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def tarred(content: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo("weights")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def array_file(value: Any) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=True)
    return stream.getvalue()


def dumped(value: Any, **options: Any) -> bytes:
    import joblib

    stream = io.BytesIO()
    joblib.dump(value, stream, **options)
    return stream.getvalue()


def skops_file(value: Any) -> bytes:
    import skops.io

    return skops.io.dumps(value)


def safetensors_file() -> bytes:
    head = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return len(head).to_bytes(8, "little") + head + b"\x00" * 8


def honest() -> dict[str, bytes]:
    """Return models that must not be refused."""
    import collections
    import datetime
    import decimal
    import functools
    import logging
    import re
    import uuid

    import cloudpickle
    import numpy as np
    import pandas as pd
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    rng = np.random.default_rng(1)
    table, label = rng.random((60, 3)), rng.integers(0, 2, 60)
    logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, label)
    forest = RandomForestClassifier(3, random_state=1).fit(table, label)
    lambdas = make_pipeline(FunctionTransformer(lambda x: x + 1), LogisticRegression()).fit(table, label)

    class Boosted:
        """Holds its trees as bytes, as XGBoost and LightGBM do, and is pickled by value."""

        def __init__(self) -> None:
            self.handle = bytearray(rng.bytes(5000))
            self.logger = logging.getLogger("boosted")

    facts = {
        "when": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        "dose": decimal.Decimal("0.5"),
        "word": re.compile("a+"),
        "id": uuid.UUID(int=7),
        "order": collections.OrderedDict(a=1),
        "log": functools.partial(np.log1p),
        "kind": (int, dict, ValueError, np.float64, np.dtype("f8")),
        "range": (range(3), slice(1), frozenset({1}), complex(1)),
        "generator": rng,
    }
    return {
        **{f"logistic regression, protocol {p}": pickle.dumps(logistic, p) for p in range(6)},
        "random forest": cloudpickle.dumps(forest),
        "gradient boosting": pickle.dumps(GradientBoostingClassifier(n_estimators=3).fit(table, label)),
        "histogram boosting": pickle.dumps(HistGradientBoostingClassifier(max_iter=3).fit(table, label)),
        "calibrated": pickle.dumps(CalibratedClassifierCV(forest, cv=2).fit(table, label)),
        "isotonic": pickle.dumps(IsotonicRegression().fit(table[:, 0], label)),
        "with a lambda (cloudpickle)": cloudpickle.dumps(lambdas),
        "class by value (cloudpickle)": cloudpickle.dumps(Boosted()),
        "joblib": dumped(forest),
        **{f"joblib, {kind}": dumped(forest, compress=(kind, 3)) for kind in ("zlib", "gzip", "bz2", "lzma", "xz")},
        "many facts": cloudpickle.dumps(facts),
        "table": pickle.dumps(pd.DataFrame({"a": [1, 2], "b": ["x", None]})),
        "array of objects": array_file(np.array([{"a": 1}, None], dtype=object)),
        "array of numbers": array_file(rng.random((200, 20))),
        "packed pickle in a ZIP": zipped("data.pkl", pickle.dumps(logistic)),
        "skops": skops_file(logistic),
        "safetensors": safetensors_file(),
        "random bytes": rng.bytes(200_000),
        "text": b"(c) Hospital\n.N.\n" * 50,
        "JSON": json.dumps({"weights": list(range(500))}).encode(),
    }


def attacks() -> dict[str, bytes]:
    """Return what must be refused before it is loaded."""
    import os
    import subprocess

    import cloudpickle
    import numpy as np

    system = pickle.dumps({"weights": [1, 2], "x": Call(os.system, "true")}, protocol=4)
    run_at_load = cloudpickle.dumps(Call(lambda: 1))
    skops = json.dumps({"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": "x"})
    arrays = {"weights": np.arange(2500.0).reshape(50, 50), "x": Call(os.system, "true")}
    by_name = {
        "eval": ("builtins", "eval"),
        "exec, as in Python 2": ("__builtin__", "execfile"),
        "compile": ("builtins", "compile"),
        "import": ("builtins", "__import__"),
        "open": ("builtins", "open"),
        "getattr": ("builtins", "getattr"),
        "breakpoint": ("builtins", "breakpoint"),
        "attrgetter": ("operator", "attrgetter"),
        "methodcaller": ("_operator", "methodcaller"),
        "functools.reduce": ("functools", "reduce"),
        "functools.singledispatch": ("functools", "singledispatch"),
        "importlib": ("importlib", "import_module"),
        "runpy": ("runpy", "run_path"),
        "pty": ("pty", "spawn"),
        "socket": ("_socket", "socket"),
        "urllib": ("urllib.request", "urlopen"),
        "urllib2, as in Python 2": ("urllib2", "urlopen"),
        "webbrowser": ("webbrowser", "open"),
        "ctypes": ("ctypes", "CDLL"),
        "code": ("code", "InteractiveInterpreter"),
        "nested pickle": ("pickle", "loads"),
        "nested pickle, as in Python 2": ("cPickle", "loads"),
        "nested joblib": ("joblib", "load"),
        "nested joblib, inner name": ("joblib.numpy_pickle", "load"),
        "nested NumPy": ("numpy", "load"),
        "nested pandas": ("pandas.io.pickle", "read_pickle"),
        "nested torch": ("torch.serialization", "load"),
        "nested cloudpickle": ("cloudpickle", "loads"),
        "dill": ("dill._dill", "_create_function"),
        "another model": ("mlflow.pyfunc", "load_model"),
        "marshal": ("marshal", "loads"),
        "timeit": ("timeit", "timeit"),
        "cProfile": ("cProfile", "run"),
        "pdb": ("pdb", "run"),
        "doctest": ("doctest", "debug_script"),
        "pydoc": ("pydoc", "pipepager"),
        "shutil": ("shutil", "rmtree"),
        "logging's files": ("logging", "FileHandler"),
        "logging's configuration": ("logging.config", "fileConfig"),
        "sqlite3": ("sqlite3", "connect"),
        "process pool": ("concurrent.futures", "ProcessPoolExecutor"),
        "multiprocessing": ("multiprocessing.util", "spawnv_passfds"),
        "asyncio": ("asyncio.subprocess", "create_subprocess_shell"),
        "sys": ("sys", "setprofile"),
        "thread": ("_thread", "start_new_thread"),
        "atexit": ("atexit", "register"),
        "scanner": ("fickling.hook", "remove_hook"),
        "runstring": ("numpy.testing._private.utils", "runstring"),
        "f2py": ("numpy.f2py.crackfortran", "myeval"),
        "pip": ("pip", "main"),
        "setuptools": ("setuptools.sandbox", "run_setup"),
        "IPython": ("IPython.utils.process", "system"),
    }
    by_dots = {
        "module through another": ("sklearn.datasets._base", "os.system"),
        "globals of a method": ("sklearn.base", "BaseEstimator.__init__.__globals__"),
        "subclasses": ("builtins", "object.__subclasses__"),
        "a class's dictionary": ("collections", "OrderedDict.__dict__"),
        "methods of a builtin": ("builtins", "str.format_map"),
    }
    return {
        **{f"os.system, protocol {p}": pickle.dumps(Call(os.system, "true"), p) for p in range(6)},
        "subprocess": pickle.dumps(Call(subprocess.Popen, ["true"])),
        "check_output": pickle.dumps([Call(subprocess.check_output, "true")]),
        **{name: named(*what, "x") for name, what in by_name.items()},
        **{name: stacked(*what) for name, what in by_dots.items()},
        "opcode INST": b"(S'true'\nios\nsystem\n.",
        "opcode OBJ": b"(cos\nsystem\nS'true'\no.",
        "names in memory": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93\x8c\x04true\x85R.",
        "names out of a list": b"\x80\x04]\x94(\x8c\x02os\x8c\x06systeme\x8c\x01x\x93.",
        "names made up, no header": b"\x8c\x05posix\x940N\x8c\x06system\x93.",
        "function by value, called": run_at_load,
        "second pickle": pickle.dumps([1, 2]) + system,
        "damage after the call": named("os", "system", "true")[:-1] + b"\xff\xff",
        "cut off": system[:-1],
        **{
            name: pack(system)
            for name, pack in {
                "gzip": gzip.compress,
                "bz2": bz2.compress,
                "xz": lzma.compress,
                "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
                "zlib": zlib.compress,
                "tar": tarred,
                "array of objects": lambda data: array_file(np.array([Call(os.system, "true")], dtype=object)),
                "gzip, cut off": lambda data: gzip.compress(data * 3)[:-12],
                "gzip, two members": lambda data: gzip.compress(b"") + gzip.compress(data),
                "tar in gzip": lambda data: gzip.compress(tarred(data)),
                "ZIP": lambda data: zipped("data.pkl", data),
                "ZIP, other name": lambda data: zipped("weights.txt", data),
                "ZIP in ZIP": lambda data: zipped("a.zip", zipped("b", data)),
                "ZIP with a wrong checksum": lambda data: zipped("data.pkl", data).replace(
                    zlib.crc32(data).to_bytes(4, "little"), b"\0\0\0\0"
                ),
                "ZIP behind a pickle": lambda data: pickle.dumps(1) + zipped("data.pkl", data),
            }.items()
        },
        "joblib": dumped(arrays),
        "joblib, zlib": dumped(arrays, compress=3),
        "skops type": zipped("schema.json", skops.encode()),
    }
