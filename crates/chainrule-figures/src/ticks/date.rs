//! Ticks at round dates: years, months, days or times of day, depending on the span.

use chainrule_table::date::{civil_from_days, days_from_civil};

use super::{Tick, linear_values, sorted, step};

/// Lengths of a day, an hour, a minute and a second in milliseconds.
const DAY: f64 = 86_400_000.0;
const HOUR: f64 = 3_600_000.0;
const MINUTE: f64 = 60_000.0;
const SECOND: f64 = 1_000.0;

/// Maximum distance of a date from 1970 in milliseconds: 100 million days, as in JavaScript.
const MAX_DATE: f64 = 1e8 * DAY;

/// Interval between ticks.
#[derive(Clone, Copy)]
enum TickInterval {
    /// Milliseconds; a divisor of a day.
    Clock(f64),
    /// Days, counted from the first of each month.
    Days(i32),
    /// Months; a divisor of a year.
    Months(i64),
    Years(i64),
}

/// Intervals shorter than a year; longer ones are 1, 2 or 5 times a power of ten of years.
const INTERVALS: [TickInterval; 19] = [
    TickInterval::Clock(SECOND),
    TickInterval::Clock(5.0 * SECOND),
    TickInterval::Clock(15.0 * SECOND),
    TickInterval::Clock(30.0 * SECOND),
    TickInterval::Clock(MINUTE),
    TickInterval::Clock(5.0 * MINUTE),
    TickInterval::Clock(15.0 * MINUTE),
    TickInterval::Clock(30.0 * MINUTE),
    TickInterval::Clock(HOUR),
    TickInterval::Clock(3.0 * HOUR),
    TickInterval::Clock(6.0 * HOUR),
    TickInterval::Clock(12.0 * HOUR),
    TickInterval::Days(1),
    TickInterval::Days(2),
    TickInterval::Days(5),
    TickInterval::Days(15),
    TickInterval::Months(1),
    TickInterval::Months(3),
    TickInterval::Months(6),
];

/// Returns at most about `n` ticks between two ends (in either order) in milliseconds since 1970.
///
/// Labels have the precision of the interval, from years to seconds.
pub(crate) fn dates(ends: [f64; 2], n: usize) -> Vec<Tick> {
    let [low, high] = sorted(ends);
    if low < -MAX_DATE || high > MAX_DATE {
        return Vec::new();
    }
    let fits = |interval: &TickInterval| interval.length() * n.max(1) as f64 >= (high - low) * (1.0 - 1e-9);
    let years =
        || TickInterval::Years(step((high - low) / TickInterval::Years(1).length(), n).max(1.0) as i64);
    let interval = INTERVALS.into_iter().find(fits).unwrap_or_else(years);
    let slack = 1e-9 * (high - low);
    let all = interval.ticks(low, high).into_iter();
    let inside = all.filter(|at| (low - slack..=high + slack).contains(at));
    inside.map(|at| Tick { at, label: interval.label(at) }).collect()
}

impl TickInterval {
    /// Returns the mean length of the interval in milliseconds.
    fn length(self) -> f64 {
        match self {
            TickInterval::Clock(milliseconds) => milliseconds,
            TickInterval::Days(days) => f64::from(days) * DAY,
            TickInterval::Months(months) => months as f64 / 12.0 * TickInterval::Years(1).length(),
            TickInterval::Years(years) => years as f64 * 365.2425 * DAY,
        }
    }

    /// Returns all ticks between two times, and possibly a few outside.
    fn ticks(self, low: f64, high: f64) -> Vec<f64> {
        let (first, last) = (days(low), days(high));
        let first_of = |year: i64, month: i64| f64::from(days_from_civil(year as i32, month as i32, 1)) * DAY;
        match self {
            TickInterval::Clock(milliseconds) => linear_values(low, high, milliseconds),
            TickInterval::Days(step) => {
                // Ticks too close to the first of the next month are omitted.
                let is_tick = |day: i32| (day - 1) % step == 0 && day + step / 2 <= 31;
                (first..=last)
                    .filter(|d| is_tick(civil_from_days(*d).2 as i32))
                    .map(|d| d as f64 * DAY)
                    .collect()
            }
            TickInterval::Months(step) => {
                let month = |day: i64| {
                    let (year, month, _) = civil_from_days(day);
                    12 * year + month - 1
                };
                let months = month(first)..=month(last);
                let ticks = months.filter(|m| m.rem_euclid(step) == 0);
                ticks.map(|m| first_of(m.div_euclid(12), m.rem_euclid(12) + 1)).collect()
            }
            TickInterval::Years(step) => {
                let multiples =
                    civil_from_days(first).0.div_euclid(step)..=civil_from_days(last).0.div_euclid(step);
                multiples.map(|k| first_of(k * step, 1)).collect()
            }
        }
    }

