//! The command `chainrule`.
fn main() {}
