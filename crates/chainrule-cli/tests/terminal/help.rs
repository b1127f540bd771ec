//! Every help text and list, as a user sees them.

use crate::session::Session;

#[test]
fn help_of_the_command_and_of_each_subcommand() {
    let session = Session::new();
    let subcommands = [
        "predict",
        "evaluate",
        "inspect",
        "export",
        "reproduce",
        "run",
        "figure",
        "gradcheck",
        "trace",
        "new",
        "list",
        "completions",
        "man",
    ];
    let mut transcript = session.transcript(&["--help"]);
    for name in subcommands {
        transcript += &session.transcript(&[name, "--help"]);
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn everything_that_can_be_listed() {
    let session = Session::new();
    let kinds = [
        "experiments",
        "activations",
        "losses",
        "initializers",
        "optimizers",
        "schedules",
        "metrics",
        "datasets",
        "figures",
    ];
    let mut transcript = session.transcript(&["list"]);
    for kind in kinds {
        transcript += &session.transcript(&["list", kind]);
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn completions_and_man_pages_name_every_subcommand() {
    let session = Session::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (out, _, code) = session.run(&["completions", shell]);
        assert!(code == 0 && out.contains("gradcheck"), "{shell}");
    }
    let (page, _, code) = session.run(&["man"]);
    assert!(code == 0 && page.starts_with(".ie") && page.contains("reproduce"), "{page}");
    assert_eq!(session.run(&["man", "pages"]).2, 0);
    for name in ["chainrule.1", "chainrule-run.1", "chainrule-trace.1"] {
        assert!(session.path("pages").join(name).is_file(), "{name}");
    }
}
