//! Looks up accounts in two billing APIs: a Connect connected account and a Partner billing account.
//!
//! [`run`] is the whole program. Dependencies point down: `commands` use `client`, `batch`, `expression`, `output`, `config` and
//! `sandbox`; these use `account`, which uses `json`, `error` and `text`.

pub mod account;
pub mod client;
pub mod config;
pub mod environment;
pub mod error;
pub mod expression;
pub mod json;
pub mod output;
pub mod process;
pub mod sandbox;
pub mod signals;
pub mod text;
pub mod batch;
