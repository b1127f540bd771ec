"""scikit-learn: MLPClassifier or MLPRegressor with given initial weights, without regularisation,
shuffling or early stopping.

Its squared error is halved, which does not affect Adam.
"""

import warnings

import problem as peer

options = peer.arguments()

import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.filterwarnings("ignore")
problem = peer.Problem(options.directory)
x, t = problem.x, problem.t
if problem.loss == "cross_entropy":
    t = t.argmax(axis=1)
elif t.shape[1] == 1:
    t = t[:, 0]
base = MLPRegressor if problem.loss == "squared_error" else MLPClassifier


class FromGivenWeights(base):
    def _initialize(self, y, layer_units, dtype):
        super()._initialize(y, layer_units, dtype)
        self.coefs_ = [w.copy() for w, _ in problem.layers]
        self.intercepts_ = [b.copy() for _, b in problem.layers]


def run():
    model = FromGivenWeights(
        hidden_layer_sizes=problem.widths[1:-1],
        activation=problem.activation,
        solver=problem.optimizer,
        alpha=0.0,
        batch_size=problem.batch,
        learning_rate_init=problem.learning_rate,
        max_iter=problem.epochs,
        shuffle=False,
        tol=0.0,
        n_iter_no_change=problem.epochs + 1,
        momentum=0.0,
    )
    return model.fit(x, t)


peer.measure(
    problem, run, lambda model: [list(zip(model.coefs_, model.intercepts_))], {"scikit-learn": sklearn.__version__}
)
