"""Units that are taken for one another, by the name of what is measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """``value * factor + offset`` turns the first unit into the second; ``name`` says which."""

    name: str
    factor: float
    offset: float = 0.0

    def there(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the first unit in the second."""
        return values * self.factor + self.offset

    def back(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the second unit in the first."""
        return (values - self.offset) / self.factor


#: Words in a column's name -> its two common units: conventional and SI (AMA Manual of Style, 11th ed., table 17.5;
#: Young DS, Ann Intern Med 1987;106:114), or metric and imperial.
_KNOWN: dict[str, Conversion] = {
    "creatinine|crea|scr": Conversion(name="mg/dL as umol/L", factor=88.4),
    "glucose|glu": Conversion(name="mmol/L as mg/dL", factor=18.016),
    "bilirubin|bili": Conversion(name="mg/dL as umol/L", factor=17.104),
    "bun|urea": Conversion(name="mmol/L as mg/dL", factor=2.801),
    "albumin|alb": Conversion(name="g/dL as g/L", factor=10.0),
    "hemoglobin|haemoglobin|hgb|hb": Conversion(name="g/dL as g/L", factor=10.0),
    "calcium|ca": Conversion(name="mmol/L as mg/dL", factor=4.008),
    "lactate": Conversion(name="mmol/L as mg/dL", factor=9.009),
    "cholesterol|ldl|hdl": Conversion(name="mmol/L as mg/dL", factor=38.67),
    "triglycerides": Conversion(name="mmol/L as mg/dL", factor=88.57),
    "pao2|paco2|pco2|po2|pafi": Conversion(name="kPa as mmHg", factor=7.501),
    "temperature|temp": Conversion(name="Celsius as Fahrenheit", factor=1.8, offset=32.0),
    "weight": Conversion(name="kg as lb", factor=2.2046),
    "height": Conversion(name="in as cm", factor=2.54),
    "age": Conversion(name="years as months", factor=12.0),
}


def confusions(
    column: str, factor: float
) -> Iterator[tuple[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]]:
    """Yield the two mistakes that a column's name suggests, or a slip of ``factor``, each with its name.

    Which unit the column has is not known, so both directions are given. Words are parted by anything but letters
    and digits: ``serum_creatinine`` is creatinine, ``carbonate`` is not calcium.
    """
    words = set(re.split(r"[^a-z0-9]+", column.lower()))
    known = (conversion for names, conversion in _KNOWN.items() if words & set(names.split("|")))
    conversion = next(known, Conversion(name=f"factor {factor:g}", factor=factor))
    yield conversion.name, conversion.there
    yield f"{conversion.name}, reversed", conversion.back
