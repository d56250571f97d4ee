//! Entering and leaving the terminal; synchronized frames.
