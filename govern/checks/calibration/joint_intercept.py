"""By how much risks are shifted once their spread is put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.calibration._recalibration import coefficient

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


def joint_intercept(scores: Scores) -> Measurement:
    """Calibration intercept, estimated jointly with the slope.

    Why: 0, together with a slope of 1, means that no logistic recalibration would improve the risks. It is the
        intercept that many papers and `rms::val.prob` report, so that results can be set side by side.

    How: The coefficient a of logit P(event) = a + b logit(score), by maximum likelihood with the slope b
        free (in `details`); in log odds: what has to be added to a risk of one half. Not
        calibration-in-the-large, which holds b at 1. 95 % Wald interval from the inverse information, or
        from the sandwich over patients where a patient has several rows. Support is the smaller of events
        and non-events, counted in patients where they repeat.

    Limits: Its meaning hangs on the slope: with a slope other than 1 it is the shift at a risk of one half, and may
        be far from 0 although risks are right on average (or near 0 although they are not). A policy
        should judge calibration-in-the-large, and this one beside the slope only. Scores of exactly 0 or 1
        have no logit: there is then no verdict; nor where no slope exists.

    Fix: Recalibrate as the calibration slope says: the two coefficients, fitted on data that is not the test
        set, are that recalibration.

    See: Cox 1958; Van Calster et al., J Clin Epidemiol 2016;74:167; docs/statistics.md.
    """
    return coefficient(scores, "intercept")
