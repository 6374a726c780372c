"""scikit-learn's AUROC and Brier score on bootstrap resamples of rows, the way it is usually written."""

import sys

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score

from _job import LABEL, SCORE, job

frame = pd.read_parquet(sys.argv[1], columns=[LABEL, SCORE])
label, score = frame[LABEL].to_numpy(), frame[SCORE].to_numpy()
times = int(sys.argv[3])
rng = np.random.default_rng(0)


def run():
    found = []
    for _ in range(times):
        rows = rng.integers(0, len(label), len(label))
        found.append((roc_auc_score(label[rows], score[rows]), brier_score_loss(label[rows], score[rows])))
    return np.quantile(found, [0.025, 0.975], axis=0).tolist()


job(run, share=times / 1000)
