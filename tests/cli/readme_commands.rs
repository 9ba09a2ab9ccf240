//! The commands of the README, with the output that it shows: shared with the system tests, which run those that need more than
//! the Rust toolchain.

use crate::harness::Home;

/// A command behind `$ ` in a `console` block, and the lines below it.
pub struct Shown {
    pub line: &'static str,
    pub output: Vec<&'static str>,
}

impl Shown {
    /// Whether it takes programs that are no part of the Rust toolchain.
    pub fn needs_more(&self) -> bool {
        self.line.contains("jq") || self.line.contains("curl")
    }
}

/// The blocks of that language.
pub fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let fenced = include_str!("../../README.md").split("```").skip(1).step_by(2);
    fenced.filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}

/// All of them, in order.
pub fn commands() -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for line in blocks("console").flat_map(str::lines) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (None, Some(last)) => last.output.push(line),
            (command, _) => {
                commands.push(Shown { line: command.expect("a command first"), output: Vec::new() });
            }
        }
    }
    commands
}

/// Runs it in a shell, and compares what both streams show, `…` standing for anything.
pub fn run(home: &Home, shown: &Shown) {
    // The newcomer's command builds first; here, that has happened.
    let line = shown.line.replace("cargo run --quiet -- ", "acctq ");
    let ended = home.shell(&format!("exec 2>&1; {line}")).run();
    let pattern = shown.output.join("\n");
    if pattern.is_empty() {
        assert_eq!(ended.code, 0, "{ended:#?}");
    } else {
        let is_alike = alike(&pattern, ended.stdout.trim_end());
        assert!(is_alike, "{line}\n{pattern}\n--- is\n{}", ended.stdout);
    }
}

/// Whether `text` is `pattern`, with `…` standing for anything.
fn alike(pattern: &str, text: &str) -> bool {
    let (start, more) = pattern.split_once('…').unwrap_or((pattern, ""));
    match text.strip_prefix(start) {
        None => false,
        Some(rest) if start.len() == pattern.len() => rest.is_empty(),
        Some(rest) => rest.char_indices().any(|(at, _)| alike(more, &rest[at..])) || alike(more, ""),
    }
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(alike("a…c", "abcbc") && alike("a…", "abc") && alike("…", "x\ny"));
    assert!(!alike("a…c", "abcd") && !alike("abc", "abcd") && !alike("b…", "abc"));
}
