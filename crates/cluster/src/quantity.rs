//! Exact resource quantities.
//!
//! Models `k8s.io/apimachinery/pkg/api/resource/{quantity,amount,math}.go` (v0.36.3): decimal and
//! binary suffixes, exponents, rounding up to nano units, binary ones capped at 2^63-1, and what
//! becomes of an amount that 64 bits do not hold.

/// A quantity in whole nano units (10^-9), the finest that Kubernetes keeps.
///
/// Equal amounts that are held in different forms are different quantities; [`Quantity::exceeds`]
/// compares amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quantity {
    nanos: i128,
    form: Form,
}

/// How upstream holds a quantity, which shows where 64 bits do not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// `int64Amount`: a 64-bit integer times this power of ten. Reads as zero where it does not
    /// fit.
    Integer(i32),
    /// `inf.Dec`, without bounds: reads as its low 64 bits.
    Decimal,
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
    /// So many digits that even sums of it are not kept track of here.
    Huge,
}

const NANO: i128 = 1_000_000_000;
const MILLI: i128 = NANO / 1000;
/// Upstream caps binary quantities at the largest 64-bit integer (`maxAllowed`).
const CAP: i128 = i64::MAX as i128 * NANO;
/// Larger amounts are refused: 128 bits hold the sum of a thousand of them.
const MAX: i128 = 100_000_000_000_000_000_000_000_000 * NANO;
/// Upstream holds at most so many digits in an integer (`maxInt64Factors`).
const INTEGER_DIGITS: usize = 18;
/// More digits than this cannot change a refused or nano-rounded value's meaning, and keep 128 bits
/// safe.
const DIGITS_MAX: usize = 36;

impl Default for Quantity {
    fn default() -> Self {
        Self::from_units(0)
    }
}

impl Quantity {
    /// The quantity of `units` whole units.
    pub fn from_units(units: i64) -> Self {
        Self { nanos: i128::from(units) * NANO, form: Form::Integer(0) }
    }

    /// The quantity of `milli` thousandths.
    pub fn from_milli(milli: i64) -> Self {
        Self { nanos: i128::from(milli) * MILLI, form: Form::Integer(-3) }
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
        let unit = Unit::parse(suffix)?;
        let mut magnitude = scaled(&digits, scale, &unit);
        if let Unit::Binary(_) = unit {
            magnitude = magnitude.min(CAP);
        }
        if magnitude > MAX {
            return Err(QuantityError::Huge);
        }
        let nanos = if negative { -magnitude } else { magnitude };
        Ok(Self { nanos, form: form(&digits, scale, &unit, magnitude) })
    }

    /// Whole units, rounded away from zero as `Quantity.Value` does.
    pub fn value(self) -> i64 {
        self.counted(NANO)
    }

    /// Thousandths, rounded away from zero as `Quantity.MilliValue` does.
    pub fn milli_value(self) -> i64 {
        self.counted(MILLI)
    }

    /// Whether 64 bits hold the whole units.
    pub fn fits_value(self) -> bool {
        i64::try_from(div_away(self.nanos, NANO)).is_ok()
    }

    /// Whether 64 bits hold the thousandths.
    pub fn fits_milli_value(self) -> bool {
        i64::try_from(div_away(self.nanos, MILLI)).is_ok()
    }

    /// `ScaledValue`.
    #[expect(clippy::cast_possible_truncation, reason = "as upstream's big.Int.Int64")]
    fn counted(self, by: i128) -> i64 {
        let whole = div_away(self.nanos, by);
        i64::try_from(whole).unwrap_or(match self.form {
            Form::Integer(_) => 0,
            Form::Decimal => whole as i64,
        })
    }

    /// Nothing finer than thousandths, which is all that the API server keeps of a resource list
    /// (`RoundUp`).
    #[must_use]
    pub fn rounded_up_to_milli(self) -> Self {
        let form = match self.form {
            Form::Integer(scale) => Form::Integer(scale.max(-3)),
            Form::Decimal => Form::Decimal,
        };
        Self { nanos: div_away(self.nanos, MILLI) * MILLI, form }
    }

