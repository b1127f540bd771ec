//! Printing of text with colours. Control characters in file names, column names and cells, which a
//! terminal would interpret, are shown as `\x1b`.

use std::fmt::Display;
use std::io::{Error, ErrorKind, Write as _};
use std::sync::Mutex;

use anstyle::{AnsiColor, Style};

/// Prints to standard output.
macro_rules! out {
    ($($part:tt)*) => { $crate::output::print(&$crate::output::rendered(&format!($($part)*))) };
}

/// Prints a line to standard output.
macro_rules! outln {
    () => { $crate::output::print("\n") };
    ($($part:tt)*) => { $crate::output::print(&($crate::output::rendered(&format!($($part)*)) + "\n")) };
}

/// Prints a line to standard error.
macro_rules! errln {
    ($($part:tt)*) => { $crate::output::print_error(&($crate::output::rendered(&format!($($part)*)) + "\n")) };
}

pub(crate) use {errln, out, outln};

/// The first error of writing to standard output, other than that its reader has gone.
static FAILURE: Mutex<Option<Error>> = Mutex::new(None);

/// Writes a text to standard output.
///
/// A failure does not end the command, whose results may still have to be written; it is reported at the end. The reader of a
/// pipe, such as `head`, may close it at any time.
pub fn print(text: &str) {
    let mut output = anstream::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    if let Some(error) = written.err().filter(|error| error.kind() != ErrorKind::BrokenPipe)
        && let Ok(mut failure) = FAILURE.lock()
    {
        failure.get_or_insert(error);
    }
}

/// Writes a text to standard error, if possible.
pub fn print_error(text: &str) {
    let mut output = anstream::stderr().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

/// Returns the first error of writing to standard output, if there was one.
pub fn failure() -> Option<Error> {
    FAILURE.lock().ok()?.take()
}

// Styles are marked with private-use characters until the text is rendered, so that they differ from control characters in
// the text itself.

/// Mark of bold text.
const BOLD: char = '\u{f0000}';
/// Mark of the end of a style.
const END: char = '\u{f0001}';
/// Marks of the colours.
const COLOURS: [(char, TextColour, AnsiColor); 3] = [
    ('\u{f0002}', TextColour::Red, AnsiColor::Red),
    ('\u{f0003}', TextColour::Green, AnsiColor::Green),
    ('\u{f0004}', TextColour::Yellow, AnsiColor::Yellow),
];

/// Colours of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextColour {
    /// Errors and mismatches.
    Red,
    /// Matches.
    Green,
    /// Known mistakes.
    Yellow,
}

/// Returns text in bold.
pub fn bold(text: impl Display) -> String {
    format!("{BOLD}{text}{END}")
}

/// Returns text in a colour.
pub fn coloured(text: impl Display, colour: TextColour) -> String {
    let (mark, ..) = COLOURS[colour as usize];
    format!("{mark}{text}{END}")
}

/// Replaces the marks in a text by terminal escape sequences, and makes its control characters
/// visible.
pub fn rendered(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let colour = COLOURS.iter().find(|(mark, ..)| *mark == c);
        match c {
            BOLD => shown.push_str(&Style::new().bold().render().to_string()),
            END => shown.push_str(&anstyle::Reset.render().to_string()),
            '\n' | '\t' => shown.push(c),
            _ if c.is_ascii_control() => shown.push_str(&format!("\\x{:02x}", u32::from(c))),
            // C1 controls, and characters that change the direction of the text after them.
            _ if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                shown.push_str(&c.escape_unicode().to_string());
            }
            _ => match colour {
                Some((.., colour)) => {
                    let style = Style::new().fg_color(Some((*colour).into()));
                    shown.push_str(&style.render().to_string());
                }
                None => shown.push(c),
            },
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_styles_of_the_program_reach_the_terminal() {
        assert_eq!(rendered("a\u{1b}[31mred\r\n\tb\u{7f}\u{202e}"), "a\\x1b[31mred\\x0d\n\tb\\x7f\\u{202e}");
        assert_eq!(rendered(&bold("x\u{1b}")), "\u{1b}[1mx\\x1b\u{1b}[0m");
        assert_eq!(rendered(&coloured("x", TextColour::Red)), "\u{1b}[31mx\u{1b}[0m");
    }
}
