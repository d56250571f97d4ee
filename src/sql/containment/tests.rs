//! The proof, rule by rule; on data in [`pairs`] and [`investigation`].

mod desk;
mod investigation;
mod pairs;
mod rules;
