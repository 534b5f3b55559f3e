//! Exact resource quantities.
//!
//! Models `k8s.io/apimachinery/pkg/api/resource/quantity.go` (v0.36.3): decimal and binary
//! suffixes, exponents, rounding up to nano units, capping at 2^63-1.

/// A quantity in whole nano units (10^-9), the finest that Kubernetes keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    nanos: i128,
}

/// Why a text is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantityError {
    /// Nothing there.
    Empty,
    /// Not a number, or two signs, or two points.
    Number,
    /// A suffix that Kubernetes does not know.
    Suffix,
}

const NANO: i128 = 1_000_000_000;
/// Upstream caps every quantity at the largest 64-bit integer (`maxAllowed`).
const MAX: i128 = i64::MAX as i128 * NANO;
/// More digits than this cannot change a capped or nano-rounded value's meaning, and keep 128 bits
/// safe.
const DIGITS_MAX: usize = 28;

impl Quantity {
    /// The quantity of `units` whole units.
    pub fn from_units(units: i64) -> Self {
        Self { nanos: i128::from(units) * NANO }
    }

    /// The quantity of `milli` thousandths.
    pub fn from_milli(milli: i64) -> Self {
        Self { nanos: i128::from(milli) * (NANO / 1000) }
    }

    /// Reads what the API server accepts: `94701m`, `1k`, `3911036Ki`, `1.5Gi`, `12e6`, `.5`, `-1`.
    ///
    /// # Errors
    /// Which part of the text is wrong.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let (negative, unsigned) = split_sign(text)?;
        let number_end =
            unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(number_end);
        let (digits, scale) = decimal(number)?;
        let magnitude = scaled(&digits, scale, &Unit::parse(suffix)?).min(MAX);
        Ok(Self { nanos: if negative { -magnitude } else { magnitude } })
    }

    /// Whole units, rounded away from zero as `Quantity.Value` does.
    pub fn value(self) -> i64 {
        div_away(self.nanos, NANO)
    }

    /// Thousandths, rounded away from zero as `Quantity.MilliValue` does.
    pub fn milli_value(self) -> i64 {
        div_away(self.nanos, NANO / 1000)
    }

    /// Below zero.
    pub fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// Exactly zero.
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }
}

impl std::ops::Add for Quantity {
    type Output = Self;

    /// The sum, capped as upstream caps.
    fn add(self, other: Self) -> Self {
        Self { nanos: (self.nanos + other.nanos).clamp(-MAX, MAX) }
    }
}

impl std::ops::Sub for Quantity {
    type Output = Self;

    /// The difference, capped as upstream caps.
    fn sub(self, other: Self) -> Self {
        Self { nanos: (self.nanos - other.nanos).clamp(-MAX, MAX) }
    }
}

/// What the suffix multiplies by.
enum Unit {
    /// A power of ten.
    Decimal(i32),
    /// A power of two.
    Binary(u32),
}

impl Unit {
    fn parse(suffix: &str) -> Result<Self, QuantityError> {
        Ok(match suffix {
            "" => Self::Decimal(0),
            "n" => Self::Decimal(-9),
            "u" => Self::Decimal(-6),
            "m" => Self::Decimal(-3),
            "k" => Self::Decimal(3),
            "M" => Self::Decimal(6),
            "G" => Self::Decimal(9),
            "T" => Self::Decimal(12),
            "P" => Self::Decimal(15),
            "E" => Self::Decimal(18),
            "Ki" => Self::Binary(10),
            "Mi" => Self::Binary(20),
            "Gi" => Self::Binary(30),
            "Ti" => Self::Binary(40),
            "Pi" => Self::Binary(50),
            "Ei" => Self::Binary(60),
            _ => Self::Decimal(exponent(suffix)?),
        })
    }
}

fn split_sign(text: &str) -> Result<(bool, &str), QuantityError> {
    match text.as_bytes().first() {
        None => Err(QuantityError::Empty),
        Some(b'-') => Ok((true, &text[1..])),
        Some(b'+') => Ok((false, &text[1..])),
        Some(_) => Ok((false, text)),
    }
}

/// `e6`, `E-3` and the like.
fn exponent(suffix: &str) -> Result<i32, QuantityError> {
    let digits = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
    digits.parse().map_err(|_| QuantityError::Suffix)
}

