"""Writes scikit-learn's digits to an NPY file, with 64 pixels and the class in each row (float64).

    python digits.py FILE
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
np.save(sys.argv[1], np.column_stack([digits.data, digits.target]).astype("<f8"))
