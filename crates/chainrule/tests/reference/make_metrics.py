"""Generates metrics.json, reference values of the metrics from scikit-learn in float64.

    pip install numpy scikit-learn && python make_metrics.py

Some scores are rounded to create ties.
"""
import json
import os

import numpy as np
from sklearn import metrics as m

rs = np.random.RandomState(5)
NONE = None


def labels(y, t, w):
    """Multilabel: each output is a probability, and scores are averaged over the outputs."""
    y, t = y.reshape(len(y), -1), t.reshape(len(t), -1)
    mean = lambda f: float(np.mean([f(t[:, k], y[:, k]) for k in range(t.shape[1])]))
    expected = dict(
        accuracy=mean(lambda t, y: m.accuracy_score(t, y >= 0.5, sample_weight=w)),
        log_loss=mean(lambda t, y: m.log_loss(t, y, sample_weight=w)),
        roc_auc=mean(lambda t, y: m.roc_auc_score(t, y, sample_weight=w)),
        f1=mean(lambda t, y: m.f1_score(t, y >= 0.5, sample_weight=w, zero_division=0)),
        brier=mean(lambda t, y: m.brier_score_loss(t, y, sample_weight=w)),
    )
    if t.shape[1] == 1:
        expected["confusion"] = m.confusion_matrix(t[:, 0], y[:, 0] >= 0.5, sample_weight=w).ravel().tolist()
    return expected, int(((y >= 0.5) != t).any(axis=1).sum())


def classes(y, t, w):
    """Classification: the outputs are a probability distribution over the classes."""
    c, k, p = t.argmax(1), t.shape[1], y.argmax(1)
    present = np.unique(np.r_[c, p])
    auc = [m.roc_auc_score(c == j, y[:, j], sample_weight=w) for j in range(k)]
    if k > 2 and abs(y.sum(1) - 1).max() < 1e-9:
        assert abs(np.mean(auc) - m.roc_auc_score(c, y, multi_class="ovr", sample_weight=w)) < 1e-14
    return dict(
        accuracy=m.accuracy_score(c, p, sample_weight=w),
        log_loss=m.log_loss(c, y, labels=range(k), sample_weight=w),
        roc_auc=float(np.mean(auc)),
        f1=m.f1_score(c, p, average="macro", labels=present, sample_weight=w, zero_division=0),
        brier=m.brier_score_loss(c, y, labels=range(k), sample_weight=w, scale_by_half=False),
        confusion=m.confusion_matrix(c, p, labels=range(k), sample_weight=w).ravel().tolist(),
    ), int((c != p).sum())


def values(y, t, w):
    return dict(
        r2=m.r2_score(t, y, sample_weight=w), rmse=m.root_mean_squared_error(t, y, sample_weight=w),
        mae=m.mean_absolute_error(t, y, sample_weight=w),
    ), None


def case(name, task, reference, y, t, w):
    expected, misclassified = reference(y, t, w)
    flat = lambda a: None if a is None else np.asarray(a, float).ravel().tolist()
    return dict(name=name, task=task, n_outputs=1 if y.ndim == 1 else y.shape[1], y=flat(y), t=flat(t), weight=flat(w),
                expected={k: v if isinstance(v, list) else float(v) for k, v in expected.items()}, misclassified=misclassified)


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


n, C = 40, []
for weighted in (False, True):
    w = rs.rand(n) * 3 if weighted else NONE
    tag = ", weighted" if weighted else ""
    t = rs.randint(0, 2, n); y = np.clip(rs.rand(n) * 0.7 + 0.3 * t, 0.001, 0.999)
    C.append(case("two classes" + tag, "labels", labels, y, t, w))
    y = np.round(y, 1); y[:3] = 0.5
    C.append(case("two classes, ties, sure and wrong" + tag, "labels", labels, np.where(np.arange(n) < 35, y, [0.0, 1.0] * (n // 2)), t, w))
    t = rs.randint(0, 2, (n, 3))
    C.append(case("three labels" + tag, "labels", labels, rs.rand(n, 3) * 0.8 + 0.2 * t, t, w))
    t = np.eye(4)[rs.randint(0, 4, n)]
    C.append(case("four classes" + tag, "classes", classes, softmax(rs.randn(n, 4) + 1.5 * t), t, w))
    t = np.eye(2)[rs.randint(0, 2, n)]
    C.append(case("two classes, two outputs" + tag, "classes", classes, softmax(rs.randn(n, 2) + t), t, w))
    # On a dyadic grid the rows sum to exactly 1, and there are many ties.
    t = np.eye(3)[rs.randint(0, 3, n)]; a = rs.randint(1, 8, (n, 2)) / 16.0
    C.append(case("three classes, ties" + tag, "classes", classes, np.c_[a, 1 - a.sum(1)], t, w))
    t = rs.randn(n); C.append(case("one value" + tag, "values", values, t + rs.randn(n) * 0.5, t, w))
    t = rs.randn(n, 3) * [1, 10, 100]; C.append(case("three values" + tag, "values", values, t + rs.randn(n, 3), t, w))
    t = np.c_[np.full(n, 2.0), rs.randn(n), np.full(n, 3.0)]
    C.append(case("constant targets, missed and met" + tag, "values", values, np.c_[t[:, 0] + rs.randn(n), t[:, 1] + 0.5, t[:, 2]], t, w))
# The F1 score of a class without predictions.
C.append(case("class 1 never predicted", "labels", labels, np.full(6, 0.25), np.array([0, 1, 1, 0, 0, 1]), NONE))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.json"), "w") as file:
    json.dump(dict(cases=C), file, separators=(",", ":"))
    file.write("\n")
