//! The commands of the README, with what it says they print: shared by the tests that run those that need nothing beyond
//! the Rust toolchain, and those that need more.

use std::path::Path;
use std::process::Command;

use crate::harness::Home;

/// A command behind `$ ` in a `console` block, and the lines below it.
pub struct Shown {
    pub line: String,
    pub output: Vec<String>,
}

impl Shown {
    /// Whether it takes programs that are no part of the Rust toolchain: then the system tests run it.
    pub fn needs_more(&self) -> bool {
        ["jq", "curl"]
            .iter()
            .any(|program| self.line.contains(program))
    }
}

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The block of that language that holds `word`.
pub fn block(language: &str, word: &str) -> String {
    let readme = readme();
    let fence = format!("```{language}\n");
    let mut blocks = readme
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks
        .find(|block| block.contains(word))
        .expect("such a block")
        .to_owned()
}

/// All of them, in order.
pub fn commands() -> Vec<Shown> {
    let readme = readme();
    let mut commands: Vec<Shown> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(line) => commands.push(Shown {
                    line: line.to_owned(),
                    output: Vec::new(),
                }),
                None => commands.last_mut().unwrap().output.push(line.to_owned()),
            }
        }
    }
    commands
}

/// Runs it in a shell, with the program under test, and compares what both streams show, `…` standing for anything.
pub fn run(home: &Home, shown: &Shown) {
    let bin = Path::new(env!("CARGO_BIN_EXE_acctq")).parent().unwrap();
    // The newcomer's command builds first; here, that has happened.
    let line = shown.line.replace("cargo run --quiet -- ", "acctq ");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
    let output = Command::new("/bin/sh")
        .args(["-c", &format!("exec 2>&1; {line}")])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", path)
        .current_dir(home.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if shown.output.is_empty() {
        assert!(output.status.success(), "{line}\n{text}");
    } else {
        assert!(
            alike(&shown.output.join("\n"), text.trim_end()),
            "{line}\n--- shown\n{}\n--- printed\n{text}",
            shown.output.join("\n")
        );
    }
}

/// Whether `text` is `pattern`, with `…` standing for anything.
fn alike(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap()) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    match last {
        None => rest.is_empty(),
        Some(last) => last.is_empty() || rest.is_empty(),
    }
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(
        alike("a…c", "abbc") && alike("a…", "abc") && alike("abc", "abc") && alike("…", "x\ny")
    );
    assert!(!alike("a…c", "abcd") && !alike("abc", "abcd") && !alike("b…", "abc"));
}
