//! The programs that these tests run beside `acctq`.

use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Home, Run};

/// A program in a bare environment of its own home; `package` is the Debian package that has it.
pub fn program(home: &Home, name: &str, package: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let file = std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| missing(name, package));
    let mut command = Command::new(file);
    command.env_clear().env("PATH", path).env("HOME", home.path()).env("LC_ALL", "C.UTF-8").current_dir(home.path());
    command
}

/// Debian's Python, which has the modules of Debian's packages, with a script that needs `module`.
pub fn python(home: &Home, module: &str, package: &str, script: &str) -> Run {
    interpreter(home, "/usr/bin/python3", &format!("import {module}"), package, script)
}

/// Debian's Perl, likewise.
pub fn perl(home: &Home, module: &str, package: &str, script: &str) -> Run {
    interpreter(home, "/usr/bin/perl", &format!("use {module}"), package, script)
}

fn interpreter(home: &Home, file: &str, check: &str, package: &str, script: &str) -> Run {
    let flag = if file.ends_with("perl") { "-e" } else { "-c" };
    let command = |script: &str| {
        let mut command = Command::new(file);
        command.env_clear().env("HOME", home.path()).env("LC_ALL", "C.UTF-8").args([flag, script]);
        command
    };
    if !PathBuf::from(file).is_file() || Run::of(command(check)).run().code != 0 {
        missing(check, package);
    }
    Run::of(command(script))
}

fn missing(what: &str, package: &str) -> ! {
    panic!("`{what}` is not there; install it: apt-get install {package}");
}

/// The file of this repository.
pub fn repository(file: &str) -> String {
    format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))
}
