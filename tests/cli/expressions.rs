//! The language of `--expect`, `--for` and `--where`: what its help says is what it does.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::harness::Home;
use crate::wire::{self, response};

/// An expression, the members of an account of which it holds, and of one of which it does not; `None` is no account, and an
/// empty text stands for a case that there is not. What begins with `deployed` or `ends` is about Partner's accounts.
type Row = (&'static str, Option<&'static str>, Option<&'static str>);

/// The rows of the help.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("status=active", Some(r#""status":"active""#), Some(r#""status":"pending""#)),
    ("status=pending|active", Some(r#""status":"active""#), Some(r#""status":"revoked""#)),
    ("status!=revoked", Some(r#""status":"active""#), Some(r#""status":"revoked""#)),
    ("status!=suspended|revoked", Some(r#""status":"active""#), Some(r#""status":"suspended""#)),
    ("deployed_members>=5", Some(r#""deployed_members":5"#), Some(r#""deployed_members":4"#)),
    ("ends_at>2030-01-31T00:00:00Z", Some(r#""ends_at":"2030-01-31T00:00:00.001Z""#), Some(r#""ends_at":"2030-01-31T00:59:59+01:00""#)),
    ("ends_at<now+14d", Some(r#""ends_at":"2001-01-29T11:59:59Z""#), Some(r#""ends_at":"2999-01-29T12:00:00Z""#)),
    ("created_at<now-1d12h", Some(r#""created_at":"2001-01-13T23:59:59Z""#), Some(r#""created_at":"2999-01-14T00:00:00Z""#)),
    ("pending_email~@example.com", Some(r#""pending_email":"ada@EXAMPLE.com""#), Some(r#""pending_email":"ada@example.org""#)),
    ("pending_email~@a.test|@b.test", Some(r#""pending_email":"ada@b.test""#), Some(r#""pending_email":"ada@c.test""#)),
    ("ends_at?", Some(r#""ends_at":"2030-01-31T00:00:00Z""#), Some(r#""ends_at":null"#)),
    ("!revoked_at", Some(r#""x":1"#), Some(r#""revoked_at":"2030-01-01T00:00:00Z""#)),
    ("metadata.plan=pro", Some(r#""metadata":{"plan":"pro"}"#), Some(r#""metadata":{"plan":{"plan":"pro"}}"#)),
    ("metadata.\"a.b\".seats>9", Some(r#""metadata":{"a.b":{"seats":10}}"#), Some(r#""metadata":{"a.b":{"seats":9}}"#)),
    ("metadata.seats=12", Some(r#""metadata":{"seats":"12.0"}"#), Some(r#""metadata":{"seats":"12 "}"#)),
    ("metadata.seats=\"12\"", Some(r#""metadata":{"seats":"12"}"#), Some(r#""metadata":{"seats":12}"#)),
    ("metadata.tags~beta", Some(r#""metadata":{"tags":["eu","Beta"]}"#), Some(r#""metadata":{"tags":["betas"]}"#)),
    ("metadata.team=\"A|B\"", Some(r#""metadata":{"team":"A|B"}"#), Some(r#""metadata":{"team":"A"}"#)),
    ("not_found", None, Some(r#""status":"active""#)),
];

/// What its paragraphs say: of blanks, quotes and letters, of what is not set, of what violates the contract, of numbers.
#[rustfmt::skip]
const SAID: &[Row] = &[
    (" status = active ", Some(r#""status":"active""#), Some("")),
    ("pending_email=\"=x\"", Some(r#""pending_email":"=x""#), Some("")),
    ("pending_email=\"\\\"x\\u0041\"", Some(r#""pending_email":"\"xA""#), Some("")),
    ("pending_organization_name=Acme", Some(r#""pending_organization_name":"Acme""#), Some(r#""pending_organization_name":"ACME""#)),
    ("pending_email!=x", Some(r#""pending_email":null"#), Some("")),
    ("pending_email=x", Some(""), Some(r#""pending_email":null"#)),
    ("revoked_at<now", Some(""), Some(r#""revoked_at":null"#)),
    ("revoked_at>now", Some(""), Some(r#""x":0"#)),
    ("status!=revoked", Some(""), Some(r#""x":0"#)),
    ("status!=revoked", Some(""), Some(r#""status":1"#)),
    ("status=active", Some(""), None),
    ("deployed_members=9007199254740993", Some(r#""deployed_members":9007199254740993"#), Some(r#""deployed_members":9007199254740992"#)),
    ("deployed_members<99999999999999999999999999", Some(r#""deployed_members":99999999999999999999999998"#), Some(r#""deployed_members":99999999999999999999999999"#)),
];

#[test]
fn an_expression_holds_of_what_its_help_says() {
    let (mut suite, mut answers, mut expected) = ("version = 1\n".to_owned(), Vec::new(), Vec::new());
    for (expression, good, bad) in ROWS.iter().chain(SAID) {
        for (says, verdict) in [(good, "met"), (bad, "unmet")].into_iter().filter(|(says, _)| **says != Some("")) {
            let number = answers.len();
            let (id, name) = if expression.starts_with("deployed") || expression.starts_with("ends") {
                (format!("u-{number}"), "customer_account_uid")
            } else {
                (format!("cacc_{number}"), "id")
            };
            answers.push(says.map(|says| format!("{{\"{name}\":\"{id}\",{says}}}")));
            // JSON strings are TOML's, too.
            let expression = json!(expression);
            write!(suite, "[[check]]\nname = \"{number}\"\nid = \"{id}\"\nexpect = {expression}\n").unwrap();
            expected.push((expression, json!(id), json!(verdict)));
        }
    }
    let url = wire::serves(move |path| {
        let number: usize = path.rsplit(['-', '_']).next().unwrap().parse().unwrap();
        match &answers[number] {
            Some(answer) => wire::json(answer),
            None => response("404 Not Found", "", ""),
        }
    });
    let home = Home::new();
    home.profile(&url);
    home.file("suite.toml", suite, 0o600);
    let ended = home.acctq("check --suite suite.toml -o json -q").run();
    assert_eq!(ended.code, 10, "{ended:#?}");
    let report: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report.len(), expected.len());
    for (check, (expression, id, verdict)) in report.iter().zip(expected) {
        let told = (&check["id"], &check["verdict"]);
        assert_eq!(told, (&id, &verdict), "{expression}: {check}");
    }
}

/// Fields of each sort with a value that it takes, and the operators.
#[rustfmt::skip]
const SORTS: &[(&str, &str, &str)] = &[
    ("cacc_1", "id=cacc_1 pending_organization_name=x pending_email=x", "= != ~"),
    ("cacc_1", "pending_country=US status=active", "= !="),
    ("u-1", "account_type=F", "= !="),
    ("u-1", "ends_at=now deployed_members=1", "= != < <= > >="),
    ("cacc_1", "metadata.x=1", "= != < <= > >= ~"),
];

/// What cannot be read, and what may not be compared.
const REFUSED: &[(&str, &str)] = &[
    ("cacc_1", "pending_email==x"),
    ("cacc_1", "statsu=active"),
    ("cacc_1", "status=activ"),
    ("cacc_1", "status="),
    ("cacc_1", "deployed_members=1"),
    ("u-1", "activation_token=x"),
    ("u-1", "deployed_members=many"),
];

#[test]
fn each_sort_of_field_takes_its_operators_and_no_others() {
    let home = Home::new();
    let check = |id: &str, expression: &str, is_taken: bool| {
        let ended = home.acctq_args(["check", id, "--expect", expression]).run();
        // There is no configuration to go on with.
        assert_eq!(ended.code, if is_taken { 3 } else { 2 }, "{ended:#?}");
    };
    for (id, fields, operators) in SORTS {
        for (field, value) in fields.split(' ').filter_map(|field| field.split_once('=')) {
            for operator in ["=", "!=", "<", "<=", ">", ">=", "~"] {
                let is_taken = operators.split(' ').any(|taken| taken == operator);
                check(id, &format!("{field}{operator}{value}"), is_taken);
            }
        }
    }
    for (id, expression) in REFUSED {
        check(id, expression, false);
    }
    check("u-1", "activation_token?", true);
    check("u-1", "!activation_token", true);
}

#[test]
fn help_and_man_page_have_these_rows() {
    let home = Home::new();
    home.acctq("man . -q").run().prints("");
    let page = std::fs::read_to_string(home.path().join("acctq-expressions.1")).unwrap();
    let page = page.replace("\\-", "-").replace("\\(ti", "~");
    let help = home.acctq("help expressions").run().stdout;
    for (expression, ..) in ROWS {
        assert!(help.contains(expression), "{expression}: {help}");
        assert!(page.contains(expression), "{expression}: {page}");
    }
}
