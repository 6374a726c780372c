"""The demonstration: the whole story on real patients, offline."""

from __future__ import annotations

from govern.demo.story import run

__all__ = ["run"]
