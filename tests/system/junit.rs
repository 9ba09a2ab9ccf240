//! The report for CI servers, read by others: a schema, and a parser of the ecosystem.

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

fn report(home: &Home) {
    home.file("smoke <&>.toml", SUITE, 0o644);
    let args = [
        "-p",
        "sandbox",
        "check",
        "--retries",
        "0",
        "--report-junit",
        "report.xml",
        "--suite",
        "smoke <&>.toml",
    ];
    let ended = home.acctq_args(args).run();
    assert_eq!(ended.code, 8, "{ended:#?}");
}

#[test]
fn it_keeps_to_the_schema() {
    let home = Home::new();
    report(&home);
    let mut xmllint = program(&home, "xmllint", "libxml2-utils");
    xmllint.args([
        "--noout",
        "--nonet",
        "--schema",
        &repository("tests/system/junit.xsd"),
        "report.xml",
    ]);
    Run::of(xmllint).run().is(0, "", "report.xml validates\n");
}

#[test]
fn a_parser_reads_what_was_meant() {
    let home = Home::new();
    report(&home);
    let script = format!(
        "import json, junitparser\n\
         suites = junitparser.JUnitXml.fromfile('{}/report.xml')\n\
         def case(c):\n    return [c.name, c.classname, [[type(r).__name__, r.type, r.message] for r in (c.result if isinstance(c.result, list) else [c.result] if c.result else [])]]\n\
         print(json.dumps([[s.name, s.tests, s.failures, s.errors, s.skipped, [case(c) for c in s]] for s in suites]))",
        home.path().display()
    );
    let read = python(&home, "junitparser", "python3-junitparser", &script).run();
    assert_eq!((read.code, read.stderr.as_str()), (0, ""), "{read:#?}");
    let read: Value = serde_json::from_str(&read.stdout).unwrap();
    let suite = &read[0];
    assert_eq!(
        [&suite[0], &suite[1], &suite[2], &suite[3], &suite[4]],
        [
            &json!("smoke <&>"),
            &json!(4),
            &json!(2),
            &json!(1),
            &json!(0)
        ]
    );
    let cases = suite[5].as_array().unwrap();
    assert_eq!(
        cases[0],
        json!([
            r#"a <b> & "c" 'd' ]]> \u{1b}[31m\u{0} \n \t \u{202e}\u{fffe} é😀"#,
            "smoke <&>",
            []
        ])
    );
    let outcome = |i: usize| {
        (
            &cases[i][2][0][0],
            &cases[i][2][0][1],
            cases[i][2][0][2].as_str().unwrap(),
        )
    };
    let (element, kind, message) = outcome(1);
    assert_eq!((element, kind), (&json!("Failure"), &json!("unmet")));
    assert!(
        message.starts_with(r#"expected pending_organization_name="<x> & ]]>", is "#),
        "{message}"
    );
    let (element, kind, message) = outcome(2);
    assert_eq!((element, kind), (&json!("Error"), &json!("server")));
    assert!(message.contains("failed with status 503"), "{message}");
    assert_eq!(
        outcome(3),
        (
            &json!("Failure"),
            &json!("unmet"),
            "expected status=entitled, is provisioned"
        )
    );
    assert_eq!(cases.len(), 4);
}
