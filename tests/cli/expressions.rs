//! The language of `--expect`, `--for` and `--where`: what its help says is what it does.

use acctq::account::{Account, CONNECTED, Document, PARTNER, Resource};
use acctq::expression::parse;
use jiff::Timestamp;

use crate::harness::Home;

/// When the answers below are judged.
const NOW: &str = "2030-01-15T12:00:00Z";

/// What an answer says beside its id; `None` if there is no account.
type Says = Option<&'static str>;

/// Each row of the help: an answer of which it holds, and one of which it does not.
const ROWS: &[(&str, &Resource, Says, Says)] = &[
    (
        "status=active",
        &CONNECTED,
        Some(r#""status":"active""#),
        Some(r#""status":"pending""#),
    ),
    (
        "status=pending|active",
        &CONNECTED,
        Some(r#""status":"active""#),
        Some(r#""status":"revoked""#),
    ),
    (
        "status!=revoked",
        &CONNECTED,
        Some(r#""status":"active""#),
        Some(r#""status":"revoked""#),
    ),
    (
        "status!=suspended|revoked",
        &CONNECTED,
        Some(r#""status":"active""#),
        Some(r#""status":"suspended""#),
    ),
    (
        "deployed_members>=5",
        &PARTNER,
        Some(r#""deployed_members":5"#),
        Some(r#""deployed_members":4"#),
    ),
    (
        "ends_at>2030-01-31T00:00:00Z",
        &PARTNER,
        Some(r#""ends_at":"2030-01-31T00:00:00.001Z""#),
        Some(r#""ends_at":"2030-01-31T00:59:59+01:00""#),
    ),
    (
        "ends_at<now+14d",
        &PARTNER,
        Some(r#""ends_at":"2030-01-29T11:59:59Z""#),
        Some(r#""ends_at":"2030-01-29T12:00:00Z""#),
    ),
    (
        "created_at<now-1d12h",
        &CONNECTED,
        Some(r#""created_at":"2030-01-13T23:59:59Z""#),
        Some(r#""created_at":"2030-01-14T00:00:00Z""#),
    ),
    (
        "pending_email~@example.com",
        &CONNECTED,
        Some(r#""pending_email":"ada@example.com""#),
        Some(r#""pending_email":"ada@EXAMPLE.com""#),
    ),
    (
        "pending_email~@a.test|@b.test",
        &CONNECTED,
        Some(r#""pending_email":"ada@b.test""#),
        Some(r#""pending_email":"ada@c.test""#),
    ),
    (
        "ends_at?",
        &PARTNER,
        Some(r#""ends_at":"2030-01-31T00:00:00Z""#),
        Some(r#""ends_at":null"#),
    ),
    (
        "!revoked_at",
        &CONNECTED,
        Some(r#""x":1"#),
        Some(r#""revoked_at":"2030-01-01T00:00:00Z""#),
    ),
    (
        "metadata.plan=pro",
        &CONNECTED,
        Some(r#""metadata":{"plan":"pro"}"#),
        Some(r#""metadata":{"plan":{"plan":"pro"}}"#),
    ),
    (
        "metadata.\"a.b\".seats>9",
        &CONNECTED,
        Some(r#""metadata":{"a.b":{"seats":10}}"#),
        Some(r#""metadata":{"a.b":{"seats":9}}"#),
    ),
    (
        "metadata.seats=12",
        &CONNECTED,
        Some(r#""metadata":{"seats":"12.0"}"#),
        Some(r#""metadata":{"seats":"12 "}"#),
    ),
    (
        "metadata.seats=\"12\"",
        &CONNECTED,
        Some(r#""metadata":{"seats":"12"}"#),
        Some(r#""metadata":{"seats":12}"#),
    ),
    (
        "metadata.tags~beta",
        &CONNECTED,
        Some(r#""metadata":{"tags":["eu","beta"]}"#),
        Some(r#""metadata":{"tags":["betas"]}"#),
    ),
    (
        "metadata.team=\"A|B\"",
        &CONNECTED,
        Some(r#""metadata":{"team":"A|B"}"#),
        Some(r#""metadata":{"team":"A"}"#),
    ),
    ("not_found", &CONNECTED, None, Some(r#""status":"active""#)),
];

/// The rows of the block of the help that has this row in it, up to their gap.
fn block(help: &str, with: &str) -> Vec<String> {
    let block = help
        .split("\n\n")
        .find(|block| block.contains(with))
        .unwrap_or_else(|| panic!("no {with:?} in {help}"));
    let rows = block.lines().map(|line| line.strip_prefix("  ").unwrap());
    rows.map(|row| {
        row.split_once("   ")
            .map_or(row, |(row, _)| row)
            .trim()
            .to_owned()
    })
    .collect()
}

#[test]
fn each_row_of_the_help_does_what_it_says() {
    let help = Home::new().acctq("help expressions").run();
    help.is(0, &help.stdout, "");
    let rows: Vec<_> = ROWS.iter().map(|(row, ..)| (*row).to_owned()).collect();
    assert_eq!(block(&help.stdout, "it is one of these"), rows);
    let now: Timestamp = NOW.parse().unwrap();
    for (row, resource, good, bad) in ROWS {
        let expression = parse(row, resource).unwrap_or_else(|flaw| panic!("{row}: {flaw:?}"));
        assert_eq!(expression.to_string(), *row);
        for (says, holds) in [(good, true), (bad, false)] {
            let account = says.map(|says| {
                let document = Document::parse(format!("{{\"id\":\"x\",{says}}}")).unwrap();
                let resource = if *resource == &CONNECTED {
                    &CONNECTED
                } else {
                    &PARTNER
                };
                Account { resource, document }
            });
            let verdict = expression.evaluate(account.as_ref(), now);
            assert_eq!(verdict.holds, holds, "{row} of {says:?}: {verdict:?}");
        }
    }
}

/// What the help calls a field's values, and fields of that sort with a value that each takes.
type Sort = (
    &'static str,
    &'static [(&'static Resource, &'static str, &'static str)],
);

const SORTS: &[Sort] = &[
    (
        "ids, text, e-mail addresses",
        &[
            (&CONNECTED, "id", "cacc_1"),
            (&CONNECTED, "pending_organization_name", "x"),
            (&CONNECTED, "pending_email", "x"),
        ],
    ),
    (
        "enumerations, countries",
        &[
            (&PARTNER, "account_type", "F"),
            (&CONNECTED, "pending_country", "US"),
        ],
    ),
    (
        "times, whole numbers",
        &[
            (&PARTNER, "ends_at", "now"),
            (&PARTNER, "deployed_members", "1"),
        ],
    ),
    ("metadata", &[(&CONNECTED, "metadata.x", "1")]),
];

#[test]
fn each_sort_of_field_takes_the_operators_of_the_help_and_no_others() {
    let help = Home::new().acctq("help expressions").run().stdout;
    let sorts: Vec<_> = SORTS.iter().map(|(sort, _)| (*sort).to_owned()).collect();
    assert_eq!(block(&help, "Operators")[1..], sorts);
    for (sort, fields) in SORTS {
        let row = help
            .lines()
            .find_map(|line| line.trim().strip_prefix(&format!("{sort}  ")));
        let taken: Vec<_> = row.unwrap().split_whitespace().collect();
        for (resource, field, value) in *fields {
            for operator in ["=", "!=", "<", "<=", ">", ">=", "~"] {
                let text = format!("{field}{operator}{value}");
                let is_taken = taken.contains(&operator);
                assert_eq!(parse(&text, resource).is_ok(), is_taken, "{text}");
            }
        }
    }
}

/// What the paragraphs of the help say, in their order: an expression, what the answer says, and whether it holds;
/// `None` if it is refused.
const SAID: &[(&str, &str, Option<bool>)] = &[
    // Blanks, quotes, letters.
    (" status = active ", r#""status":"active""#, Some(true)),
    ("pending_email==x", "", None),
    (
        "pending_email=\"=x\"",
        r#""pending_email":"=x""#,
        Some(true),
    ),
    (
        "pending_email=\"\\\"x\\u0041\"",
        r#""pending_email":"\"xA""#,
        Some(true),
    ),
    (
        "pending_organization_name=Acme",
        r#""pending_organization_name":"ACME""#,
        Some(false),
    ),
    // What is not set.
    ("pending_email!=x", r#""pending_email":null"#, Some(true)),
    ("pending_email=x", r#""pending_email":null"#, Some(false)),
    ("revoked_at<now", r#""revoked_at":null"#, Some(false)),
    ("revoked_at>now", r#""x":0"#, Some(false)),
    // What strays.
    ("status!=revoked", r#""x":0"#, Some(false)),
    ("status!=revoked", r#""status":1"#, Some(false)),
];

#[test]
fn the_paragraphs_of_the_help_hold() {
    for (text, says, expected) in SAID {
        let Ok(expression) = parse(text, &CONNECTED) else {
            assert_eq!(*expected, None, "{text}");
            continue;
        };
        let account = Account {
            resource: &CONNECTED,
            document: Document::parse(format!("{{{says}}}")).unwrap(),
        };
        let verdict = expression.evaluate(Some(&account), NOW.parse().unwrap());
        assert_eq!(Some(verdict.holds), *expected, "{text}: {verdict:?}");
    }
    for (text, is_taken) in [
        ("activation_token?", true),
        ("!activation_token", true),
        ("activation_token=x", false),
    ] {
        assert_eq!(parse(text, &PARTNER).is_ok(), is_taken, "{text}");
    }
}

#[test]
fn the_man_page_says_what_the_help_says() {
    let home = Home::new();
    home.acctq("man . -q").run().prints("");
    let page = std::fs::read_to_string(home.path().join("acctq-expressions.1")).unwrap();
    let page = page
        .replace("\\-", "-")
        .replace("\\*(Aq", "'")
        .replace("\\(aq", "'");
    let help = home.acctq("help expressions").run().stdout;
    let said: Vec<_> = help
        .lines()
        .skip(2)
        .filter(|line| *line != "Examples:")
        .collect();
    for line in said {
        assert!(page.contains(line), "{line:?} is not in {page}");
    }
}
