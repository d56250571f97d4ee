//! Objects are read as queries read them, and damage is a fault.
