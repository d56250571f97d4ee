//! Aggregates that DataFusion lacks or means otherwise. Most gather entries of a few columns,
//! shrink them as they grow, and make the result of what is left ([`gather`]), for all groups
//! together ([`entries`]); those that pick one row keep only that ([`best`]). Rows with a NULL key do not count.

mod best;
mod entries;
mod gather;
mod maps;
mod numbers;
mod percentile;
mod sets;
mod simple;
mod sums;

use datafusion::logical_expr::AggregateUDF;

use super::kernel::{Family, FunctionDoc};

/// An aggregate with what a person is told about it.
pub(super) struct Aggregate {
    pub(super) doc: FunctionDoc,
    pub(super) function: AggregateUDF,
}

pub(super) fn functions() -> Vec<Aggregate> {
    let mut all = best::functions();
    all.extend(gather::functions());
    all.extend(simple::functions());
    all.extend(sums::functions());
    all
}

const fn doc(name: &'static str, signature: &'static str, purpose: &'static str) -> FunctionDoc {
    FunctionDoc {
        name,
        aliases: &[],
        family: Family::Aggregates,
        signature,
        purpose,
        note: "",
    }
}

#[cfg(test)]
mod tests;
