"""govern: prove that a healthcare model is safe to use, and keep the proof.

The public Python API is loaded on first use (PEP 562), so that importing ``govern`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "load_policy": "govern.policy",
    "evaluate": "govern.evaluate",
    "decide": "govern.gate",
    "verify": "govern.verify",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'govern' has no attribute {name!r}")