    /// Whether it is more than the other.
    pub fn exceeds(self, other: Self) -> bool {
        self.nanos > other.nanos
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

    /// `Quantity.Add`: integers stay integers as long as one holds the sum.
    fn add(self, other: Self) -> Self {
        let nanos = self.nanos.saturating_add(other.nanos);
        let form = match (self.form, other.form) {
            (form, Form::Integer(_)) if other.is_zero() => form,
            (Form::Integer(_), form @ Form::Integer(_)) if self.is_zero() => form,
            (Form::Integer(own), Form::Integer(its)) => {
                let scale = own.min(its);
                let fits = |nanos: i128| i64::try_from(nanos / nanos_of(scale)).is_ok();
                let all_fit = [self.nanos, other.nanos, nanos].into_iter().all(fits);
                if all_fit { Form::Integer(scale) } else { Form::Decimal }
            }
            _ => Form::Decimal,
        };
        Self { nanos, form }
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

/// How upstream holds the amount: `ParseQuantity` tries an integer first, by the digits.
fn form(digits: &str, scale: i32, unit: &Unit, nanos: i128) -> Form {
    let decimals = usize::try_from(scale).unwrap_or(0);
    // Zeros before the point are not counted, but for one where there is nothing else.
    let length = digits.len().max(decimals + usize::from(digits.len() <= decimals));
    match unit {
        Unit::Decimal(power) if length <= INTEGER_DIGITS && power.saturating_sub(scale) >= -9 => {
            Form::Integer(power.saturating_sub(scale))
        }
        Unit::Binary(bits) if scale == 0 => {
            // About as many digits as 2^bits has.
            let short = length + (bits * 3 / 10) as usize <= 14;
            let fits = i64::try_from(nanos / NANO).is_ok();
            if short && fits { Form::Integer(0) } else { Form::Decimal }
        }
        _ => Form::Decimal,
    }
}

/// Nano units in a unit of this power of ten.
fn nanos_of(scale: i32) -> i128 {
    let power = u32::try_from(scale.saturating_add(9)).unwrap_or(0);
    10_i128.checked_pow(power).unwrap_or(i128::MAX)
}

/// `digits · 10^-scale · unit` in nano units, rounded up; anything above [`MAX`] where it is more.
fn scaled(digits: &str, scale: i32, unit: &Unit) -> i128 {
    let (power, bits) = match unit {
        Unit::Decimal(power) => (i64::from(*power), 0),
        Unit::Binary(bits) => (0, *bits),
    };
    // Digits beyond these can only be a fraction to round up, or make a value to refuse.
    let kept = digits.len().min(DIGITS_MAX);
    let cut = digits.len() - kept;
    let mut value: i128 =
        digits[..kept].bytes().fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let mut lost = digits[kept..].bytes().any(|digit| digit != b'0');
    if value == 0 {
        return 0;
    }
    let exponent = power + 9 - i64::from(scale) + i64::try_from(cut).unwrap_or(i64::MAX / 2);
    let mut divisor_exponent = 0;
    if exponent >= 0 {
        for _ in 0..exponent {
            value = value.saturating_mul(10);
            if value > MAX {
                return i128::MAX;
            }
        }
    } else {
        divisor_exponent = -exponent;
    }
    // Binary suffixes first, then the division, so that 1.5Gi is exact and only the end is rounded.
    let limit = i128::MAX >> bits;
    while value > limit && divisor_exponent > 0 {
        lost |= value % 10 != 0;
        value /= 10;
        divisor_exponent -= 1;
    }
    value = if value > limit { i128::MAX } else { value << bits };
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

/// Division rounding away from zero.
fn div_away(value: i128, by: i128) -> i128 {
    value / by + (value % by).signum()
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
        assert_eq!(Quantity::parse("0.0000000001").unwrap().nanos, 1);
        assert_eq!(value("0.1Ki"), 103);
    }

    /// Recorded from `resource.ParseQuantity` and `Add` (v0.36.3).
    #[test]
    fn what_64_bits_do_not_hold_reads_as_upstream_reads_it() {
        let sum = |a, b| Quantity::parse(a).unwrap() + Quantity::parse(b).unwrap();
        for (text, whole, thousandths) in [
            ("8Ei", i64::MAX, -1000),
            ("7.99Ei", 9_211_842_821_808_707_339, 6_917_529_027_641_081_856),
            ("1.000000000000000000000000001Ei", 1_152_921_504_606_846_977, -i64::MAX),
            ("9223372036854775807", i64::MAX, -1000),
            ("9223372036854775808", i64::MIN, 0),
            ("100000000000000000000", 7_766_279_631_452_241_920, 200_376_420_520_689_664),
            ("10E", 0, 0),
            ("1e16", 10_000_000_000_000_000, 0),
            ("1e-400", 1, 1),
        ] {
            assert_eq!((value(text), milli(text)), (whole, thousandths), "{text}");
        }
        for (a, b, whole) in [
            ("8Ei", "8Ei", -2),
            ("8Ei", "0", i64::MAX),
            ("5E", "5E", 0),
            ("9000000000000000000", "9000000000000000000", -446_744_073_709_551_616),
            ("10E", "0", 0),
            ("10E", "5", -8_446_744_073_709_551_611),
            ("0", "10E", 0),
        ] {
            assert_eq!(sum(a, b).value(), whole, "{a} + {b}");
        }
        assert_eq!(Quantity::parse("1e30"), Err(QuantityError::Huge));
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
