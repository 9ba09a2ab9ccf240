//! What needs programs beyond the Rust toolchain: real shells, man, nginx, tinyproxy, curl, jq, Python, Perl, time, xmllint,
//! namespaces. One that is missing is a failure that names its Debian package; `.ci/run` installs them all.
#![allow(missing_docs, clippy::format_collect, clippy::unwrap_used)]
// `every_fault`, `harness`, `readme_commands` and `wire` belong to the other tests, and only a part of them is used here.
#![allow(dead_code)]

#[path = "../cli/every_fault.rs"]
mod every_fault;
#[path = "../cli/harness.rs"]
mod harness;
#[path = "../cli/readme_commands.rs"]
mod readme_commands;
#[path = "../cli/wire.rs"]
mod wire;

mod children;
mod curl;
mod https;
mod junit;
mod list;
mod man;
mod many;
mod namespaces;
mod patience;
mod programs;
mod proxy;
mod readers;
mod shells;
mod terminals;
mod tls;

#[test]
fn no_file_is_forgotten() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system");
    let listed = std::fs::read_to_string(here.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(here).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs") else {
            // What a test reads.
            continue;
        };
        assert!(module == "main" || listed.contains(&format!("mod {module};")), "{name} is in no test");
    }
}
