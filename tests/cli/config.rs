//! The configuration file: where it is, who may read it, what it may hold.
