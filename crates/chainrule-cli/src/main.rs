//! The `chainrule` program; everything it does is in the library.

fn main() -> std::process::ExitCode {
    chainrule_cli::main()
}
