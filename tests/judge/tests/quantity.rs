//! Quantities in their plain forms, by arithmetic that shares nothing with Holdfast's own.

const SUFFIXES: [(&str, i128); 16] = [
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("Ki", 1_000_000_000 << 10),
    ("Mi", 1_000_000_000 << 20),
    ("Gi", 1_000_000_000 << 30),
    ("Ti", 1_000_000_000 << 40),
    ("Pi", 1_000_000_000 << 50),
    ("k", 1_000_000_000_000),
    ("M", 1_000_000_000_000_000),
    ("G", 1_000_000_000_000_000_000),
    ("T", 1_000_000_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000_000_000),
    ("", 1_000_000_000),
    ("E", 0),
    ("e", 0),
];

/// Thousandths of a quantity, rounded up; `None` for forms that are not plain (exponents, signs).
pub(crate) fn milli(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (_, nanos) = SUFFIXES.iter().find(|(known, nanos)| *known == suffix && *nanos > 0)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Some(up(mantissa.checked_mul(*nanos)?, scale.checked_mul(1_000_000)?))
}

/// Whole units of thousandths, rounded up.
pub(crate) fn units(milli: i128) -> i128 {
    up(milli, 1000)
}

fn up(number: i128, by: i128) -> i128 {
    (number + by - 1) / by
}

#[test]
fn plain_forms_are_read() {
    assert_eq!(milli("1"), Some(1000));
    assert_eq!(milli("0.0001"), Some(1));
    assert_eq!(milli("250m"), Some(250));
    assert_eq!(milli("1.5Ki"), Some(1_536_000));
    assert_eq!(milli("1e3"), None);
    assert_eq!(units(1001), 2);
}
