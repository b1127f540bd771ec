//! Notation of dates: ISO 8601, or a `strftime` pattern.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Timelike as _};
use serde::{Deserialize, Serialize};

use super::clock;
use crate::date::{days_from_civil, parse as parse_iso};

/// Notation of the dates of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DateFormat {
    /// `strftime` pattern, such as `%d.%m.%Y`; `None` for ISO 8601. If the pattern has no time of
    /// day, one may follow the date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Patterns of dates that are recognised, apart from ISO 8601. Those that differ only in the order
/// of day and month are next to each other.
const PATTERNS: [&str; 24] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%B %d %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%d %B, %Y",
    "%d-%B-%Y",
    "%d-%B-%y",
    "%d %B %y",
    "%Y-%B-%d",
    "%a %d %B %Y",
    "%A, %d %B %Y",
    "%A, %B %d, %Y",
];

/// Pattern of eight digits, which are dates only if the column is specified as a date column.
const DIGITS: &str = "%Y%m%d";

/// Two notations that fit a column equally well and give different dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AmbiguousDates {
    pub(super) patterns: [&'static str; 2],
}

impl DateFormat {
    /// Returns the format of a pattern.
    ///
    /// # Errors
    /// Returns an example of a valid pattern if this one lacks the day, the month or the year.
    pub fn new(pattern: &str) -> Result<DateFormat, &'static str> {
        let example = NaiveDate::from_ymd_opt(2022, 11, 23).and_then(|date| date.and_hms_opt(0, 0, 0));
        let mut text = String::new();
        let written = write!(text, "{}", example.expect("a valid date").format(pattern));
        let format = DateFormat { pattern: Some(pattern.to_owned()) };
        let is_date = written.is_ok() && format.parse(text.as_bytes()) == Some(19_319.0);
        if is_date { Ok(format) } else { Err("%d.%m.%Y %H:%M") }
    }

    /// Parses a date without surrounding white space as days since 1970-01-01.
    pub(crate) fn parse(&self, text: &[u8]) -> Option<f64> {
        let Some(pattern) = &self.pattern else { return parse_iso(text) };
        parse_pattern(str::from_utf8(text).ok()?, pattern)
    }

    /// Formats days since 1970-01-01, rounded to seconds, as a date and a time of day.
    pub fn write(&self, days: f64) -> String {
        let Some(time) = DateTime::from_timestamp((days * SECONDS_PER_DAY).round() as i64, 0) else {
            return days.to_string();
        };
        let time = time.naive_utc();
        let pattern = match &self.pattern {
            None => "%Y-%m-%dT%H:%M:%S".to_owned(),
            Some(pattern) if has_clock(pattern) => pattern.clone(),
            Some(pattern) => format!("{pattern} %H:%M:%S"),
        };
        // `write!` fails if the pattern is from a damaged file.
        let mut text = String::new();
        match write!(text, "{}", time.format(&pattern)) {
            Ok(()) => text,
            Err(_) => days.to_string(),
        }
    }

    /// Returns a description of the pattern; `None` for ISO 8601.
    pub(super) fn describe(&self) -> Option<String> {
        self.pattern.as_ref().map(|pattern| format!("dates in the format {pattern}"))
    }

    /// Returns the format that fits the most cells, and the number of these cells. `digits`
    /// specifies whether eight digits may be a date.
    pub(super) fn find<'w>(
        words: &(impl Iterator<Item = (&'w str, usize)> + Clone),
        digits: EightDigits,
    ) -> Result<Option<(DateFormat, usize)>, AmbiguousDates> {
        // If none of the first cells may be a date, the patterns are not tried, which saves time.
        const N_FIRST: usize = 20;
        let first = words.clone().take(N_FIRST).filter(|(word, _)| may_be_date(word)).count();
        if first == 0 {
            return Ok(None);
        }
        let count = |parse: &dyn Fn(&str) -> Option<f64>| {
            words.clone().filter(|(word, _)| parse(word).is_some()).map(|(_, n)| n).sum::<usize>()
        };
        let extra = (digits == EightDigits::AreDates).then_some(DIGITS);
        let candidates = PATTERNS.into_iter().chain(extra);
        // Most patterns fit none of the first cells.
        let fits_first = |pattern: &&str| {
            words.clone().take(N_FIRST).any(|(word, _)| parse_pattern(word, pattern).is_some())
        };
        let mut best: Option<(Option<&'static str>, usize)> = None;
        let mut rival = None;
        let iso = count(&|word| parse_iso(word.as_bytes()));
        if iso > 0 {
            best = Some((None, iso));
        }
        for pattern in candidates.filter(fits_first) {
            let n = count(&|word| parse_pattern(word, pattern));
            match best {
                Some((_, most)) if n < most => {}
                Some((Some(known), most)) if n == most => {
                    let differs =
                        |(word, _): (&str, usize)| parse_pattern(word, known) != parse_pattern(word, pattern);
                    if words.clone().any(differs) {
                        rival = Some([known, pattern]);
                    }
                }
                Some((None, most)) if n == most => {}
                _ if n > 0 => (best, rival) = (Some((Some(pattern), n)), None),
                _ => {}
            }
        }
        if let Some(patterns) = rival {
            return Err(AmbiguousDates { patterns });
        }
        Ok(best.map(|(pattern, n)| (DateFormat { pattern: pattern.map(str::to_owned) }, n)))
    }
}

/// Whether eight digits may be a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EightDigits {
    AreNumbers,
    AreDates,
}

