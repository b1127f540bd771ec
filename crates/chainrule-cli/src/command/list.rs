//! `chainrule list`: lists the entries of the registries.

use chainrule::network::activation::Activation;
use chainrule::registry::{Entry, OptionKind, OptionSpec, OptionValue};
use chainrule::train::{Setting, SettingKind, Settings};
use chainrule::{datasets, metrics, network, train};
use chainrule_experiment::{Experiment, builtin};
use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::arguments::{ListArguments, Listed};
use crate::error::Failure;
use crate::output::outln;
use crate::table;

pub(crate) fn run(arguments: &ListArguments) -> Result<(), Failure> {
    match (arguments.what, arguments.json) {
        (Some(Listed::Experiments), false) => print_experiments(&experiments()?),
        (Some(Listed::Settings), false) => print_settings(),
        (Some(what), false) => print_entries(entries(what)),
        (None, false) => print_names(),
        (Some(what), true) => super::json::print(&json(what)?),
        (None, true) => {
            let all = Listed::value_variants().iter().map(|what| Ok((name(*what), json(*what)?)));
            super::json::print(&Value::Object(all.collect::<Result<Map<_, _>, Failure>>()?));
        }
    }
    Ok(())
}

fn name(what: Listed) -> String {
    what.to_possible_value().expect("no value is skipped").get_name().to_owned()
}

/// One line of a list.
struct ListEntry {
    name: &'static str,
    aliases: &'static [&'static str],
    summary: &'static str,
    options: &'static [OptionSpec],
}

fn entries(what: Listed) -> Vec<ListEntry> {
    match what {
        Listed::Experiments => Vec::new(),
        Listed::Settings => settings()
            .map(|setting| ListEntry {
                name: setting.name,
                aliases: &[],
                summary: setting.summary,
                options: &[],
            })
            .collect(),
        Listed::Activations => {
            // Softmax acts on all units of a layer, and is therefore not an entry of the registry.
            let mut entries = registry(network::activation::REGISTRY);
            let rest = Activation::names().skip(entries.len());
            entries.extend(rest.map(|(name, summary)| ListEntry {
                name,
                aliases: &[],
                summary,
                options: &[],
            }));
            entries
        }
        Listed::Losses => registry(network::loss::REGISTRY),
        Listed::Initializers => registry(network::initializer::REGISTRY),
        Listed::Optimizers => registry(train::optimizer::REGISTRY),
        Listed::Solvers => registry(train::solver::REGISTRY),
        Listed::Schedules => registry(train::schedule::REGISTRY),
        Listed::Metrics => registry(metrics::REGISTRY),
        Listed::Datasets => registry(datasets::REGISTRY),
        Listed::Figures => registry(chainrule_figures::kind::REGISTRY),
    }
}

fn registry<F>(registry: &'static [Entry<F>]) -> Vec<ListEntry> {
    let entry = |entry: &'static Entry<F>| ListEntry {
        name: entry.name,
        aliases: entry.aliases,
        summary: entry.summary,
        options: entry.options,
    };
    registry.iter().map(entry).collect()
}

fn experiments() -> Result<Vec<Experiment>, Failure> {
    builtin::names().iter().map(|name| Ok(Experiment::open(name, &[])?)).collect()
}

/// Returns the training settings without their tables.
fn settings() -> impl Iterator<Item = &'static Setting<Settings>> {
    train::SETTINGS.iter().filter(|setting| !matches!(setting.kind, SettingKind::Table))
}

fn print_settings() {
    let mut shown = table::new(&["setting of [train]", "description", "default", "allowed"]);
    for setting in settings() {
        let default = (setting.get)(&Settings::default());
        shown.add_row([setting.name, setting.summary, &default, &setting.kind.allowed()]);
    }
    table::print(&shown);
}

fn print_names() {
    for what in Listed::value_variants() {
        let names = match what {
            Listed::Experiments => builtin::names().join(", "),
            what => entries(*what).iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "),
        };
        outln!("{:14}{names}", name(*what));
    }
    outln!("\n`chainrule list NAME` describes one of these lists with options and defaults.");
}

fn print_experiments(experiments: &[Experiment]) {
    let mut shown = table::new(&["experiment", "title", "source document", "networks"]);
    for experiment in experiments {
        let author = experiment.document.as_ref().map_or("", |document| &document.author);
        let variants: Vec<&str> = experiment.variants.iter().map(|variant| variant.name.as_str()).collect();
        shown.add_row([&experiment.name, &experiment.title, author, &variants.join(", ")]);
    }
    table::print(&shown);
}

fn print_entries(entries: Vec<ListEntry>) {
    let mut shown = table::new(&["name", "description", "options"]);
    for entry in entries {
        let also = match entry.aliases {
            [] => String::new(),
            aliases => format!(" (also {})", aliases.join(", ")),
        };
        let options: Vec<String> = entry.options.iter().map(describe).collect();
        shown.add_row([entry.name.to_owned(), entry.summary.to_owned() + &also, options.join("\n")]);
    }
    table::print(&shown);
}

/// `slope = 0.01 (a finite number): slope for z < 0`.
fn describe(option: &OptionSpec) -> String {
    let (default, allowed) = match option.kind {
        OptionKind::Number(v, range) => (OptionValue::from(v).to_string(), range.text.to_owned()),
        OptionKind::List(v, range) => (format!("{v:?}"), format!("a list, each entry {}", range.text)),
        OptionKind::Rows(range) => ("[]".to_owned(), format!("a list or rows, each entry {}", range.text)),
        OptionKind::Choice(choices) => (format!("\"{}\"", choices[0]), choices.join(" | ")),
        OptionKind::Name => ("\"\"".to_owned(), "a name".to_owned()),
    };
    format!("{} = {default} ({allowed}): {}", option.name, option.summary)
}

fn json(what: Listed) -> Result<Value, Failure> {
    let option = |option: &OptionSpec| {
        let (default, allowed) = match option.kind {
            OptionKind::Number(v, range) => (json!(v), json!(range.text)),
            OptionKind::List(v, range) => (json!(v), json!(format!("a list, each entry {}", range.text))),
            OptionKind::Rows(range) => {
                (json!([]), json!(format!("a list or rows, each entry {}", range.text)))
            }
            OptionKind::Choice(choices) => (json!(choices[0]), json!(choices)),
            OptionKind::Name => (json!(""), json!("a name")),
        };
        json!({"name": option.name, "default": default, "allowed": allowed, "summary": option.summary})
    };
    if what == Listed::Experiments {
        return Ok(experiments()?
            .iter()
            .map(|experiment| {
                json!({
                    "name": experiment.name,
                    "title": experiment.title,
                    "document": experiment.document.as_ref().map(|document| &document.title),
                    "variants": experiment.variants.iter().map(|variant| &variant.name).collect::<Vec<_>>(),
                })
            })
            .collect());
    }
    if what == Listed::Settings {
        let json = |setting: &Setting<Settings>| {
            json!({
                "name": setting.name,
                "summary": setting.summary,
                "default": (setting.get)(&Settings::default()),
                "allowed": setting.kind.allowed(),
            })
        };
        return Ok(settings().map(json).collect());
    }
    let entry = |entry: ListEntry| {
        json!({
            "name": entry.name,
            "aliases": entry.aliases,
            "summary": entry.summary,
            "options": entry.options.iter().map(option).collect::<Vec<_>>(),
        })
    };
    Ok(entries(what).into_iter().map(entry).collect())
}
