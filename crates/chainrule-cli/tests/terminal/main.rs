//! The command as a user types it, in a folder of its own.

mod assessment;
mod bad_input;
mod cases;
mod checkpoints;
mod commands;
mod documentation;
mod help;
mod outputs;
mod predictions;
mod session;
mod tables;
