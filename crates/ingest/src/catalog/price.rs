//! Prices, exactly as they are written.

use std::fmt;

/// What a node costs, in billionths of the currency's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i128);

/// For how long a price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// An hour.
    Hour,
    /// A month.
    Month,
}

impl Per {
    /// As the file has it.
    pub fn named(text: &str) -> Option<Self> {
        match text {
            "hour" => Some(Self::Hour),
            "month" => Some(Self::Month),
            _ => None,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Month => "month",
        }
    }
}

/// Digits behind the point.
const DECIMALS: usize = 9;

impl Price {
    /// Reads a plain decimal number above zero.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.starts_with('-') {
            return Err("a price is more than zero");
        }
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(part) || text.ends_with('.') {
            return Err("not a plain decimal number");
        }
        if part.len() > DECIMALS || whole.len() > 15 {
            return Err("more digits than a price has");
        }
        let number = format!("{whole}{part:0<DECIMALS$}").parse::<i128>();
        match number {
            Ok(0) => Err("a price is more than zero"),
            Ok(number) => Ok(Self(number)),
            Err(_) => Err("not a plain decimal number"),
        }
    }

    /// So many at this price.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0 * i128::from(count))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// So many billionths of the currency's unit.
    pub fn of_billionths(billionths: i128) -> Self {
        Self(billionths)
    }

    /// Billionths of the currency's unit.
    pub fn billionths(self) -> i128 {
        self.0
    }
}

impl fmt::Display for Price {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_i128.pow(DECIMALS as u32);
        let (whole, part) = (self.0 / unit, self.0 % unit);
        let part = format!("{part:0DECIMALS$}");
        let part = part.trim_end_matches('0');
        // Cents are written whole.
        write!(out, "{whole}.{part:0<2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        let written = |text: &str| Price::parse(text).map(|price| price.to_string());
        assert_eq!(written("0.1"), Ok("0.10".to_owned()));
        assert_eq!(written("12"), Ok("12.00".to_owned()));
        assert_eq!(written("0.012345678"), Ok("0.012345678".to_owned()));
        let three = Price::parse("0.1").unwrap().times(3).plus(Price::parse("0.02").unwrap());
        assert_eq!(three.to_string(), "0.32");
        for wrong in ["0", "0.00", "-1", "1e3", "", ".5", "5.", "1,5", "0.0000000001", "free"] {
            assert!(Price::parse(wrong).is_err(), "{wrong}");
        }
    }
}
