//! The demo lake: a deterministic generator of life-like OCSF events with an incident inside.
