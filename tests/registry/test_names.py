"""Which names look alike, and which are merely different."""

from __future__ import annotations

import pytest

from govern.registry import names


@pytest.mark.parametrize(
    "twin",
    ["Sepsis", "sepsis ", "sep sis", "sepsis\u200b", "\u0455epsis", "s\u0435psi\u0455", "\uff53epsis", "sepsis\ufe0f",
     "SEP\u00adSIS", "seps\u0131s", "sepsis\u3164"],
)  # fmt: skip
def test_twins(twin: str) -> None:
    assert names.twins("sepsis", [twin, "sepsis", "other"]) == [twin]


@pytest.mark.parametrize(
    "name", ["sepsis-2", "s\u00e9psis", "sepsi", "sepsis_v1", "\u0441\u0435\u043f\u0441\u0438\u0441"]
)
def test_names_of_their_own(name: str) -> None:
    assert names.twins("sepsis", [name]) == []
    assert names.is_plain(name)


@pytest.mark.parametrize("name", [" a", "a ", "a\u200bb", "a\u00a0b", "a\tb", "a\u202eb", "a\u2800", "a\ufe0f"])
def test_what_nobody_sees(name: str) -> None:
    assert not names.is_plain(name)
