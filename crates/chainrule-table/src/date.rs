//! Conversion between ISO 8601 dates and days since 1970-01-01. It is written by hand for speed:
//! a column may contain millions of dates.

/// Parses a date, or a date and a time of day, as days since 1970-01-01; the time is the fraction.
///
/// Accepts `2024-05-31`, `2024-05-31T12:30` and `2024-05-31 12:30:15.25`; a time may be followed by
/// `Z` or an offset such as `+02:00`. Returns `None` for any other text.
///
/// ```
/// use chainrule_table::date;
///
/// assert_eq!(date::parse(b"1970-01-02T12:00"), Some(1.5));
/// assert_eq!(date::parse(b"31.05.2024"), None);
/// ```
pub fn parse(text: &[u8]) -> Option<f64> {
    let (date, time) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..])?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let days = f64::from(days_from_civil(year, month, day));
    match time.split_first() {
        None => Some(days),
        Some((b'T' | b't' | b' ', time)) => Some(days + seconds(time)? / SECONDS_PER_DAY),
        Some(_) => None,
    }
}

/// Formats a date in ISO 8601, from days since 1970-01-01 and nanoseconds since midnight.
pub fn write(days: i64, nanoseconds: u64) -> String {
    let (year, month, day) = civil_from_days(days);
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if nanoseconds > 0 {
        let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        text += &format!("T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if rest > 0 {
            text += format!(".{rest:09}").trim_end_matches('0');
        }
    }
    text
}

/// Returns the days since 1970-01-01 of a date; month and day count from 1.
pub fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    // Years begin in March here, so that the leap day is the last day of a year.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Returns the year, month and day of a date given as days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day)
}

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Parses `12:30`, `12:30:15` or `12:30:15.25`, with an optional `Z` or offset, as seconds.
fn seconds(time: &[u8]) -> Option<f64> {
    let zone = time.iter().position(|b| matches!(b, b'Z' | b'z' | b'+' | b'-')).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let (minutes, rest) = clock.split_at_checked(5)?;
    let minutes = hours_and_minutes(&minutes[..2], minutes[2..].strip_prefix(b":")?)?;
    let seconds = match rest.split_first() {
        None => 0.0,
        Some((b':', seconds)) => {
            let (whole, fraction) = seconds.split_at_checked(2)?;
            let whole = digits(whole).filter(|s| *s < 60)?;
            f64::from(whole) + decimals(fraction)?
        }
        Some(_) => return None,
    };
    let offset = match zone.split_first() {
        None | Some((b'Z' | b'z', [])) => 0,
        Some((sign @ (b'+' | b'-'), offset)) => {
            let offset = match offset.len() {
                2 => hours_and_minutes(offset, b"00")?,
                4 => hours_and_minutes(&offset[..2], &offset[2..])?,
                5 => hours_and_minutes(&offset[..2], offset[2..].strip_prefix(b":")?)?,
                _ => return None,
            };
            if *sign == b'+' { -offset } else { offset }
        }
        Some(_) => return None,
    };
    Some(f64::from((minutes + offset) * 60) + seconds)
}

fn hours_and_minutes(hours: &[u8], minutes: &[u8]) -> Option<i32> {
    let hours = digits(hours).filter(|h| *h < 24)?;
    let minutes = digits(minutes).filter(|m| *m < 60)?;
    Some(hours * 60 + minutes)
}

/// Parses `.25`, or an empty text as 0.
fn decimals(text: &[u8]) -> Option<f64> {
    match text.split_first() {
        None => Some(0.0),
        Some((b'.', fraction)) if !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit) => {
            fast_float2::parse(text).ok()
        }
        Some(_) => None,
    }
}

/// Parses an unsigned number of a few digits.
fn digits(text: &[u8]) -> Option<i32> {
    let all = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    all.then(|| text.iter().fold(0, |n, digit| n * 10 + i32::from(digit - b'0')))
}

fn days_in_month(year: i32, month: i32) -> i32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970_with_the_time_as_fraction() {
        for (text, days) in [
            ("1970-01-01", 0.0),
            ("2000-02-29", 11_016.0),
            ("1969-12-31", -1.0),
            ("2024-05-31", 19_874.0),
            ("2024-05-31T12:00", 19_874.5),
            ("2024-05-31 12:00:00", 19_874.5),
            ("2024-05-31T00:00:00.5Z", 19_874.0 + 0.5 / 86_400.0),
            ("2024-05-31T02:00:00+02:00", 19_874.0),
            ("2024-05-30T22:00:00-0200", 19_874.0),
            ("2024-05-31T06:00:00+06", 19_874.0),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(days), "{text}");
        }
    }

    #[test]
    fn invalid_dates_are_rejected() {
        for text in [
            "",
            "2024-5-31",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-05-31T",
            "2024-05-31T24:00",
            "2024-05-31T12",
            "2024-05-31T12:60",
            "2024-05-31T12:30:60",
            "2024-05-31T12:30:15.",
            "2024/05/31",
            "2024-05-31x",
            "2024-05-31T12:30Zx",
            "2024-05-31T12:30+2",
            "+024-05-31",
            "31.05.2024",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_survives_a_round_trip() {
        for days in -150_000..150_000 {
            assert_eq!(parse(write(days, 0).as_bytes()), Some(days as f64));
        }
        assert_eq!(write(19_874, 45_015_250_000_000), "2024-05-31T12:30:15.25");
    }
}
