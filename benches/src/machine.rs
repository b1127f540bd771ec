//! Machine and software versions of a measurement.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::level;

/// Returns the processor, number of cores, best SIMD level, operating system, compiler and commit, as
/// far as they can be determined.
pub(crate) fn facts(project: &Path) -> Value {
    json!({
        "processor": processor(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
        "cores": thread::available_parallelism().map_or(1, usize::from),
        "best_level": level::best(),
        "system": first_line(Command::new("uname").args(["-s", "-r", "-m"])),
        "rustc": first_line(Command::new("rustc").arg("--version")),
        "commit": first_line(Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(project)),
    })
}

fn processor(cpuinfo: &str) -> String {
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim())
    };
    match (field("model name"), field("cpu family"), field("model\t")) {
        (Some(name), Some(family), Some(model)) => format!("{name} (family {family}, model {model})"),
        (name, _, _) => name.unwrap_or("unknown").to_owned(),
    }
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    let printed = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    printed.as_deref().and_then(|printed| printed.lines().next()).unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_has_a_name_a_family_and_a_model() {
        let cpuinfo = "processor\t: 0\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Some Processor\n";
        assert_eq!(processor(cpuinfo), "Some Processor (family 6, model 207)");
        assert_eq!(processor(""), "unknown");
    }
}
