"""Train a candidate on ``data/train.csv``, log it to MLflow and write its address to ``model.uri``.

Candidate ``a`` is what a hurried project makes: boosted trees without restraint, given every column that
raises the AUROC, among them the risk of another model. Candidate ``b`` is the mended one: the patient's
own measurements, smooth effects, and as much shrinkage as cross-validation within the training patients
asked for (a penalty of C = 0.01 gave the lowest log loss of 0.01 to 1, with a calibration slope of 1.0).
Neither sees the reference or the test patients. Usage: python train.py --candidate a|b
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
LABEL = "died_180d"
NUMBERS = [
    "age", "comorbidities", "meanbp", "heart_rate", "resp_rate", "temp_c", "creatinine",
    "sodium", "albumin", "wbc", "bilirubin", "pafi", "coma_score",
]  # fmt: skip
WORDS = ["disease_group"]
#: The published SUPPORT model's risk: see DATASHEET.md for why it must not be an input.
LEAK = "model_risk_180d"
#: Zero in most patients, so that splines would have no place for their knots.
STRAIGHT = ["comorbidities", "coma_score"]
SEED = 1995
#: What the skops format asks leave for, beyond the types that it knows to be harmless: arrays, curves and trees.
TRUSTED = {
    "a": ["numpy.dtype", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"],
    "b": [
        "numpy.dtype",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines.BSpline",
    ],
}


def features(candidate: str) -> list[str]:
    """Return the input columns of a candidate, in the order of its signature."""
    return [*NUMBERS, *WORDS, *([LEAK] if candidate == "a" else [])]


def model(candidate: str) -> Any:
    """Return the unfitted scikit-learn pipeline of a candidate."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

    groups = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    if candidate == "a":
        return make_pipeline(
            ColumnTransformer([("words", groups, WORDS)], remainder="passthrough"),
            HistGradientBoostingClassifier(
                max_iter=150, learning_rate=0.1, max_leaf_nodes=15, early_stopping=False, random_state=SEED
            ),
        )
    smooth = make_pipeline(
        SimpleImputer(strategy="median"), SplineTransformer(n_knots=4, knots="quantile", extrapolation="linear")
    )
    columns = [
        ("smooth", smooth, [n for n in NUMBERS if n not in STRAIGHT]),
        ("straight", SimpleImputer(strategy="median"), STRAIGHT),
        ("words", groups, WORDS),
    ]
    return make_pipeline(ColumnTransformer(columns), StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))


def inputs(table: pd.DataFrame, candidate: str) -> pd.DataFrame:
    """Return the input columns, all numbers as float64: a laboratory value may be missing anywhere."""
    frame = table[features(candidate)].copy()
    numbers = [n for n in frame.columns if n not in WORDS]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def train(candidate: str, folder: Path) -> str:
    """Fit a candidate, log it with its figures on a held-out quarter and return the model's MLflow address."""
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.metrics import brier_score_loss, roc_auc_score
    from sklearn.model_selection import train_test_split

    table = pd.read_csv(folder / "data" / "train.csv")
    X, y = inputs(table, candidate), table[LABEL]
    X_fit, X_held, y_fit, y_held = train_test_split(X, y, test_size=0.25, stratify=y, random_state=SEED)
    risk = model(candidate).fit(X_fit, y_fit).predict_proba(X_held)[:, 1]
    fitted = model(candidate).fit(X, y)
    example = X.dropna().head()
    mlflow.set_tracking_uri(f"sqlite:///{(folder / 'mlflow.db').resolve().as_posix()}")
    with mlflow.start_run(run_name=f"candidate-{candidate}"):
        known = X.assign(**{LABEL: y.astype("float64")})
        mlflow.log_input(mlflow.data.from_pandas(known, targets=LABEL, name="support2-train"), context="training")
        mlflow.log_params({"candidate": candidate, "seed": SEED, "features": len(X.columns), "rows": len(X)})
        mlflow.log_params({"model": type(fitted[-1]).__name__})
        mlflow.log_metrics({"held_out_auroc": roc_auc_score(y_held, risk)})
        mlflow.log_metrics({"held_out_brier": brier_score_loss(y_held, risk)})
        logged = mlflow.sklearn.log_model(
            fitted,
            name=f"candidate-{candidate}",
            signature=infer_signature(example, fitted.predict_proba(example)),
            input_example=example,
            pyfunc_predict_fn="predict_proba",
            pip_requirements=_requirements(),
            skops_trusted_types=TRUSTED[candidate],
        )
    uri: str = logged.model_uri
    return uri


def _requirements() -> list[str]:
    """Return the packages that the model needs, as they are here; MLflow would find them by running it."""
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in ("mlflow", "scikit-learn", "skops", "pandas", "numpy")]


def main() -> None:
    """Train the candidate that the command line names."""
    parser = argparse.ArgumentParser(description="Train a candidate and log it to MLflow.")
    parser.add_argument("--candidate", choices=["a", "b"], required=True)
    candidate = parser.parse_args().candidate
    if not (HERE / "mlflow.db").is_file():
        raise SystemExit("no mlflow.db here: run `govern init` first")
    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)  # it warns where there is no pip
    uri = train(candidate, HERE)
    (HERE / "model.uri").write_text(f"{uri}\n", encoding="utf-8")
    print(f"candidate {candidate}: {uri}")


if __name__ == "__main__":
    main()
