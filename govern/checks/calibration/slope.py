"""Whether risks are too extreme or too moderate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from govern.checks.calibration._evidence import points
from govern.checks.calibration._recalibration import coefficient

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


def slope(scores: Scores) -> Measurement:
    """Calibration slope.

    Why: 1 means that risks are as spread out as they should be. Below 1 high risks are too high and low
        risks too low (overfitting: the usual way in which a model disappoints in a new place); above 1
        they are too timid.

    How: The coefficient b of logit P(event) = a + b logit(score), by maximum likelihood with a joint
        intercept a (in `details` as `intercept`; it is not calibration-in-the-large). 95 % Wald
        interval from the inverse information, or from the sandwich over patients where a patient has
        several rows. `details` holds ten equal-mass bins for the calibration plot. Support is the
        smaller of events and non-events, counted in patients where they repeat.

    Limits: Scores of exactly 0 or 1 have no logit: there is then no slope and no verdict, and the message
        says how many they are. A slope of 1 does not show that risks are right on average, nor that
        they are right in the middle: read it with calibration-in-the-large and the plot. There is none
        where one cut of the score separates the classes, or where all scores are equal.

    Fix: Recalibrate the model on data that is not the test set (logistic, or with more data isotonic), as
        a part of the model that is registered. Where scores are exactly 0 or 1 let the model itself
        give risks that can be stood by.

    See: Cox 1958; Van Calster et al., BMC Medicine 2019;17:230; docs/statistics.md.
    """
    found = coefficient(scores, "slope")
    return replace(found, details={**found.details, "bins": points(scores)})
