//! Durations as Kubernetes writes them.

/// Whole seconds of a duration such as `50s`, `5m` or `1m30s`, rounded up; `None` for what is none
/// (`time.ParseDuration` of Go, without signs and without units below milliseconds).
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut milliseconds = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: i64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let of_unit = match &unit[..end] {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        milliseconds = milliseconds.checked_add(amount.checked_mul(of_unit)?)?;
        rest = &unit[end..];
    }
    (!text.is_empty()).then(|| milliseconds.div_euclid(1_000) + i64::from(milliseconds % 1_000 > 0))
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_are_read_as_kubernetes_writes_them() {
        assert_eq!(seconds("50s"), Some(50));
        assert_eq!(seconds("1m30s"), Some(90));
        assert_eq!(seconds("1h"), Some(3_600));
        assert_eq!(seconds("1500ms"), Some(2));
        for wrong in ["", "50", "s", "-5s", "5 s", "5d", "99999999999999999999s"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
