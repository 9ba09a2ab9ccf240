//! What needs programs beyond the Rust toolchain: real shells, nginx, openssl, jq, Python.
#![allow(missing_docs, clippy::unwrap_used)]
