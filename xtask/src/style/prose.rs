//! Banned phrases in comments, documentation and user-visible text.

use super::extension::extension;

/// Banned phrases, in lower case, with the words to use instead.
const BANNED: &[(&str, &str)] = &[
    ("anew", "again, newly"),
    ("as by default", "by default"),
    ("as one would", "as usual"),
    ("beside", "next to, besides, compared with"),
    ("bent in", "clipped"),
    ("did not come out", "was not reproduced"),
    ("goes on", "resumes, continues"),
    ("going on from", "resuming from"),
    ("held back", "held out"),
    ("how much of the mean", "decay rate"),
    ("is no finite", "is not a finite"),
    ("is no number", "is not a number"),
    ("kin", "similar functions"),
    ("mend", "fix"),
    ("lies", "is"),
    ("naive guess", "baseline"),
    ("nobody", "no one, or the passive voice"),
    ("of the house", "of the project"),
    ("said", "specified, given"),
    ("says", "states, specifies"),
    ("somebody", "a user, or the passive voice"),
    ("straight layer", "linear layer"),
    ("whence", "from which"),
    ("whoever", "users who"),
];

/// Files that quote the phrases or come from other projects.
const EXEMPT: [&str; 2] = ["xtask/src/style/prose.rs", "plotly"];

/// Returns the banned phrases in the prose of one file.
pub(super) fn faults(path: &str, text: &str) -> Vec<String> {
    if EXEMPT.iter().any(|exempt| path.contains(exempt)) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let prose = prose(path, line).to_lowercase();
        for (phrase, instead) in BANNED {
            if contains_words(&prose, phrase) {
                faults.push(format!("{path}:{}: \"{phrase}\"; write: {instead}", i + 1));
            }
        }
    }
    faults
}

/// The prose of a line: the whole line of a Markdown file or page, else its comment and its string
/// literals.
fn prose(path: &str, line: &str) -> String {
    let comment = match extension(path) {
        "md" | "html" | "in" => return line.to_owned(),
        "rs" | "js" => "//",
        _ => "#",
    };
    let (mut prose, mut code) = (String::new(), true);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if code && rest.starts_with(comment) {
            prose.push_str(rest);
            break;
        }
        if c == '"' {
            code = !code;
            prose.push(' ');
        } else if !code {
            prose.push(if c == '\\' { ' ' } else { c });
        }
        // An escaped character does not end a string, and is not part of a word.
        let n = if c == '\\' { 1 + rest[1..].chars().next().map_or(0, char::len_utf8) } else { c.len_utf8() };
        rest = &rest[n..];
    }
    prose
}

/// Whether `text` contains a phrase as whole words.
fn contains_words(text: &str, phrase: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    text.match_indices(phrase).any(|(at, _)| {
        !is_word(text[..at].chars().next_back()) && !is_word(text[at + phrase.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_pages_are_prose_and_code_is_not() {
        assert_eq!(prose("a.rs", "let kin = 1; // next of kin"), "// next of kin");
        assert_eq!(prose("a.rs", "f(kin, \"one\\ntwo \\\" three\")").trim(), "one two   three");
        assert_eq!(prose("a.py", "kin = 1  # next"), "# next");
        assert_eq!(prose("a.md", "all of it"), "all of it");
    }

    #[test]
    fn a_phrase_is_found_as_whole_words_in_any_case() {
        let found = faults("a.rs", "/// Whoever reads this.\n/// Makes a mendable thing; asking is fine.\n");
        assert_eq!(found, ["a.rs:1: \"whoever\"; write: users who"]);
    }

    #[test]
    fn phrases_are_in_lower_case() {
        assert!(BANNED.iter().all(|(phrase, _)| *phrase == phrase.to_lowercase()));
    }
}
