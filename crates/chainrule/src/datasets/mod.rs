//! Ready-made datasets.
