//! Experiments as TOML, and what running one leaves.
