//! The only way from data to screen text.