/// Returns whether a text contains a digit and is about as long as a date.
fn may_be_date(text: &str) -> bool {
    (6..=40).contains(&text.len()) && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns whether a pattern contains a time of day.
fn has_clock(pattern: &str) -> bool {
    ["%H", "%I", "%k", "%l", "%T", "%R", "%r", "%X", "%c", "%s", "%+"]
        .iter()
        .any(|item| pattern.contains(item))
}

fn parse_pattern(text: &str, pattern: &str) -> Option<f64> {
    if !may_be_date(text) {
        return None;
    }
    if has_clock(pattern) {
        let (time, rest) = NaiveDateTime::parse_and_remainder(text, pattern).ok()?;
        let fraction = f64::from(time.num_seconds_from_midnight()) + f64::from(time.nanosecond()) / 1e9;
        return rest.trim().is_empty().then_some(days(time.date()) + fraction / SECONDS_PER_DAY);
    }
    let (date, rest) = NaiveDate::parse_and_remainder(text, pattern).ok()?;
    // A two-digit year read as a four-digit one belongs to another pattern.
    let is_misread = pattern.contains("%Y") && date.year() < 100;
    (!is_misread).then(|| clock::after_date(rest).map(|fraction| days(date) + fraction))?
}

fn days(date: NaiveDate) -> f64 {
    f64::from(days_from_civil(date.year(), date.month() as i32, date.day() as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(words: &[&str]) -> Result<Option<(DateFormat, usize)>, AmbiguousDates> {
        DateFormat::find(&words.iter().map(|word| (*word, 1)), EightDigits::AreNumbers)
    }

    #[test]
    fn the_pattern_of_a_column_is_found() {
        for (words, days) in [
            (&["2022-12-31", "2022-01-02T12:00"][..], 19_357.0),
            (&["2022-12-31", "2022-1-2"], 19_357.0),
            (&["2022/12/31 00:00:00"], 19_357.0),
            (&["31.12.2022", "1.2.2022"], 19_357.0),
            (&["12/31/2022", "01/02/2022 3:05 PM"], 19_357.0),
            (&["31/12/2022", "01/02/2022"], 19_357.0),
            (&["31-12-22", "01-02-22"], 19_357.0),
            (&["Jan 1 2000", "Feb 3 2010"], 10_957.0),
            (&["January 1, 2000"], 10_957.0),
            (&["05 Jan 2022"], 18_997.0),
            (&["5-Jan-22", "31-Dec-21"], 18_997.0),
        ] {
            let (format, n) = find(words).unwrap().unwrap();
            assert_eq!(n, words.len(), "{words:?} as {format:?}");
            assert_eq!(format.parse(words[0].as_bytes()), Some(days), "{words:?} as {format:?}");
        }
        for words in [&["a"][..], &["red", "green"], &["12"], &["B12-44-1"], &["1.5"], &["12:30"]] {
            assert_eq!(find(words), Ok(None), "{words:?}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_can_be_ambiguous() {
        let ambiguous = AmbiguousDates { patterns: ["%d/%m/%Y", "%m/%d/%Y"] };
        assert_eq!(find(&["01/02/2022", "03/04/2022"]), Err(ambiguous));
        // The same date in both orders.
        assert!(find(&["01/01/2022", "02/02/2022"]).is_ok());
    }

    #[test]
    fn dates_are_written_in_their_own_notation() {
        let format = DateFormat::new("%d.%m.%Y").unwrap();
        assert_eq!(format.write(19_357.5), "31.12.2022 12:00:00");
        assert_eq!(DateFormat::default().write(19_097.524_474), "2022-04-15T12:35:15");
        let clock = DateFormat::new("%d.%m.%Y %H:%M").unwrap();
        assert_eq!(clock.parse(b"31.12.2022 06:00"), Some(19_357.25));
        assert!(DateFormat::new("%H:%M").is_err() && DateFormat::new("%Q").is_err());
    }
}
