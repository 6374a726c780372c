"""Evidently's drift preset over all features."""

import sys

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from _job import FEATURES, NUMBERS, WORDS, job

test, reference = (pd.read_parquet(path, columns=FEATURES) for path in sys.argv[1:3])
definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=WORDS)


def run():
    current, before = (Dataset.from_pandas(frame, data_definition=definition) for frame in (test, reference))
    return len(Report([DataDriftPreset()]).run(current, before).dict()["metrics"])


job(run)
