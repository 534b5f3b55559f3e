//! Times, without a clock.

use serde_json::Value;

use super::Object;
use crate::objects::meta::seconds;

/// When a story begins whose input knows no time: 2000-01-01T00:00:00Z.
const START: i64 = 946_684_800;

/// Fields that hold a time when something was.
const PAST: [&str; 5] =
    ["creationTimestamp", "lastHeartbeatTime", "lastTransitionTime", "startTime", "startedAt"];

/// The time at which the story begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: i64,
}

impl Clock {
    /// The newest time that any object tells of.
    pub(super) fn of<'o>(objects: impl Iterator<Item = &'o Object>) -> Self {
        Self { start: objects.filter_map(newest).max().unwrap_or(START) }
    }

    /// So many seconds into the story.
    pub(super) fn at(self, seconds: i64) -> String {
        render(self.start + seconds)
    }
}

fn newest(object: &Object) -> Option<i64> {
    let of_field = |(field, value): (&String, &Value)| match value {
        Value::String(text) if PAST.contains(&field.as_str()) => seconds(text),
        other => of_value(other),
    };
    object.iter().filter_map(of_field).max()
}

fn of_value(value: &Value) -> Option<i64> {
    match value {
        Value::Object(object) => newest(object),
        Value::Array(items) => items.iter().filter_map(of_value).max(),
        _ => None,
    }
}

/// Seconds since 1970 as RFC 3339 (the days by Howard Hinnant's `civil_from_days`).
fn render(time: i64) -> String {
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendered_times_are_read_as_they_were() {
        for time in [0, -1, 951_782_400, 1_709_208_001, 1_735_689_599, 4_107_542_400] {
            assert_eq!(seconds(&render(time)), Some(time), "{}", render(time));
        }
        assert_eq!(render(START), "2000-01-01T00:00:00Z");
    }
}
