//! The proof, rule by rule.

mod rules;
