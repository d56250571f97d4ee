//! Configuration file, paths and shipped content.
