"""Which globals a stored model may name: what unpickling calls, told from what no risk model needs.

The modules that reach the system, the network, the interpreter or another pickle are those of fickling
(github.com/trailofbits/fickling), which its authors keep up to date, and some more. Of a few of them models need
something, and fickling takes it for an attack: those names are listed here.
"""

# ruff: noqa: SIM905 - long lists of words read best as text

from __future__ import annotations

import _compat_pickle
import builtins
from collections.abc import Mapping
from functools import cache

#: Beside fickling's. After the warnings in the standard library's documentation, and picklescan
#: (github.com/mmaitre314/picklescan).
_MORE = frozenset(
    "_socket _ssl _winapi antigravity cffi concurrent dbm fcntl fickling getpass IPython modelscan msvcrt paramiko "
    "picklescan pkg_resources popen2 pytest resource rlcompleter sched setuptools turtle urllib3 wsgiref".split()
)
#: Of modules that are refused, the names that ordinary models hold.
_NEEDED: Mapping[str, frozenset[str]] = {
    "functools": frozenset({"partial", "lru_cache", "cached_property", "partialmethod"}),
    "operator": frozenset("itemgetter add sub mul truediv floordiv neg pos eq ne lt le gt ge and_ or_ not_".split()),
    "types": frozenset("SimpleNamespace MappingProxyType CodeType FunctionType CellType GenericAlias NoneType".split()),
    "joblib": frozenset({"NumpyArrayWrapper", "ZNDArrayWrapper", "NDArrayWrapper"}),
    "cloudpickle": frozenset(
        "_make_function _make_skeleton_class _make_skeleton_enum _make_empty_cell _make_cell _make_typevar "
        "_make_dict_keys _make_dict_values _make_dict_items _builtin_type _function_setstate _class_setstate "
        "_fill_function _rehydrate_skeleton_class _make_skel_func _empty_cell_value subimport dynamic_subimport "
        "_get_cell_contents _lookup_class_or_track instance CloudPickler".split()
    ),
    "logging": frozenset({"getLogger", "Logger"}),
    "uuid": frozenset({"UUID", "SafeUUID"}),
    "inspect": frozenset({"Parameter", "Signature", "_ParameterKind"}),
}
_ALIKE = {"_operator": "operator", "_functools": "functools"}
#: Names that run text, load something else or reach the interpreter, whatever module holds them.
_NAMES = frozenset(
    "eval exec execfile system popen spawn runstring attrgetter methodcaller __builtins__ __globals__ __import__ "
    "__subclasses__ __getattribute__ __code__ __mro__ __bases__ __dict__ __reduce__ load loads read_pickle load_model "
    "load_module import_module load_from_checkpoint fromfile run_path run_module getattr setattr".split()
)
#: Functions of Python itself that can do no harm; its classes can do none either.
_CLASSES = frozenset(n for n in dir(builtins) if isinstance(getattr(builtins, n), type)) | frozenset(
    {"unicode", "long", "xrange", "basestring"}
)
_ODD_CLASSES = frozenset({"memoryview", "super", "property", "classmethod", "staticmethod"})


def dangerous(module: str, name: str) -> bool:
    """Whether a pickle that names this global should not be loaded; ``name`` may be dotted.

    Names of Python 2 are judged as what Python 3 loads in their place.
    """
    module, name = _python3(module, name)
    top, _, below = module.partition(".")
    top, names = _ALIKE.get(top, top), name.split(".")
    if top in ("builtins", "__builtin__", "__builtins__"):
        return bool(below) or len(names) > 1 or not _harmless(name)
    if any(n in _NAMES for n in names) or not set(names).isdisjoint(_refused()):
        return True
    if module.startswith(("numpy.f2py", "numpy.distutils", "numpy.testing", "torch.hub", "torch._dynamo")):
        return True
    return top in _refused() and (len(names) > 1 or name not in _NEEDED.get(top, frozenset()))


def _python3(module: str, name: str) -> tuple[str, str]:
    module, name = _compat_pickle.NAME_MAPPING.get((module, name), (module, name))
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


def _harmless(name: str) -> bool:
    from fickling.fickle import SAFE_BUILTINS  # type: ignore[import-untyped,unused-ignore]

    return name in SAFE_BUILTINS or name in _CLASSES - _ODD_CLASSES


@cache
def _refused() -> frozenset[str]:
    from fickling.fickle import UNSAFE_IMPORTS

    return frozenset(UNSAFE_IMPORTS) - {"builtins", "__builtin__"} | _MORE
