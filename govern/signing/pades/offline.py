"""pyHanko without its HTTP client: whatever is verified here is verified offline."""

from __future__ import annotations

import contextlib
import importlib
import sys
from types import ModuleType
from typing import Any


class _Absent(ModuleType):
    """Stands for a module of which only annotations are made."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def load() -> None:
    """Import pyHanko's validation without aiohttp, which its time-stamp client imports and which is not used here.

    That client cannot be used in this process any more: this is for a process that verifies and ends. Where aiohttp
    is loaded already, or a later pyHanko needs more of it, pyHanko is imported as it is.
    """
    if "aiohttp" in sys.modules:
        return
    sys.modules["aiohttp"] = _Absent("aiohttp")
    with contextlib.suppress(ImportError):
        importlib.import_module("pyhanko.sign.validation")
    del sys.modules["aiohttp"]
