//! THE store: state, events, effects and the pure update.
