//! The step `dependencies`: licences and sources of all dependencies, by the rules in `deny.toml`.
//!
//! `cargo deny check` enforces the same rules and also reports advisories, but it takes minutes to
//! build and is not required.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use toml_edit::DocumentMut;

use crate::step::cargo;

const RULES: &str = "deny.toml";

/// Returns the dependencies that violate the rules.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    check(root).unwrap_or_else(|fault| vec![fault])
}

fn check(root: &Path) -> Result<Vec<String>, String> {
    let rules =
        std::fs::read_to_string(root.join(RULES)).map_err(|error| format!("cannot read {RULES}: {error}"))?;
    let rules: DocumentMut = rules.parse().map_err(|error| format!("{RULES}: {error}"))?;
    let list = |table: &str, key: &str| -> Vec<String> {
        let values = rules[table][key].as_array().into_iter().flatten();
        values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let (licences, registries) = (list("licenses", "allow"), list("sources", "allow-registry"));
    let output = Command::new(cargo())
        .args(["metadata", "--format-version", "1", "--all-features"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(packages.iter().filter_map(|package| fault(package, &licences, &registries)).collect())
}

/// The violation of one package, if any.
fn fault(package: &Value, licences: &[String], registries: &[String]) -> Option<String> {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let name = format!("{} {}", text("name"), text("version"));
    let source = text("source").trim_start_matches("registry+");
    if !source.is_empty() && registries.iter().all(|registry| registry != source) {
        return Some(format!("{name} comes from {source}, which {RULES} does not allow"));
    }
    let licence = text("license");
    let expression = match spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => {
            return Some(format!("{name} has the licence \"{licence}\", which is not valid SPDX: {error}"));
        }
    };
    let is_allowed =
        |requirement: &spdx::LicenseReq| licences.iter().any(|licence| *licence == requirement.to_string());
    (!expression.evaluate(is_allowed))
        .then(|| format!("{name} has the licence \"{licence}\", which {RULES} does not allow"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault_of(licence: &str, source: &str) -> Option<String> {
        let licences = ["MIT", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        let package = json!({"name": "a", "version": "1.0.0", "license": licence, "source": source});
        fault(&package, &licences, &["https://index".to_owned()])
    }

    #[test]
    fn one_alternative_must_be_allowed_and_each_part_of_a_conjunction() {
        for licence in ["MIT", "MIT OR GPL-3.0-only", "GPL-3.0-only/MIT", "Apache-2.0 WITH LLVM-exception"] {
            assert_eq!(fault_of(licence, "registry+https://index"), None, "{licence}");
        }
        for licence in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "Apache-2.0", ""] {
            assert!(fault_of(licence, "").is_some(), "{licence}");
        }
    }

    #[test]
    fn sources_must_be_allowed() {
        let fault = fault_of("MIT", "git+https://example.org/a").unwrap();
        assert_eq!(fault, "a 1.0.0 comes from git+https://example.org/a, which deny.toml does not allow");
    }
}
