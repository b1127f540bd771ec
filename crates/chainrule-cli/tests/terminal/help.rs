//! Every help text and list, as a user sees them.

use crate::session::Session;

#[test]
fn help_of_the_command_and_of_each_subcommand() {
    let session = Session::new();
    let mut transcript = session.transcript(&["--help"]);
    // As the command itself lists them, so that none is forgotten here.
    let listed = transcript.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let names = listed.filter_map(|line| line.split(' ').next()).filter(|name| !["", "help"].contains(name));
    let subcommands: Vec<String> = names.map(str::to_owned).collect();
    assert!(subcommands.len() >= 15 && subcommands[0] == "fit", "{subcommands:?}");
    for name in &subcommands {
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
