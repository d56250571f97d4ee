//! IP addresses and networks in CIDR notation.

pub(super) mod address;
mod functions;

pub(super) use functions::{functions, network_contains};
