//! What a plain YAML scalar means in JSON, as `kubectl` reads it.
//!
//! kubectl reads YAML through sigs.k8s.io/yaml, which resolves plain scalars by the rules of
//! YAML 1.1 with some of 1.2: `yes`, `on` and `y` are booleans, `010` and `0o10` are eight, `1_000`
//! is a thousand, and a float with a whole value prints as an integer. Quoted scalars are strings.
//! What departs from it: fractions and integers of more than 64 bits are passed on as written,
//! where Go would round them to a double, and `.inf`, which JSON cannot say, is a string.

use std::{borrow::Cow, fmt::Write};

/// What a scalar is in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    /// `null`, `true`, `false` or a number, as JSON writes it.
    Literal(Cow<'a, str>),
    /// A string.
    Text(Cow<'a, str>),
}

/// Resolves a plain scalar.
pub(super) fn plain(text: Cow<'_, str>) -> Scalar<'_> {
    let literal = match &*text {
        "" | "~" | "null" | "Null" | "NULL" => "null",
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => "true",
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            "false"
        }
        _ => return number(text),
    };
    Scalar::Literal(Cow::Borrowed(literal))
}

fn number(text: Cow<'_, str>) -> Scalar<'_> {
    let starts = text.bytes().next().is_some_and(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.'));
    if !starts {
        return Scalar::Text(text);
    }
    if plain_decimal(&text) {
        return Scalar::Literal(text);
    }
    match integer(&text).or_else(|| float(&text)) {
        Some(number) => Scalar::Literal(Cow::Owned(number)),
        None => Scalar::Text(text),
    }
}

/// Whether JSON writes this integer the same way. Integers of any length pass exactly.
fn plain_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !digits.starts_with('0'))
}

/// An integer with a sign, a radix or underscores.
fn integer(text: &str) -> Option<String> {
    let text = text.replace('_', "");
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text.as_str()),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    // A second sign would be taken by `from_str_radix`.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    let sign = if value == 0 { "" } else { sign };
    Some(format!("{sign}{value}"))
}

/// A float: whole ones as integers, as Go prints them; others as written.
fn float(text: &str) -> Option<String> {
    let text = text.replace('_', "");
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let power = exponent.map(|power| power.strip_prefix(['-', '+']).unwrap_or(power));
    if power.is_some_and(|power| power.is_empty() || !digits(power)) {
        return None;
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    // Up to 1e21 Go's JSON encoder writes no exponent.
    if value.fract() == 0.0 && value.abs() < 1e21 {
        return Some(format!("{}", value as i128));
    }
    let mut number = String::with_capacity(text.len() + 2);
    if text.starts_with('-') {
        number.push('-');
    }
    let whole = whole.trim_start_matches('0');
    number.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        let _ = write!(number, ".{fraction}");
    }
    if let Some(exponent) = exponent {
        let _ = write!(number, "e{exponent}");
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn literal(yaml: &str, json: &str) {
        assert_eq!(plain(yaml.into()), Scalar::Literal(json.into()), "{yaml}");
        let _: serde_json::Value = serde_json::from_str(json).unwrap();
    }

    /// As measured with sigs.k8s.io/yaml v1.6.0.
    #[test]
    fn resolves_as_kubectl_does() {
        for (yaml, json) in [
            ("", "null"),
            ("~", "null"),
            ("yes", "true"),
            ("Off", "false"),
            ("12", "12"),
            ("-7", "-7"),
            ("+7", "7"),
            ("0", "0"),
            ("-0", "0"),
            ("0755", "493"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("1__0", "10"),
            ("1_000.5", "1000.5"),
            ("-0x1F", "-31"),
            ("-017", "-15"),
            ("0_7", "7"),
            ("00", "0"),
            ("+.5", "0.5"),
            ("5.", "5"),
            ("08.5", "8.5"),
            ("1E5", "100000"),
            ("1e3", "1000"),
            ("12e6", "12000000"),
            ("1.0", "1"),
            ("09", "9"),
            ("0.5", "0.5"),
            (".5", "0.5"),
            ("5.25e-3", "5.25e-3"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            literal(yaml, json);
        }
    }

    #[test]
    fn everything_else_is_a_string() {
        for yaml in [
            "1k",
            "94701m",
            "1.5Gi",
            "3911036Ki",
            "=",
            "-",
            ".",
            "+",
            "1:30",
            "10.0.0.1",
            "e3",
            "1e",
            "2020-03-31T18:40:21Z",
            "--1",
            "0x",
            "v1",
            ".inf",
            "1-2",
            "0-1",
            "Infinity",
            "nan",
        ] {
            assert_eq!(plain(yaml.into()), Scalar::Text(yaml.into()), "{yaml}");
        }
    }
}
