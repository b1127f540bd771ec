//! All help texts and lists.

use crate::session::Session;

#[test]
fn help_of_all_commands() {
    let session = Session::new();
    let mut transcript = session.transcript(&["--help"]);
    // Taken from the help itself, so that none is missing.
    let listed = transcript.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let names = listed.filter_map(|line| line.split(' ').next()).filter(|name| ![""].contains(name));
    let subcommands: Vec<String> = names.map(str::to_owned).collect();
    assert!(subcommands.len() >= 15 && subcommands[0] == "fit", "{subcommands:?}");
    for name in &subcommands {
        transcript += &session.transcript(&[name, "--help"]);
        let (summary, _, code) = session.run(&[name, "-h"]);
        let options = summary.lines().filter(|line| line.trim_start().starts_with('-')).count();
        assert!(code == 0 && options <= 16 && summary.contains("Examples:"), "{summary}");
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn lists() {
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
