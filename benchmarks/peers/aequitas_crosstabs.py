"""Aequitas' crosstabs of groups and their disparities, without intervals."""

import sys
import warnings

import pandas as pd
from aequitas.bias import Bias
from aequitas.group import Group

from _job import ATTRIBUTES, LABEL, SCORE, THRESHOLD, job

warnings.simplefilter("ignore")
frame = pd.read_parquet(sys.argv[1], columns=[LABEL, SCORE, *ATTRIBUTES])
table = frame.rename(columns={LABEL: "label_value"})
table["score"] = (table.pop(SCORE) >= THRESHOLD).astype(int)


def run():
    found, _ = Group().get_crosstabs(table, attr_cols=ATTRIBUTES)
    return Bias().get_disparity_major_group(found, original_df=table, check_significance=False).shape


job(run)
