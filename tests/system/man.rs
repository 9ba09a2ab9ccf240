//! The man pages, read by man and by mandoc.

use std::fs;

use crate::harness::{Home, Run};
use crate::programs::program;

#[test]
fn the_man_pages_are_well_formed() {
    let home = Home::new();
    assert_eq!(home.acctq("man .").run().code, 0);
    let mut pages = 0;
    for entry in fs::read_dir(home.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "1") {
            continue;
        }
        pages += 1;
        let mut man = program(&home, "man", "man-db");
        man.args(["--warnings", "--local-file"]).arg(&path).env("MANWIDTH", "80");
        let shown = Run::of(man).run();
        assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:#?}");
        // What only leads to other commands has none.
        let is_group = shown.stdout.contains("\nSUBCOMMANDS\n") && !path.ends_with("acctq.1");
        let has_examples = shown.stdout.contains("\nEXAMPLES\n") && shown.stdout.contains("\n         acctq ");
        assert!(is_group || has_examples, "{shown:#?}");
        let source = std::fs::read_to_string(&path).unwrap();
        assert_eq!(source.find(['~', '^', '`']), None, "groff 1.23 prints other characters for these: {path:?}");
        let mut mandoc = program(&home, "mandoc", "mandoc");
        mandoc.args(["-T", "lint", "-W", "error"]).arg(&path);
        Run::of(mandoc).run().prints("");
    }
    assert_eq!(pages, 26);
}
