"""Compares test scores on scikit-learn's bundled tables: `chainrule fit` with default settings,
scikit-learn's MLP and scikit-learn's linear model, the latter two with a StandardScaler.

    python tables.py CHAINRULE [FOLDER]

CHAINRULE is the path of the `chainrule` command. Tables, models and predictions are written to
FOLDER (default: a temporary directory). Scores are means over three 80:20 splits with the seeds 0,
1 and 2; splits of classification tables are stratified. The result is printed as a Markdown table.
"""

import csv
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")

TABLES = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "diabetes": datasets.load_diabetes,
}


def write(path, names, x, t):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "target"])
        writer.writerows([*row, target] for row, target in zip(x.tolist(), t))


def timed(model, x, t):
    start = time.perf_counter()
    model.fit(x, t)
    return time.perf_counter() - start


def main():
    command = sys.argv[1]
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    print("| table | rows | Chainrule | scikit-learn MLP | scikit-learn linear model | Chainrule (s) | MLP (s) | linear model (s) |")
    print("|---|---|---|---|---|---|---|---|")
    for name, load in TABLES.items():
        data = load()
        is_regression = name == "diabetes"
        x = data.data
        t = data.target.tolist() if is_regression else [str(data.target_names[k]) for k in data.target]
        names = getattr(data, "feature_names", None)
        names = [str(n) for n in names] if names is not None else [f"x{j}" for j in range(x.shape[1])]
        write(folder / f"{name}.csv", names, x, t)
        scores, seconds = np.zeros((3, 3)), np.zeros((3, 3))
        for seed in range(3):
            parts = train_test_split(x, t, test_size=0.2, random_state=seed, stratify=None if is_regression else t)
            x_train, x_test, t_train, t_test = parts
            suffixes = ("train.csv", "test.csv", "safetensors", "predictions.csv")
            train, test, model, predictions = (folder / f"{name}-{seed}.{suffix}" for suffix in suffixes)
            write(train, names, x_train, t_train)
            write(test, names, x_test, t_test)
            start = time.perf_counter()
            subprocess.run([command, "fit", train, "--target", "target", "-o", model, "--force", "--set", f"data.seed={seed}"], check=True, capture_output=True)
            seconds[0, seed] = time.perf_counter() - start
            subprocess.run([command, "predict", model, test, "-o", predictions], check=True, capture_output=True)
            with open(predictions) as file:
                predicted = [row["prediction"] for row in csv.DictReader(file)]
            score = r2_score if is_regression else accuracy_score
            scores[0, seed] = score(t_test, [float(v) for v in predicted] if is_regression else predicted)
            peers = [MLPRegressor(random_state=seed, max_iter=1000), Ridge()] if is_regression else [MLPClassifier(random_state=seed, max_iter=1000), LogisticRegression(max_iter=1000)]
            for k, peer in enumerate(peers, start=1):
                pipeline = make_pipeline(StandardScaler(), peer)
                seconds[k, seed] = timed(pipeline, x_train, t_train)
                scores[k, seed] = score(t_test, pipeline.predict(x_test))
        mean_scores, median_seconds = scores.mean(axis=1), np.median(seconds, axis=1)
        cells = " | ".join([*(f"{v:.4f}" for v in mean_scores), *(f"{v:.2f}" for v in median_seconds)])
        mark = "" if mean_scores[0] >= max(mean_scores[1:]) - 0.01 else " (below goal)"
        print(f"| {name}{mark} | {len(t)} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
