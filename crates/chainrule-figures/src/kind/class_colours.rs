//! Colours of classes: set with the option `class_colours`, denoted by the names of the classes, or from
//! the palette.

use chainrule::Error as EngineError;
use chainrule::registry::{OptionKind, OptionSpec, OptionValue, Options, nearest};

use crate::{Colour, Error};

pub(super) const COLOURS: OptionSpec = OptionSpec {
    name: "class_colours",
    kind: OptionKind::Name,
    summary: "colours of the classes: `setosa:#d00,virginica:blue`, or a list in the order of the classes",
};

/// Names of colours, in the option and as names of classes. Red and green differ in lightness, so
/// that they remain distinguishable with colour vision deficiency; yellow is dark enough for white
/// paper.
const NAMED: [(&str, Colour); 16] = [
    ("blue", Colour::Palette(0)),
    ("red", Colour::Rgb([0xcf, 0x22, 0x2e])),
    ("green", Colour::Palette(2)),
    ("orange", Colour::Rgb([0xf0, 0x7f, 0x09])),
    ("yellow", Colour::Rgb([0xe3, 0xc8, 0x00])),
    ("purple", Colour::Rgb([0x80, 0x30, 0xa0])),
    ("violet", Colour::Rgb([0x80, 0x30, 0xa0])),
    ("pink", Colour::Palette(3)),
    ("lightblue", Colour::Palette(5)),
    ("cyan", Colour::Rgb([0x17, 0xb0, 0xc4])),
    ("brown", Colour::Rgb([0x8c, 0x56, 0x4b])),
    ("black", Colour::Ink),
    ("white", Colour::Rgb([0xc8; 3])),
    ("grey", Colour::Rgb([0x80; 3])),
    ("gray", Colour::Rgb([0x80; 3])),
    ("navy", Colour::Rgb([0x1f, 0x2f, 0x7a])),
];

/// Returns the colours of classes: those that the names denote if all names are different colours,
/// otherwise the palette in order.
pub(super) fn default_colours(names: &[String]) -> Vec<Colour> {
    let named = names.iter().map(|name| named(name)).collect::<Option<Vec<Colour>>>();
    let differ = |all: &Vec<Colour>| all.iter().enumerate().all(|(k, colour)| !all[..k].contains(colour));
    named.filter(differ).unwrap_or_else(|| (0..names.len()).map(Colour::Palette).collect())
}

fn named(name: &str) -> Option<Colour> {
    NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim())).map(|(_, colour)| *colour)
}

/// Colours given by the option `class_colours`, each with the name of its class or in the order of the
/// classes.
pub(super) struct ClassColours(Vec<(Option<String>, Colour)>);

impl ClassColours {
    /// Parses the option; without it, there are no colours.
    ///
    /// # Errors
    /// Returns an error if an element is not a colour.
    pub(super) fn of(options: &Options) -> Result<ClassColours, Error> {
        let text = options.text(COLOURS.name);
        let elements = text.split(',').map(str::trim).filter(|element| !element.is_empty());
        let parsed = elements.map(|element| {
            let (name, colour) = match element.rsplit_once(':') {
                Some((name, colour)) => (Some(name.trim().to_owned()), colour),
                None => (None, element),
            };
            let colour = named(colour).or_else(|| {
                let [r, g, b, _] = colour.trim().parse::<colorgrad::Color>().ok()?.to_rgba8();
                Some(Colour::Rgb([r, g, b]))
            });
            Ok((name, colour.ok_or_else(|| refused(options, &allowed()))?))
        });
        Ok(ClassColours(parsed.collect::<Result<_, Error>>()?))
    }

    /// Replaces the colours of these classes.
    ///
    /// # Errors
    /// Returns an error if there is no class of a given name, or if there are more colours than
    /// classes.
    pub(super) fn apply(
        self,
        names: &[String],
        colours: &mut [Colour],
        options: &Options,
    ) -> Result<(), Error> {
        for (k, (name, colour)) in self.0.into_iter().enumerate() {
            let index = match &name {
                Some(name) => names.iter().position(|known| known == name),
                None => Some(k).filter(|k| *k < names.len()),
            };
            let Some(index) = index else {
                let near =
                    name.and_then(|name| nearest(&name, names.iter().map(String::as_str)).map(str::to_owned));
                let hint = near.map_or_else(String::new, |near| format!(" (did you mean \"{near}\"?)"));
                return Err(refused(options, &format!("colours of the classes {}{hint}", names.join(", "))));
            };
            colours[index] = colour;
        }
        Ok(())
    }
}

/// Returns the description of the allowed colours in errors.
fn allowed() -> String {
    let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
    format!(
        "`#d00` or a name ({}) for each class, after the name of the class and a colon or in the order of the classes",
        names.join(", ")
    )
}

fn refused(options: &Options, allowed: &str) -> Error {
    Error::Engine(EngineError::OptionRange {
        of: options.name(),
        key: COLOURS.name,
        value: OptionValue::from(options.text(COLOURS.name)).to_string(),
        allowed: allowed.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use chainrule::registry;

    use super::*;
    use crate::kind::REGISTRY;

    fn applied(given: &str, names: &[&str]) -> Result<Vec<Colour>, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (options, _) =
            registry::choose("figure", REGISTRY, "samples", &[("class_colours", given.into())]).unwrap();
        let mut colours = default_colours(&names);
        let parsed = ClassColours::of(&options).map_err(|error| error.to_string())?;
        parsed.apply(&names, &mut colours, &options).map_err(|error| error.to_string())?;
        Ok(colours)
    }

    #[test]
    fn classes_named_after_colours_have_these_colours() {
        assert_eq!(
            applied("", &["Red", "blue"]),
            Ok(vec![Colour::Rgb([0xcf, 0x22, 0x2e]), Colour::Palette(0)])
        );
        let palette = vec![Colour::Palette(0), Colour::Palette(1)];
        assert_eq!(applied("", &["red", "not red"]), Ok(palette.clone()));
        assert_eq!(applied("", &["grey", "gray"]), Ok(palette));
    }

    #[test]
    fn colours_are_set_by_name_or_in_order() {
        let [red, blue] = [Colour::Rgb([0xdd, 0, 0]), Colour::Rgb([0, 0, 0xff])];
        assert_eq!(applied("b:#d00, a:#00f", &["a", "b"]), Ok(vec![blue, red]));
        assert_eq!(applied("#d00,blue", &["a", "b"]), Ok(vec![red, Colour::Palette(0)]));
        assert_eq!(applied("b:#d00", &["a", "b"]), Ok(vec![Colour::Palette(0), red]));
        assert_eq!(applied("ratio 1:2:#d00", &["ratio 1:2", "b"]), Ok(vec![red, Colour::Palette(1)]));
    }

    #[test]
    fn unknown_colours_and_classes_are_errors() {
        let error = applied("#d00,bleu", &["a", "b"]).unwrap_err();
        assert!(error.contains("`#d00` or a name (blue, "), "{error}");
        let error = applied("setsa:#d00", &["setosa", "virginica"]).unwrap_err();
        assert!(error.contains("did you mean \"setosa\"?"), "{error}");
        assert!(applied("red,red,red", &["a", "b"]).unwrap_err().contains("the classes a, b"));
    }
}
