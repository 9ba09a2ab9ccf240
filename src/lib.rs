//! Looks up accounts in two billing APIs: a Connect connected account and a Partner billing account.

pub mod account;
pub mod config;
pub mod error;
pub mod escape;
pub mod json;
mod nearest;
pub mod output;
pub mod sandbox;
