//! The report for CI servers, read by others: two schemas, and a parser of the ecosystem.

use std::fs;
use std::process::Command;

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

/// Where cargo has Jenkins' schema (junit-4.xsd), which the crate junit-report comes with, of this version.
fn schema_of_jenkins(home: &Home) -> String {
    let manifest = "[package]\nname = \"schema\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                    [dependencies]\njunit-report = \"=0.9.1\"\n";
    home.file("Cargo.toml", manifest, 0o644);
    fs::create_dir(home.path().join("src")).unwrap();
    home.file("src/lib.rs", "", 0o644);
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--quiet", "--format-version", "1"])
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{metadata:#?}");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|p| p["name"] == "junit-report");
    let manifest = package.unwrap()["manifest_path"].as_str().unwrap();
    manifest.replace("Cargo.toml", "tests/JUnit.xsd")
}

#[test]
fn it_keeps_to_the_schemas() {
    let home = Home::new();
    report(&home);
    let ours = repository("tests/system/junit.xsd");
    for schema in [schema_of_jenkins(&home), ours] {
        let mut xmllint = program(&home, "xmllint", "libxml2-utils");
        xmllint.args(["--noout", "--nonet", "--schema", &schema, "report.xml"]);
        Run::of(xmllint).run().is(0, "", "report.xml validates\n");
    }
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
        [&json!("smoke <&>"), &json!(4), &json!(2), &json!(1), &json!(0)]
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
    let outcome =
        |i: usize| (&cases[i][2][0][0], &cases[i][2][0][1], cases[i][2][0][2].as_str().unwrap());
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
        (&json!("Failure"), &json!("unmet"), "expected status=entitled, is provisioned")
    );
    assert_eq!(cases.len(), 4);
}
