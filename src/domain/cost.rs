//! What bytes cost. Prices come from the configuration: they differ by Region and change.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

/// What a service asks for scanning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// US dollars for a terabyte (10^12 bytes).
    pub usd_per_tb: f64,
    /// Bytes that every query pays for at least.
    pub minimum_bytes: u64,
}

impl Price {
    /// US dollars for a query that scans so many bytes; nothing scanned is nothing paid.
    pub fn of(&self, bytes: u64) -> Usd {
        if bytes == 0 {
            return Usd(0.0);
        }
        #[allow(clippy::cast_precision_loss, reason = "money is shown with few digits")]
        let terabytes = bytes.max(self.minimum_bytes) as f64 / 1e12;
        Usd(terabytes * self.usd_per_tb)
    }
}

/// US dollars.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Usd(pub f64);

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0.0), Add::add)
    }
}

impl fmt::Display for Usd {
    /// Cents for what is a cent or more, else as many digits as tell it from nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0.0 || self.0 >= 0.01 {
            write!(f, "{:.2} USD", self.0)
        } else {
            write!(f, "{:.5} USD", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRICE: Price = Price {
        usd_per_tb: 5.0,
        minimum_bytes: 10_000_000,
    };

    #[test]
    fn every_query_that_scans_pays_the_minimum() {
        assert_eq!(PRICE.of(0), Usd(0.0));
        assert_eq!(PRICE.of(1), PRICE.of(10_000_000));
        assert_eq!(PRICE.of(2_000_000_000_000), Usd(10.0));
    }

    #[test]
    fn small_money_is_not_rounded_to_nothing() {
        assert_eq!(PRICE.of(1).to_string(), "0.00005 USD");
        assert_eq!(Usd(1.005).to_string(), "1.00 USD");
        assert_eq!(Usd(0.0).to_string(), "0.00 USD");
    }

    proptest! {
        #[test]
        fn more_bytes_never_cost_less(bytes in any::<u64>(), more in any::<u64>()) {
            let (less, more) = (bytes.min(more), bytes.max(more));
            prop_assert!(PRICE.of(less) <= PRICE.of(more));
            prop_assert!(PRICE.of(more).0.is_finite());
        }

        #[test]
        fn a_sum_is_no_less_than_its_parts(bytes in proptest::collection::vec(any::<u32>(), 0..9)) {
            let parts: Vec<Usd> = bytes.iter().map(|bytes| PRICE.of(u64::from(*bytes))).collect();
            let sum: Usd = parts.iter().copied().sum();
            prop_assert!(parts.iter().all(|part| *part <= sum));
        }
    }
}
