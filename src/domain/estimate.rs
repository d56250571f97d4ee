//! What a query may scan: ranges of bytes from several sources, and what follows from them.

use std::fmt;

use super::cost::{Price, Usd};
use super::query::ScanEstimate;
use super::size::Size;

/// How much may be done to tell what a query would read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// While somebody types: from what is known here already.
    Quick,
    /// On demand: the service plans the statement, and the tables' own statistics are read.
    Full,
}

/// How large a table is, as its catalogue tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// Bytes of all its objects: more than any one scan of it reads.
    pub bytes: u64,
    /// Its rows, where that is told.
    pub rows: Option<u64>,
    /// Who tells it, such as `its Iceberg snapshot`.
    pub source: String,
}

/// Bytes from at least to at most. At least is never above at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    least: u64,
    most: Option<u64>,
}

impl Span {
    /// Exactly so many.
    pub fn exactly(bytes: u64) -> Self {
        Self {
            least: bytes,
            most: Some(bytes),
        }
    }

    /// Not more than so many.
    pub fn up_to(bytes: u64) -> Self {
        Self {
            least: 0,
            most: Some(bytes),
        }
    }

    /// From one to the other; the same the other way round.
    pub fn between(one: u64, other: u64) -> Self {
        Self {
            least: one.min(other),
            most: Some(one.max(other)),
        }
    }

    /// At least so many, and nobody knows how many at most.
    pub fn from(least: u64) -> Self {
        Self { least, most: None }
    }

    /// What an estimate says.
    pub fn of(estimate: &ScanEstimate) -> Self {
        Self {
            least: estimate.bytes,
            most: estimate.bytes_at_most.map(|most| most.max(estimate.bytes)),
        }
    }

    /// At least.
    pub fn least(self) -> u64 {
        self.least
    }

    /// At most; `None` where nothing tells.
    pub fn most(self) -> Option<u64> {
        self.most
    }

    /// What both allow; `None` where they contradict each other.
    #[must_use]
    pub fn both(self, other: Self) -> Option<Self> {
        let least = self.least.max(other.least);
        let most = match (self.most, other.most) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        most.is_none_or(|most| least <= most)
            .then_some(Self { least, most })
    }

    /// Whether so many bytes lie within.
    pub fn holds(self, bytes: u64) -> bool {
        self.least <= bytes && self.most.is_none_or(|most| bytes <= most)
    }
}

impl fmt::Display for Span {
    /// `1.2 GB to 3.4 GB`, `at most 3.4 GB`, `at least 1.2 GB`, or one figure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = Size(self.least);
        match self.most {
            None => write!(f, "at least {least}"),
            Some(most) if most == self.least => write!(f, "{least}"),
            Some(most) if self.least == 0 => write!(f, "at most {}", Size(most)),
            Some(most) => write!(f, "{least} to {}", Size(most)),
        }
    }
}

/// An estimate with the money that its bytes cost, and a note where the service would stop the run.
#[must_use]
pub fn settle(mut estimate: ScanEstimate, price: Option<Price>) -> ScanEstimate {
    estimate.cost = price.map(|price| {
        let most = estimate.bytes_at_most.map(|most| price.of(most));
        (price.of(estimate.bytes), most)
    });
    let note = cutoff_note(&estimate);
    estimate.notes.extend(note);
    estimate
}

/// Two estimates of one query in one: `counted` from the tables' own objects, `told` by the service
/// that would run it. What both allow where they agree, what was counted where they do not.
#[must_use]
pub fn combine(
    counted: ScanEstimate,
    mut told: ScanEstimate,
    price: Option<Price>,
) -> ScanEstimate {
    let (by_count, by_service) = (Span::of(&counted), Span::of(&told));
    if let Some(stale) = cutoff_note(&told) {
        told.notes.retain(|note| *note != stale);
    }
    let mut basis = counted.basis;
    if basis.is_empty() {
        basis.push(format!("counted in the tables' objects: {by_count}"));
    }
    let span = by_count.both(by_service).unwrap_or_else(|| {
        basis.push(format!(
            "what was counted goes before the rest, which says {by_service}"
        ));
        by_count
    });
    basis.append(&mut told.basis);
    let mut notes = counted.notes;
    notes.append(&mut told.notes);
    let combined = ScanEstimate {
        files: counted.files,
        files_known: counted.files_known,
        bytes: span.least(),
        bytes_at_most: span.most(),
        cost: None,
        cutoff_bytes: told.cutoff_bytes,
        basis,
        rows: counted.rows,
        tables: counted.tables,
        plan: match told.plan.is_empty() {
            true => counted.plan,
            false => told.plan,
        },
        notes,
        question: told.question,
    };
    settle(combined, price)
}

/// Money from at least to at most, as a person reads it.
pub fn money((least, most): (Usd, Option<Usd>)) -> String {
    match most {
        None => format!("at least {least}"),
        Some(most) if most == least => least.to_string(),
        Some(most) if least == Usd(0.0) => format!("at most {most}"),
        Some(most) => format!("{least} to {most}"),
    }
}

