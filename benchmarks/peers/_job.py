"""What every peer's script shares: names of columns, and how a job is timed. Standard library only."""

import json
import time

NUMBERS = [f"f{i:02}" for i in range(40)]
WORDS = [f"c{i:02}" for i in range(10)]
FEATURES = NUMBERS + WORDS
ATTRIBUTES = ["sex", "age_band", "race", "site"]
LABEL, SCORE, THRESHOLD = "y_true", "y_score", 0.1


def job(run, *, share=1.0):
    """Run, and print how long it took; ``share`` says which part of the whole job that was."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**{k: v / share for k, v in seconds.items()}, "share": share, "result": str(result)}))
