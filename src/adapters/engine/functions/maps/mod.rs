//! Maps. A key occurs once and is never NULL.

mod entries;
mod functions;
#[cfg(test)]
mod tests;

pub(super) use entries::{Entries, build, map_and_key, multimap, value_at, value_type};
pub(super) use functions::functions;
