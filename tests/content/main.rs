//! The shipped templates and playbooks: each is well formed, runs, and finds what it is for.

mod lake;
mod playbooks;
mod templates;
