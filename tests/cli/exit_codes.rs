//! Each row of the exit-code table, for people and as JSON.