    /// Returns the label of a tick.
    fn label(self, at: f64) -> String {
        let day = days(at);
        let (year, month, date) = civil_from_days(day);
        match self {
            TickInterval::Years(_) => format!("{year:04}"),
            TickInterval::Months(_) => format!("{year:04}-{month:02}"),
            TickInterval::Days(_) => format!("{year:04}-{month:02}-{date:02}"),
            TickInterval::Clock(step) => {
                let seconds = ((at - day as f64 * DAY) / SECOND).round() as i64;
                let clock = format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
                let clock = if step < MINUTE { format!("{clock}:{:02}", seconds % 60) } else { clock };
                format!("{year:04}-{month:02}-{date:02} {clock}")
            }
        }
    }
}

/// Returns the day of a time, in days since 1970.
fn days(at: f64) -> i64 {
    (at / DAY).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_table::date::parse;
    use proptest::prelude::*;

    fn labels(from: &str, to: &str, n: usize) -> Vec<String> {
        let at = |text: &str| parse(text.as_bytes()).expect("the text is a date") * DAY;
        dates([at(from), at(to)], n).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn the_interval_depends_on_the_span() {
        assert_eq!(labels("1987-03-01", "2024-05-31", 5), ["1990", "2000", "2010", "2020"]);
        assert_eq!(labels("2019-12-31", "2022-05-31", 4), ["2020", "2021", "2022"]);
        assert_eq!(
            labels("2023-11-05", "2024-06-01", 8),
            ["2023-12", "2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06"]
        );
        assert_eq!(labels("2023-11-05", "2025-06-01", 4), ["2024-01", "2024-07", "2025-01"]);
        assert_eq!(
            labels("2024-01-10", "2024-03-05", 4),
            ["2024-01-16", "2024-02-01", "2024-02-16", "2024-03-01"]
        );
        assert_eq!(
            labels("2024-02-27", "2024-03-05", 5),
            ["2024-02-27", "2024-02-29", "2024-03-01", "2024-03-03", "2024-03-05"]
        );
        assert_eq!(
            labels("2024-05-31T05:00", "2024-06-01T01:00", 2),
            ["2024-05-31 12:00", "2024-06-01 00:00"]
        );
        assert_eq!(
            labels("2024-05-31T12:30", "2024-05-31T12:31", 2),
            ["2024-05-31 12:30:00", "2024-05-31 12:30:30", "2024-05-31 12:31:00"]
        );
        assert_eq!(
            labels("1969-12-30", "1970-01-02", 4),
            ["1969-12-30", "1969-12-31", "1970-01-01", "1970-01-02"]
        );
    }

    #[test]
    fn ticks_are_at_the_start_of_their_dates() {
        let ticks = dates([0.0, 400.0 * DAY], 3);
        assert_eq!(ticks.iter().map(|tick| tick.at / DAY).collect::<Vec<_>>(), [0.0, 181.0, 365.0]);
        assert!(dates([0.0, 1e300], 5).is_empty());
    }

    proptest! {
        #[test]
        fn ticks_are_in_range_and_have_distinct_labels(low in -8e12f64..8e12, power in 3.5f64..13.5, n in 2usize..12) {
            let span = 10f64.powf(power);
            let ticks = dates([low + span, low], n);
            prop_assert!(ticks.len() <= 2 * n + 1, "{:?}", ticks);
            prop_assert!(ticks.iter().all(|t| t.at >= low - 1e-6 * span && t.at <= low + span * (1.0 + 1e-6)));
            prop_assert!(ticks.windows(2).all(|w| w[0].at < w[1].at && w[0].label != w[1].label), "{:?}", ticks);
        }
    }
}
