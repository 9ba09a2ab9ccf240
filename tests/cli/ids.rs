//! What people paste as ids.
