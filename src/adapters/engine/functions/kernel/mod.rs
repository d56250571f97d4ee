//! What every family stands on: one way to declare a function (name, documentation, parameter
//! kinds, a loop over rows), typed access to the arguments whatever Arrow layout they arrive in,
//! and lists built by picking elements. Knows no function by name.

mod args;
mod columns;
mod define;
mod doc;
mod lists;
mod param;
mod zone;

pub(super) use args::Call;
pub(super) use columns::{Bytes, Texts, utc_time};
pub(super) use define::Function;
pub use doc::{Family, FunctionDoc};
pub(super) use lists::{Lists, Picks, comparable};
pub(super) use param::{Param, common_type, element_of, unexpected};
pub(super) use zone::Zone;
