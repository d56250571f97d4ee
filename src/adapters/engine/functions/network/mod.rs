//! IP addresses and networks in CIDR notation.

pub(super) mod address;
mod functions;
mod readable;

pub(super) use functions::{functions, network_contains};
pub(crate) use readable::{readable, readable_type};
