//! `metadata`, which every object carries.

use serde::Deserialize;

use super::lean::{self, Annotations, List, Pairs, Text};

/// The parts of `metav1.ObjectMeta` (`k8s.io/apimachinery/pkg/apis/meta/v1/types.go`) that are
/// read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct Meta<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) namespace: Text<'a>,
    pub(crate) uid: Text<'a>,
    pub(crate) resource_version: Text<'a>,
    pub(crate) creation_timestamp: Text<'a>,
    pub(crate) deletion_timestamp: Text<'a>,
    pub(crate) labels: Pairs<'a>,
    pub(crate) annotations: Annotations<'a>,
    pub(crate) owner_references: List<OwnerReference<'a>>,
}

/// Who made an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct OwnerReference<'a> {
    pub(crate) api_version: Text<'a>,
    pub(crate) kind: Text<'a>,
    pub(crate) name: Text<'a>,
    pub(crate) uid: Text<'a>,
    pub(crate) controller: Option<bool>,
}

impl<'a> Meta<'a> {
    /// The namespace of a namespaced object; manifests leave `default` out.
    pub(crate) fn namespace(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }

    /// What a pod's deletion costs (`GetDeletionCostFromPodAnnotations`,
    /// `pkg/apis/core/helper/helpers.go`, v1.36.3): zero where it says nothing that can be read.
    pub(crate) fn deletion_cost(&self) -> i32 {
        let cost = self.annotations.get(lean::DELETION_COST).unwrap_or_default();
        let is_plain = !cost.starts_with('+') && (cost == "0" || !cost.starts_with('0'));
        if is_plain { cost.parse().unwrap_or(0) } else { 0 }
    }

    /// Being deleted.
    pub(crate) fn terminating(&self) -> bool {
        !self.deletion_timestamp.is_empty()
    }

    /// The owner that controls the object (`metav1.GetControllerOf`).
    pub(crate) fn controller(&self) -> Option<&OwnerReference<'a>> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }
}

/// Seconds since 1970 of an RFC 3339 time (`2024-05-06T07:08:09Z`, fractions and offsets allowed).
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let local = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(local - offset(zone)?)
}

/// Days from 1970-01-01 of a date (`2024-05-06`), which must be in the calendar.
pub(crate) fn date(text: &str) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let is_whole = text.len() == 10 && parts.next().is_none();
    let longest = LENGTHS.get(usize::try_from(month - 1).ok()?)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let is_day = (1..=*longest).contains(&day) && (leap || (month, day) != (2, 29));
    (is_whole && is_day).then(|| days(year, month, day))
}

/// Days from 1970-01-01, proleptic Gregorian (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Seconds east of UTC of `Z` or `+01:30`.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let hours: i64 = zone.get(1..3)?.parse().ok()?;
    let minutes: i64 = zone.get(4..6)?.parse().ok()?;
    Some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_days() {
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2024-02-29").map(|days| days * 86_400), seconds("2024-02-29T00:00:00Z"));
        for wrong in ["2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "2024-01-32", "soon"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_become_seconds() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2024-02-29T12:00:01Z"), Some(1_709_208_001));
        assert_eq!(seconds("2024-02-29T13:30:01.25+01:30"), Some(1_709_208_001));
        assert_eq!(seconds("1969-12-31T23:59:59Z"), Some(-1));
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds(""), None);
    }
}
