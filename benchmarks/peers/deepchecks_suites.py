"""Deepchecks' suites: train-test validation of the features, and evaluation of the recorded probabilities."""

import sys
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
from deepchecks.tabular import Dataset
from deepchecks.tabular.suites import model_evaluation, train_test_validation

from _job import FEATURES, LABEL, SCORE, WORDS, job

test, reference = (pd.read_parquet(path, columns=[*FEATURES, LABEL, SCORE]) for path in sys.argv[1:3])
then, now = (Dataset(f[[*FEATURES, LABEL]], label=LABEL, cat_features=WORDS) for f in (reference, test))


def probabilities(frame):
    return np.column_stack([1 - frame[SCORE], frame[SCORE]])


def run():
    given = {
        "y_proba_train": probabilities(reference),
        "y_proba_test": probabilities(test),
        "y_pred_train": (reference[SCORE] >= 0.5).astype(int).to_numpy(),
        "y_pred_test": (test[SCORE] >= 0.5).astype(int).to_numpy(),
        "model_classes": [0, 1],
    }
    suites = [s.run(then, now, **given) for s in (train_test_validation(), model_evaluation())]
    return [len(s.results) for s in suites]


job(run)
