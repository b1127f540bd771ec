//! NumPy's RandomState, bit for bit.
