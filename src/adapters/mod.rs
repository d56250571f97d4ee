//! The outside world behind the ports: each room owns one kind of it and knows no other.

pub mod engine;
pub mod feed;
pub mod files;
pub mod kept;
pub mod results;
pub mod session;
