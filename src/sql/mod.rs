//! SQL as text: no plan, no data, no I/O.

pub mod parameters;