/// The digits of a decimal number without its point, and how many of them follow the point.
fn decimal(number: &str) -> Result<(String, i32), QuantityError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return Err(QuantityError::Number);
    }
    let digits = format!("{whole}{fraction}");
    let scale = i32::try_from(fraction.len()).map_err(|_| QuantityError::Number)?;
    Ok((digits.trim_start_matches('0').to_owned(), scale))
}

/// `digits · 10^-scale · unit` in nano units, rounded up, at most [`MAX`].
fn scaled(digits: &str, scale: i32, unit: &Unit) -> i128 {
    let (power, bits) = match unit {
        Unit::Decimal(power) => (i64::from(*power), 0),
        Unit::Binary(bits) => (0, *bits),
    };
    // Digits beyond what 128 bits hold can only be a fraction to round up, or a value to cap.
    let kept = digits.len().min(DIGITS_MAX);
    let cut = digits.len() - kept;
    let mut value: i128 =
        digits[..kept].bytes().fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let lost = digits[kept..].bytes().any(|digit| digit != b'0');
    if value == 0 {
        return 0;
    }
    let exponent = power + 9 - i64::from(scale) + i64::try_from(cut).unwrap_or(i64::MAX / 2);
    let mut divisor_exponent = 0;
    if exponent >= 0 {
        for _ in 0..exponent {
            value = value.saturating_mul(10);
            if value > MAX {
                return MAX;
            }
        }
    } else {
        divisor_exponent = -exponent;
    }
    // Binary suffixes first, then the division, so that 1.5Gi is exact and only the end is rounded.
    for _ in 0..bits {
        value = value.saturating_mul(2);
    }
    divide_up(value, divisor_exponent, lost)
}

/// `value / 10^exponent`, rounded up, one more if digits were cut off before.
fn divide_up(mut value: i128, exponent: i64, lost: bool) -> i128 {
    let mut remainder = lost;
    for _ in 0..exponent.min(64) {
        remainder |= value % 10 != 0;
        value /= 10;
    }
    value + i128::from(remainder)
}

/// Division rounding away from zero, capped to 64 bits.
fn div_away(value: i128, by: i128) -> i64 {
    let magnitude = (value.abs() + by - 1) / by;
    let signed = if value < 0 { -magnitude } else { magnitude };
    i64::try_from(signed).unwrap_or(if signed < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milli(text: &str) -> i64 {
        Quantity::parse(text).unwrap().milli_value()
    }

    fn value(text: &str) -> i64 {
        Quantity::parse(text).unwrap().value()
    }

    #[test]
    fn reads_what_exports_hold() {
        assert_eq!(milli("94701m"), 94_701);
        assert_eq!(value("1k"), 1000);
        assert_eq!(value("3911036Ki"), 3_911_036 * 1024);
        assert_eq!(value("1.5Gi"), 1_610_612_736);
        assert_eq!(value("12e6"), 12_000_000);
        assert_eq!(value("12E6"), 12_000_000);
        assert_eq!(value("2E"), 2_000_000_000_000_000_000);
        assert_eq!(milli(".5"), 500);
        assert_eq!(milli("5."), 5000);
        assert_eq!(value("-3"), -3);
    }

    #[test]
    fn rounds_away_from_zero() {
        assert_eq!(value("100m"), 1);
        assert_eq!(milli("1u"), 1);
        assert_eq!(milli("-1u"), -1);
        assert_eq!(Quantity::parse("0.0000000001").unwrap(), Quantity::parse("1n").unwrap());
        assert_eq!(value("0.1Ki"), 103);
    }

    #[test]
    fn caps_the_absurd() {
        assert_eq!(value("9999999999999999999999999999999999999999"), i64::MAX);
        assert_eq!(value("10E"), i64::MAX);
        assert_eq!(value("1e400"), i64::MAX);
        assert_eq!(milli("8Ei"), i64::MAX);
        assert_eq!(value("1e-400"), 1);
    }

    #[test]
    fn refuses_what_the_api_server_refuses() {
        assert_eq!(Quantity::parse(""), Err(QuantityError::Empty));
        for text in ["-", ".", "1.2.3", "abc", "--1"] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
        for text in ["1Kii", "1 Gi", "1e", "1gi", "5K"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::Suffix), "{text}");
        }
    }
}
