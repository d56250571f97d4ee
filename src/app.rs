//! The composition root: config, adapters, store, terminal and loop put together.
