//! An activation of a user's own, from closures.
pub(super) const NAME: &str = "custom";
