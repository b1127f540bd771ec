//! Times of day that follow a date in a cell.

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Parses the time of day after a date, as a fraction of a day: `T12:30`, ` 3:05:10.25 PM`, with an
/// optional `Z`, ` UTC` or offset from UTC, which is subtracted. An empty text is 0.
pub(super) fn after_date(text: &str) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let text = text.strip_prefix(',').unwrap_or(text);
    let text = text.strip_prefix(['T', 't', ' '])?.trim_start();
    let clock_end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(text.len());
    let (clock, rest) = text.split_at(clock_end);
    let mut fields = clock.split(':');
    let hours = digits(fields.next()?, 23)?;
    let minutes = digits(fields.next()?, 59)?;
    let seconds = match fields.next() {
        None => 0.0,
        Some(seconds) => {
            let (whole, fraction) = seconds.split_at_checked(2)?;
            f64::from(digits(whole, 59)?) + decimals(fraction)?
        }
    };
    if fields.next().is_some() {
        return None;
    }
    let rest = rest.trim_start();
    let (hours, zone) = match rest.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("am") if (1..=12).contains(&hours) => (hours % 12, &rest[2..]),
        Some("pm") if (1..=12).contains(&hours) => (hours % 12 + 12, &rest[2..]),
        Some("am" | "pm") => return None,
        _ => (hours, rest),
    };
    let minutes = hours * 60 + minutes - offset(zone.trim_start())?;
    Some((f64::from(minutes * 60) + seconds) / SECONDS_PER_DAY)
}

/// Returns the offset from UTC in minutes.
fn offset(zone: &str) -> Option<i32> {
    if matches!(zone, "" | "Z" | "z" | "UTC" | "GMT") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.len() {
        2 => (rest, "00"),
        4 => rest.split_at(2),
        5 => (rest.get(..2)?, rest[2..].strip_prefix(':')?),
        _ => return None,
    };
    Some(sign * (digits(hours, 23)? * 60 + digits(minutes, 59)?))
}

/// Parses `.25`, or an empty text as 0.
fn decimals(text: &str) -> Option<f64> {
    match text.strip_prefix('.') {
        None => text.is_empty().then_some(0.0),
        Some(fraction) => {
            let is_number = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse().ok())?
        }
    }
}

/// Parses an unsigned number of one or two digits, at most `max`.
fn digits(text: &str, max: i32) -> Option<i32> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?.filter(|n| *n <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_fractions_of_a_day() {
        for (text, hours) in [
            ("", 0.0),
            ("T12:00", 12.0),
            (" 3:30", 3.5),
            (" 03:30:36", 3.51),
            (" 00:00:00.5", 0.5 / 3600.0),
            (" 3:30 PM", 15.5),
            (" 12:00 AM", 0.0),
            (", 12:00:00 pm", 12.0),
            ("T02:00:00+02:00", 0.0),
            (" 22:00 -0200", 24.0),
            (" 10:00 UTC", 10.0),
            ("T10:00Z", 10.0),
        ] {
            let found = after_date(text).unwrap_or(f64::NAN) * 24.0;
            assert!((found - hours).abs() < 1e-12, "{text}: {found}");
        }
        for text in [
            " ",
            "12:00",
            " 24:00",
            " 12",
            " 12:60",
            " 12:30:60",
            " 13:00 PM",
            " 12:00 CET",
            " 12:00:00:00",
            "x",
        ] {
            assert_eq!(after_date(text), None, "{text}");
        }
    }
}
