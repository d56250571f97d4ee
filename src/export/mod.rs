//! Rows into bytes: one writer for each format.
