//! The embedded engine.

pub mod functions;
