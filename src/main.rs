//! The binary: all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    acctq::run(
        &std::env::args_os().collect::<Vec<_>>(),
        acctq::config::Environment::of_process(),
    )
}
