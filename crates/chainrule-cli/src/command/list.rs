//! `chainrule list`: what there is to choose from, straight from the registries.

use chainrule::network::activation::Activation;
use chainrule::registry::{Entry, OptionKind, OptionSpec, OptionValue};
use chainrule::{datasets, metrics, network, train};
use chainrule_experiment::{Experiment, builtin};
use clap::ValueEnum;

use crate::arguments::{List, Listed};
use crate::error::Failure;
use crate::table;

pub(crate) fn run(arguments: &List) -> Result<(), Failure> {
    if let Some(what) = arguments.what {
        return list(what);
    }
    for what in Listed::value_variants() {
        let name = what.to_possible_value().expect("no choice is hidden");
        let names: Vec<String> = names(*what).into_iter().map(|(name, ..)| name).collect();
        anstream::println!("{:14}{}", name.get_name(), names.join(", "));
    }
    anstream::println!("\nchainrule list NAME shows one of them with options and defaults.");
    Ok(())
}

/// Name, summary and options.
type Row = (String, String, &'static [OptionSpec]);

fn names(what: Listed) -> Vec<Row> {
    match what {
        Listed::Experiments => {
            builtin::names().into_iter().map(|name| (name, String::new(), &[][..])).collect()
        }
        Listed::Activations => {
            // Softmax is no entry of the registry: it acts on all outputs together.
            let elementwise = rows(network::activation::REGISTRY);
            let rest = Activation::names().skip(elementwise.len());
            let rest = rest.map(|(name, summary)| (name.to_owned(), summary.to_owned(), &[][..]));
            elementwise.into_iter().chain(rest).collect()
        }
        Listed::Losses => rows(network::loss::REGISTRY),
        Listed::Initializers => rows(network::initializer::REGISTRY),
        Listed::Optimizers => rows(train::optimizer::REGISTRY),
        Listed::Schedules => rows(train::schedule::REGISTRY),
        Listed::Metrics => rows(metrics::REGISTRY),
        Listed::Datasets => rows(datasets::REGISTRY),
        Listed::Figures => rows(chainrule_figures::kind::REGISTRY),
    }
}

fn rows<F>(registry: &'static [Entry<F>]) -> Vec<Row> {
    registry.iter().map(|entry| (entry.name.to_owned(), entry.summary.to_owned(), entry.options)).collect()
}

fn list(what: Listed) -> Result<(), Failure> {
    if what == Listed::Experiments {
        let mut table = table::new(&["experiment", "about", "document", "networks"]);
        for name in builtin::names() {
            let experiment = Experiment::open(&name, &[])?;
            let document = experiment.document.map_or_else(String::new, |document| document.author);
            let variants: Vec<&str> =
                experiment.variants.iter().map(|variant| variant.name.as_str()).collect();
            table.add_row([&name, &experiment.title, &document, &variants.join(", ")]);
        }
        anstream::println!("{table}");
        return Ok(());
    }
    let mut table = table::new(&["name", "what it is", "options"]);
    for (name, summary, options) in names(what) {
        let options: Vec<String> = options.iter().map(option).collect();
        table.add_row([name, summary, options.join("\n")]);
    }
    anstream::println!("{table}");
    Ok(())
}

/// `slope = 0.01 (a finite number): the slope for z < 0`.
fn option(option: &OptionSpec) -> String {
    let (default, allowed) = match option.kind {
        OptionKind::Number(v, allowed) => (OptionValue::from(v).to_string(), allowed.text.to_owned()),
        OptionKind::List(v, allowed) => (format!("{v:?}"), format!("a list, each of it {}", allowed.text)),
        OptionKind::Choice(words) => (format!("\"{}\"", words[0]), words.join(" | ")),
        OptionKind::Name => ("\"\"".to_owned(), "a name".to_owned()),
    };
    format!("{} = {default} ({allowed}): {}", option.name, option.summary)
}
