//! The report for CI servers, held to the schema of Jenkins (`junit.xsd`, by Gregory Boissinot), and read by a parser of its ecosystem.

use serde_json::{Value, json};

use crate::harness::{Home, Run};
use crate::programs::{program, python, repository};

/// Names and answers with everything that XML does not take as it is, and some that it does not take at all.
const SUITE: &str = r#"version = 1

[[check]]
name = "a <b> & \"c\" 'd' ]]> \u001b[31m\u0000 \n \t \u202e\ufffe é😀"
id = "cacc_activestandard"
expect = "status=active"

[[check]]
name = "hostile"
id = "cacc_hostile"
expect = ["pending_organization_name=\"<x> & ]]>\"", "metadata?"]

[[check]]
name = "error"
id = "unavailable"
expect = "status=entitled"

[[check]]
name = "secret"
id = "ending"
expect = ["activation_token?", "status=entitled"]
"#;

fn report(home: &Home) -> String {
    home.file("smoke <&>.toml", SUITE, 0o644);
    let args = "-p sandbox check --retries 0 --report-junit report.xml --suite";
    let args = args.split(' ').chain(["smoke <&>.toml"]);
    assert_eq!(home.acctq_args(args).run().code, 8);
    home.path().join("report.xml").display().to_string()
}

#[test]
fn it_keeps_to_the_schema() {
    let home = Home::new();
    let report = report(&home);
    let mut xmllint = program(&home, "xmllint", "libxml2-utils");
    xmllint.args(["--noout", "--nonet", "--schema"]);
    xmllint.args([&repository("tests/system/junit.xsd"), &report]);
    let stderr = format!("{report} validates\n");
    Run::of(xmllint).run().is(0, "", &stderr);
}

#[test]
fn a_parser_reads_what_was_meant() {
    let home = Home::new();
    let script = format!(
        "import json, junitparser\n\
         suites = junitparser.JUnitXml.fromfile('{}')\n\
         def results(c):\n    return c.result if isinstance(c.result, list) else [c.result] if c.result else []\n\
         def case(c):\n    return [c.name, c.classname, *([type(r).__name__, r.type, r.message] for r in results(c))]\n\
         print(json.dumps([[s.name, s.tests, s.failures, s.errors, s.skipped, *(case(c) for c in s)] for s in suites]))",
        report(&home)
    );
    let read = python(&home, "junitparser", "python3-junitparser", &script).run();
    let read: Value = serde_json::from_str(&read.stdout).expect("JSON of the parser");
    let suite = read[0].as_array().unwrap();
    let [counts, cases] = [&suite[..5], &suite[5..]];
    assert_eq!(json!(counts), json!(["smoke <&>", 4, 2, 1, 0]));
    let name = r#"a <b> & "c" 'd' ]]> \u{1b}[31m\u{0} \n \t \u{202e}\u{fffe} é😀"#;
    assert_eq!(cases[0], json!([name, "smoke <&>"]));
    for (case, element, kind, fact) in [
        (&cases[1], "Failure", "unmet", r#"pending_organization_name="<x> & ]]>""#),
        (&cases[2], "Error", "server", "503"),
        (&cases[3], "Failure", "unmet", "status=entitled"),
    ] {
        let outcome = &case[2];
        assert_eq!((&outcome[0], &outcome[1]), (&json!(element), &json!(kind)));
        assert!(outcome[2].as_str().unwrap().contains(fact), "{outcome}");
    }
    assert_eq!(cases.len(), 4);
}
