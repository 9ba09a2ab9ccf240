//! The binary: all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    acctq::run(&args, acctq::Environment::of_process())
}
