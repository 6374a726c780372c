"""Fairlearn's MetricFrame on rows: five metrics by each of four attributes; with a number, bootstrapped so often."""

import sys
import warnings

import pandas as pd
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate
from sklearn.metrics import accuracy_score, precision_score

from _job import ATTRIBUTES, LABEL, SCORE, THRESHOLD, job

warnings.simplefilter("ignore")
frame = pd.read_parquet(sys.argv[1], columns=[LABEL, SCORE, *ATTRIBUTES])
times = int(sys.argv[3]) if len(sys.argv) > 3 else 0
flag = (frame[SCORE] >= THRESHOLD).astype(int)
metrics = {
    "accuracy": accuracy_score,
    "precision": precision_score,
    "selection_rate": selection_rate,
    "fpr": false_positive_rate,
    "fnr": false_negative_rate,
}
bootstrap = {"n_boot": times, "ci_quantiles": [0.025, 0.975], "random_state": 0} if times else {}


def run():
    for name in ATTRIBUTES:
        groups = MetricFrame(
            metrics=metrics, y_true=frame[LABEL], y_pred=flag, sensitive_features=frame[name], **bootstrap
        )
        groups.by_group_ci if times else groups.by_group
    return len(groups.by_group)


job(run, share=times / 1000 if times else 1.0)
