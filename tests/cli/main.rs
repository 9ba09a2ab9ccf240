//! The program as its users run it: one binary, a file per feature.
#![allow(missing_docs, clippy::format_collect, clippy::unwrap_used)]
// The system tests share `harness` and `wire`, and either uses its part of them.
#![allow(dead_code)]

mod auth;
mod batch;
mod check;
mod commands;
mod compare;
mod config;
mod documents;
mod every_fault;
mod exit_codes;
mod expressions;
mod fields;
mod harness;
mod http;
mod ids;
mod list;
mod output;
mod process;
mod properties;
mod proxy;
mod readme;
mod readme_commands;
mod sandbox;
mod streams;
mod terminal;
mod tls;
mod tokens;
mod wait;
mod wire;

#[test]
fn no_file_is_forgotten() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let listed = std::fs::read_to_string(here.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(here).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap_or("main");
        assert!(module == "main" || listed.contains(&format!("mod {module};")), "{name} is in no test");
    }
}