fn cutoff_note(estimate: &ScanEstimate) -> Option<String> {
    let cutoff = estimate.cutoff_bytes?;
    let stops = format!(
        "the workgroup stops a query at {} scanned, and bills it",
        Size(cutoff)
    );
    if estimate.bytes > cutoff {
        Some(format!("{stops}: this one would be stopped"))
    } else if estimate.bytes_at_most.is_some_and(|most| most > cutoff) {
        Some(format!("{stops}: this one may pass that"))
    } else {
        None
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

    fn estimate(bytes: u64, bytes_at_most: Option<u64>) -> ScanEstimate {
        ScanEstimate {
            bytes,
            bytes_at_most,
            ..ScanEstimate::default()
        }
    }

    #[test]
    fn a_range_reads_as_short_as_it_can() {
        for (span, text) in [
            (Span::exactly(5_000), "5.0 kB"),
            (Span::up_to(3_400_000_000), "at most 3.4 GB"),
            (
                Span::between(3_400_000_000, 1_200_000_000),
                "1.2 GB to 3.4 GB",
            ),
            (Span::from(0), "at least 0 B"),
        ] {
            assert_eq!(span.to_string(), text);
        }
        let money_of = |least, most: Option<f64>| money((Usd(least), most.map(Usd)));
        assert_eq!(money_of(0.0, Some(0.0)), "0.00 USD");
        assert_eq!(money_of(0.0, Some(2.0)), "at most 2.00 USD");
        assert_eq!(money_of(1.0, Some(2.0)), "1.00 USD to 2.00 USD");
        assert_eq!(money_of(1.0, None), "at least 1.00 USD");
    }

    #[test]
    fn money_and_the_cut_off_follow_from_the_bytes() {
        let cut = |bytes, most| {
            let mut estimate = estimate(bytes, most);
            estimate.cutoff_bytes = Some(1_000_000_000);
            settle(estimate, Some(PRICE))
        };
        let within = cut(1_000, Some(1_000_000_000));
        assert_eq!(within.cost, Some((Usd(0.00005), Some(Usd(0.005)))));
        assert!(within.notes.is_empty(), "{:?}", within.notes);
        assert!(cut(0, None).notes.is_empty());
        let may = cut(0, Some(1_000_000_001)).notes;
        assert!(may[0].ends_with("may pass that"), "{may:?}");
        let would = cut(1_000_000_001, None).notes;
        assert!(would[0].ends_with("would be stopped"), "{would:?}");
        assert_eq!(settle(estimate(1, None), None).cost, None);
    }

    #[test]
    fn what_was_counted_wins_and_says_so() {
        let mut told = estimate(0, Some(9_000_000_000));
        told.basis = vec!["the table's statistics".to_owned()];
        told.cutoff_bytes = Some(1_000_000_000);
        told.plan = "a plan".to_owned();
        let told = settle(told, Some(PRICE));
        assert_eq!(told.notes.len(), 1);

        let agreed = combine(estimate(500, Some(500)), told.clone(), Some(PRICE));
        assert_eq!((agreed.bytes, agreed.bytes_at_most), (500, Some(500)));
        assert!(agreed.notes.is_empty(), "{:?}", agreed.notes);
        assert_eq!(agreed.cutoff_bytes, Some(1_000_000_000));
        assert_eq!(agreed.plan, "a plan");
        assert!(agreed.basis[0].contains("counted"), "{:?}", agreed.basis);
        assert_eq!(agreed.basis[1], "the table's statistics");

        let less = ScanEstimate {
            bytes_at_most: Some(100),
            ..told
        };
        let contradicted = combine(estimate(500, Some(600)), less, None);
        assert_eq!(
            (contradicted.bytes, contradicted.bytes_at_most),
            (500, Some(600))
        );
        let basis = contradicted.basis.join("\n");
        assert!(basis.contains("goes before the rest"), "{basis}");
    }

    fn any_estimate() -> impl Strategy<Value = ScanEstimate> {
        (0..1_000_u64, proptest::option::of(0..1_000_u64)).prop_map(|(least, more)| {
            let most = more.map(|more| least + more);
            estimate(least, most)
        })
    }

    proptest! {
        #[test]
        fn a_combination_lies_in_what_was_counted(
            counted in any_estimate(), told in any_estimate(), truth in 0..2_000_u64,
        ) {
            let (by_count, by_service) = (Span::of(&counted), Span::of(&told));
            let combined = combine(counted, told, Some(PRICE));
            let span = Span::of(&combined);
            prop_assert!(combined.bytes_at_most.is_none_or(|most| combined.bytes <= most));
            prop_assert!(by_count.holds(span.least()));
            // What both sources allow stays allowed.
            if by_count.holds(truth) && by_service.holds(truth) {
                prop_assert!(span.holds(truth));
            }
            // What was not counted is not allowed.
            if !by_count.holds(truth) {
                prop_assert!(!span.holds(truth));
            }
            let (least, most) = combined.cost.unwrap();
            prop_assert!(most.is_none_or(|most| least <= most));
        }

        #[test]
        fn what_both_allow_is_what_each_allows(
            a in any_estimate(), b in any_estimate(), bytes in 0..2_000_u64,
        ) {
            let (a, b) = (Span::of(&a), Span::of(&b));
            let both = a.both(b);
            prop_assert_eq!(both, b.both(a));
            let within = both.is_some_and(|both| both.holds(bytes));
            prop_assert_eq!(within, a.holds(bytes) && b.holds(bytes));
        }
    }
}
