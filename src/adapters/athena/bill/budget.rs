//! Budgets: what one query, and all of a profile's in a day, may cost before a person is asked.

use crate::domain::cost::{Price, Usd};
use crate::domain::query::ScanEstimate;

/// What the profile allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budgets {
    /// US dollars for all queries of a day.
    pub(super) total_usd: Option<f64>,
    /// US dollars for one query.
    pub(super) query_usd: Option<f64>,
    /// What scanning costs.
    pub(super) price: Option<Price>,
}

impl Budgets {
    /// Whether there is any.
    pub(super) fn any(&self) -> bool {
        self.total_usd.is_some() || self.query_usd.is_some()
    }

    /// Why a person must be asked before a query that scans something; `None` where they need not.
    /// A range counts with its upper end, and with its lower end where there is no other.
    pub(super) fn question(
        &self,
        estimate: &ScanEstimate,
        spent: Usd,
        filtered: bool,
    ) -> Option<String> {
        if !self.any() {
            return None;
        }
        let Some(price) = self.price else {
            return Some(
                "the profile has a budget and no price, so that nobody knows whether it is kept \
                 (set `usd_per_tb`)"
                    .to_owned(),
            );
        };
        let mut reasons = Vec::new();
        if estimate.bytes == 0 && estimate.bytes_at_most.is_none() && !filtered {
            reasons.push(
                "nothing tells what it scans, and no predicate on time narrows it".to_owned(),
            );
        }
        let cost = price.of(estimate.bytes_at_most.unwrap_or(estimate.bytes));
        let may = match estimate.bytes_at_most {
            Some(_) => "it may cost up to",
            None => "it costs at least",
        };
        if let Some(budget) = self.query_usd.filter(|budget| cost > Usd(*budget)) {
            reasons.push(format!(
                "{may} {cost}, and one query may cost {}",
                Usd(budget)
            ));
        }
        if let Some(budget) = self.total_usd.filter(|budget| spent + cost > Usd(*budget)) {
            reasons.push(format!(
                "{may} {cost}, and {spent} of the budget of {} went in the last 24 hours",
                Usd(budget)
            ));
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
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

    fn budgets(total_usd: Option<f64>, query_usd: Option<f64>) -> Budgets {
        Budgets {
            total_usd,
            query_usd,
            price: Some(PRICE),
        }
    }

    fn scans(bytes: u64, bytes_at_most: Option<u64>) -> ScanEstimate {
        ScanEstimate {
            bytes,
            bytes_at_most,
            ..ScanEstimate::default()
        }
    }

    #[test]
    fn the_upper_end_counts_and_the_lower_where_there_is_none() {
        let one = budgets(None, Some(1.0));
        let asks = |estimate: &ScanEstimate| one.question(estimate, Usd(9.0), true);
        assert_eq!(asks(&scans(0, Some(200_000_000_000))), None);
        let up_to = asks(&scans(0, Some(300_000_000_000))).unwrap();
        assert_eq!(
            up_to,
            "it may cost up to 1.50 USD, and one query may cost 1.00 USD"
        );
        assert_eq!(asks(&scans(1_000, None)), None);
        let at_least = asks(&scans(300_000_000_000, None)).unwrap();
        assert!(at_least.starts_with("it costs at least 1.50"), "{at_least}");
    }

    #[test]
    fn what_was_spent_counts_with_what_is_to_come() {
        let day = budgets(Some(5.0), None);
        let estimate = scans(0, Some(200_000_000_000));
        assert_eq!(day.question(&estimate, Usd(3.9), true), None);
        let asks = day.question(&estimate, Usd(4.5), true).unwrap();
        assert!(
            asks.contains("4.50 USD of the budget of 5.00 USD"),
            "{asks}"
        );
    }

    #[test]
    fn what_nobody_knows_is_asked_about_unless_time_narrows_it() {
        let day = budgets(Some(5.0), None);
        assert_eq!(day.question(&scans(0, None), Usd(0.0), true), None);
        let asks = day.question(&scans(0, None), Usd(0.0), false).unwrap();
        assert!(asks.contains("nothing tells"), "{asks}");
        assert_eq!(
            budgets(None, None).question(&scans(0, None), Usd(9.0), false),
            None
        );
        let unpriced = Budgets { price: None, ..day };
        let asks = unpriced
            .question(&scans(0, Some(1)), Usd(0.0), true)
            .unwrap();
        assert!(asks.contains("usd_per_tb"), "{asks}");
    }

    proptest! {
        #[test]
        fn what_passes_within_a_budget_stays_within_it(
            least in 0..2_000_000_000_000_u64, more in 0..2_000_000_000_000_u64,
            spent in 0.0..20.0_f64, total in 0.0..20.0_f64, query in 0.0..20.0_f64,
        ) {
            let most = least + more;
            let asked = budgets(Some(total), Some(query))
                .question(&scans(least, Some(most)), Usd(spent), true);
            let dearest = PRICE.of(most);
            let within = dearest <= Usd(query) && Usd(spent) + dearest <= Usd(total);
            prop_assert_eq!(asked.is_none(), within);
        }
    }
}
