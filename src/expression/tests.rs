use jiff::Timestamp;

use super::*;
use crate::account::{Account, CONNECTED, Document, PARTNER, Redactor, Resource};
use crate::error;

const NOW: &str = "2030-01-15T12:00:00Z";

fn parsed(text: &str, resource: &Resource) -> Expression {
    parse(text, resource).unwrap_or_else(|flaw| panic!("{text}: {flaw:?}"))
}

/// The resource that an expression of these tables is about.
fn resource(text: &str) -> &'static Resource {
    let is_partner = ["deployed_members", "activation_token", "account_type"];
    let name = text.trim_start_matches('!');
    if is_partner.iter().any(|field| name.starts_with(field)) { &PARTNER } else { &CONNECTED }
}

/// What is printed back as it is written.
const SAME: &str = r#"
status=active ; status!=revoked ; id=cacc_7n42DGM5Tflk9n8mt7Fhc7 ; id~7n42 ; created_at<now
created_at>=2030-01-31T00:00:00+02:00 ; pending_country=US|FR ; pending_email~@example.com
pending_email="" ; pending_email="null" ; pending_organization_name="A | B"|C
pending_organization_name=say "hi" ; pending_organization_name=a=b!
pending_organization_name="=b" ; revoked_at? ; metadata? ; metadata.plan=pro ; metadata.my key?
metadata."a.b"."c=d"!=x ; metadata.""=x ; metadata.seats>=10 ; metadata.seats="10"
metadata.seats=007 ; metadata.since<now-1w ; metadata.since="now" ; metadata.beta=true
metadata.beta="true" ; not_found ; deployed_members>=-5 ; activation_token? ; !activation_token
account_type=F"#;

/// What is printed back in another way.
const OTHER: &str = r#"
  status = active | suspended   ⇒ status=active|suspended
status="active" ⇒ status=active
"status"=active ⇒ status=active
Status=active ⇒ status=active
UID=cacc_1 ⇒ id=cacc_1
Connected organization? ⇒ connected_organization_id?
Metadata.Plan=pro ⇒ metadata.Plan=pro
created_at < now-1d12h ⇒ created_at<now-1d12h
created_at>"now" ⇒ created_at>now
pending_organization_name = Zoë & Fils, 漢字  ⇒ pending_organization_name=Zoë & Fils, 漢字
pending_organization_name="\"hi\" \u0041" ⇒ pending_organization_name="\"hi\" A"
 ! revoked_at  ⇒ !revoked_at
metadata . plan . tier = pro ⇒ metadata.plan.tier=pro
metadata."plan"=x ⇒ metadata.plan=x
metadata.seats="ten" ⇒ metadata.seats=ten
 not_found  ⇒ not_found"#;

#[test]
fn what_is_parsed_is_printed_back() {
    let same = SAME.trim().split([';', '\n']).map(|text| (text.trim(), text.trim()));
    let other = OTHER.trim().lines().filter_map(|line| line.split_once(" ⇒ "));
    let strange = ("pending_organization_name=\u{202e}x", "pending_organization_name=\"\\u202ex\"");
    for (text, printed) in same.chain(other).chain([strange]) {
        let expression = parsed(text, resource(text));
        assert_eq!(expression.to_string(), printed, "{text}");
        assert_eq!(parsed(printed, resource(text)), expression, "{text}");
    }
    for (text, subject, wants_absence) in [
        ("status=active", "status", false),
        ("!revoked_at", "revoked_at", false),
        ("metadata.\"a b\".c?", "metadata.a b.c", false),
        ("not_found", "not_found", true),
    ] {
        let expression = parsed(text, &CONNECTED);
        assert_eq!(expression.subject(), subject);
        assert_eq!(expression.wants_absence(), wants_absence);
    }
}

/// A text, the column that is pointed at, and a part of what would be right.
const FLAWS: &str = r#"
! ⇒ 2 ⇒ for example
statsu=active ⇒ 1 ⇒ did you mean `status`?
  Statu=active ⇒ 3 ⇒ did you mean `status`?
not_fuond ⇒ 1 ⇒ did you mean `not_found`?
ends_at<now+14d ⇒ 1 ⇒ it is a field of a partner account
status.x=1 ⇒ 1 ⇒ use `status` alone
!not_found ⇒ 1 ⇒ `id?` holds
status ⇒ 7 ⇒ `status?` holds where it is set
status<active ⇒ 7 ⇒ it takes = !=
created_at~2030 ⇒ 11 ⇒ it takes = != < <= > >=
!status=active ⇒ 8 ⇒ `status!=…`
status= ⇒ 8 ⇒ `!status` holds where it is not set
status=actve ⇒ 8 ⇒ did you mean `active`? it takes one of pending, active,
status= =active ⇒ 9 ⇒ double quotes
pending_email=null ⇒ 15 ⇒ `!pending_email` holds where it is not set
id=org_1 ⇒ 4 ⇒ an id that begins with cacc_
pending_country=us ⇒ 17 ⇒ two capital letters
pending_email="x\" ⇒ 15 ⇒ double quotes
created_at>2030-01-31 ⇒ 12 ⇒ did you mean `2030-01-31T00:00:00Z`?
created_at>now|now ⇒ 15 ⇒ `|` goes with
metadata.seats>many ⇒ 16 ⇒ a number, or a time"#;

#[test]
fn flaws_are_explained_at_their_place() {
    for line in FLAWS.trim_matches('\n').lines() {
        let row: Vec<_> = line.split(" ⇒ ").collect();
        let [text, column, hint] = row[..] else {
            panic!("{line}");
        };
        let error = parse(text, resource(text)).expect_err(text);
        assert_eq!(error.kind(), error::Kind::Usage);
        assert!(error.to_string().ends_with(&format!("(column {column})")), "{text}: {error}");
        assert!(error.hint_text().unwrap_or_default().contains(hint), "{text}: {error:?}");
    }
    let strange = format!("status=\u{1b}[2J{}", "x".repeat(100_000));
    let error = parse(&strange, &CONNECTED).expect_err("flawed").to_string();
    assert!(error.chars().count() < 200 && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn secrets_are_neither_compared_nor_repeated() {
    for text in [
        "activation_token=canary",
        "activation_token canary",
        "activation_token.canary",
        "activation_tokne=canary",
        "!activation_token=canary",
        "\"activation_token=canary",
        "\"activation\\u005ftoken\"=canary",
        "metadata.activationToken=canary",
        "metadata.activation.token~canary",
        "PNS-canary",
        "pending_email=\"PNS-canary",
        "status PNS-canary",
        "metadata.a=PNS-canary|b|==c",
        "metadata.a>PNS-canary",
    ] {
        for resource in [&PARTNER, &CONNECTED] {
            let error = parse(text, resource).expect_err(text);
            let told = format!("{error} {:?}", error.hint_text());
            assert!(!told.contains("canary") && told.contains("(column "), "{told}");
        }
    }
}

fn verdict(text: &str, document: Option<&str>) -> Verdict {
    let now: Timestamp = NOW.parse().expect("a time");
    let account = document.map(|document| Account {
        resource: resource(text),
        document: Document::parse(document.to_owned()).expect("object"),
    });
    parsed(text, resource(text)).evaluate(account.as_ref(), &Redactor::default(), now)
}

const ACTIVE: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active",
    "platform_organization_id":"org_1","created_at":"2030-01-01T00:00:00.5Z","pending_email":"",
    "pending_organization_name":"Zoë | \"Fils\"","pending_country":null,"onboarding_completed_at":"2030-01-15T14:00:00+02:00",
    "metadata":{"plan":"pro","seats":12,"limit":"12","big":123456789012345678901234567890,"half":0.50,"beta":true,
    "none":null,"tags":["eu",7,["deep"],{"in":"side"},null],"since":"2030-01-10T00:00:00Z","never":"9999-12-31T23:59:59Z","local":"2030-01-10 00:00:00Z","a.b":"dot","on":{"x":1}}}"#;

const HOLDS: &str = r#"
status=active ; status=pending|active ; status!=pending ; id=cacc_1 ; id~ACC
created_at=2030-01-01T00:00:00.500Z ; created_at=2030-01-01T02:00:00.5+02:00
created_at>2030-01-01T00:00:00Z ; created_at=2030-01-01T00:00:00.5000000000000Z
metadata.never>9999-12-31T23:59:58Z ; metadata.never>now+36500d ; created_at<now
created_at<now-14d ; onboarding_completed_at=now ; onboarding_completed_at>=now
onboarding_completed_at<now+1s ; pending_email? ; pending_email="" ; !pending_country
!revoked_at ; metadata? ; !metadata.nothing ; pending_country!=US ; revoked_at!=now
metadata.none!=x ; metadata.nothing!=x ; pending_organization_name="Zoë | \"Fils\""
pending_organization_name~Zoë ; pending_organization_name~x|Fils ; metadata.plan=pro
metadata.plan="pro" ; metadata.plan~r ; metadata.seats=12 ; metadata.seats=12.0
metadata.seats>9 ; metadata.limit=12 ; metadata.limit="12" ; metadata.limit>9
metadata.big=123456789012345678901234567890 ; metadata.big<123456789012345678901234567891
metadata.half=5e-1 ; metadata.beta=true ; metadata.tags~EU ; metadata.tags~7 ; metadata.tags!=eu
metadata.since<now-2d ; metadata.since=2030-01-10T01:00:00+01:00 ; metadata.a.b=dot
metadata."a.b"=dot ; metadata.on.x=1"#;

const DOES_NOT_HOLD: &str = r#"
status=pending ; status!=active ; status!=pending|active ; id~ACB
created_at<=2030-01-01T00:00:00.499999999Z ; created_at<=2030-01-01T00:00:00.4999999999999Z
metadata.never=9999-12-31T00:00:00Z
metadata.local>now-36500d ; created_at<now-15d ; onboarding_completed_at>now ; !pending_email
pending_country? ; revoked_at? ; metadata.none? ; pending_country=US ; revoked_at<now
revoked_at>now ; metadata.nothing~x ; metadata.nothing>1 ; pending_organization_name~zöe
metadata.seats="12" ; metadata.big=123456789012345678901234567891 ; metadata.beta=false
metadata.beta="true" ; metadata.tags~deep ; metadata.tags~side ; metadata.tags~in
metadata.tags=eu ; metadata.since="2030-01-10T01:00:00+01:00" ; metadata.on=1 ; not_found"#;

#[test]
fn what_holds_of_an_account() {
    for (table, holds) in [(HOLDS, true), (DOES_NOT_HOLD, false)] {
        for text in table.trim().split(" ; ").flat_map(str::lines) {
            let verdict = verdict(text, Some(ACTIVE));
            assert_eq!(verdict.holds, holds, "{text}: {verdict:?}");
        }
    }
    for text in ["status=active", "status!=active", "!revoked_at", "revoked_at?", "not_found"] {
        let verdict = verdict(text, None);
        assert_eq!((verdict.holds, verdict.actual), (text == "not_found", Actual::NotFound), "{text}");
    }
}

/// An answer, an expression, whether it holds, what is shown and what is noted.
const VERDICTS: &str = r#"
{} ⇒ status=active ⇒ no ⇒ not set ⇒ missing
{} ⇒ status!=active ⇒ no ⇒ not set ⇒ missing
{} ⇒ !status ⇒ yes ⇒ not set ⇒ missing
{} ⇒ not_found ⇒ no ⇒ found ⇒ 
{"status":null} ⇒ status!=active ⇒ no ⇒ not set ⇒ null
{"status":7} ⇒ status!=active ⇒ no ⇒ 7 ⇒ wrong type
{"status":7} ⇒ status? ⇒ yes ⇒ 7 ⇒ wrong type
{"status":"archived"} ⇒ status!=active ⇒ yes ⇒ archived ⇒ unknown value
{"status":"archived"} ⇒ status=active ⇒ no ⇒ archived ⇒ unknown value
{"created_at":"yesterday"} ⇒ created_at<now ⇒ no ⇒ yesterday ⇒ unknown value
{"created_at":1699335116} ⇒ created_at<now ⇒ no ⇒ 1699335116 ⇒ wrong type
{"deployed_members":5.5} ⇒ deployed_members>5 ⇒ yes ⇒ 5.5 ⇒ unknown value
{"deployed_members":1.0} ⇒ deployed_members=1.00 ⇒ yes ⇒ 1.0 ⇒ 
{"deployed_members":-0.0} ⇒ deployed_members=0 ⇒ yes ⇒ -0.0 ⇒ 
{"deployed_members":5e0} ⇒ deployed_members=5 ⇒ yes ⇒ 5e0 ⇒ 
{"deployed_members":9007199254740993} ⇒ deployed_members>9007199254740992 ⇒ yes ⇒ 9007199254740993 ⇒ 
{"metadata":{"team":"A|B"}} ⇒ metadata.team=A|B ⇒ no ⇒ A|B ⇒ a value in quotes is text and nothing else, and | parts alternatives unless in quotes
{"metadata":{"seats":12}} ⇒ metadata.seats="12" ⇒ no ⇒ 12 ⇒ a value in quotes is text and nothing else, and | parts alternatives unless in quotes
{"metadata":{"seats":[1]}} ⇒ metadata.seats>1 ⇒ no ⇒ [1] ⇒ neither a number nor a time, as the other is
{"metadata":{"on":{"a": 1}}} ⇒ metadata.on~a ⇒ no ⇒ {"a":1} ⇒ neither text nor a list
{"pending_email":"a\u001b[2J\u202e\n"} ⇒ pending_email~a ⇒ yes ⇒ a\u{1b}[2J\u{202e}\n ⇒ 
{"pending_email":"is ghp_a1b2"} ⇒ pending_email~ghp_a1 ⇒ yes ⇒ is •••••••• ⇒ 
{"activation_token":"PNS-DEFG1234"} ⇒ activation_token? ⇒ yes ⇒ •••••••• ⇒ 
{"activation_token":"canary-1","metadata":"x canary-1"} ⇒ metadata~canary ⇒ no ⇒ •••••••• ⇒ a secret is not compared
{"activation_token":"canary-1","metadata":"x canary-1"} ⇒ metadata!=x ⇒ no ⇒ •••••••• ⇒ a secret is not compared
{"activation_token":"canary-1","metadata":["canary-1","y"]} ⇒ metadata~canary-1 ⇒ no ⇒ ["y"] ⇒ 
{"activation_token":"canary-1","metadata":["canary-1","y"]} ⇒ metadata~y ⇒ yes ⇒ ["y"] ⇒ 
{"metadata":{"activation_token":"canary-1","list":["canary-1"],"y":1}} ⇒ metadata? ⇒ yes ⇒ {"list":[],"y":1} ⇒ 
{"metadata":{"activation_token":"canary-1"}} ⇒ metadata.activation_token? ⇒ yes ⇒ •••••••• ⇒ "#;

#[test]
fn verdicts_come_with_what_was_found() {
    for line in VERDICTS.trim_matches('\n').lines() {
        let row: Vec<_> = line.split(" ⇒ ").collect();
        let [document, text, holds, shown, note] = row[..] else {
            panic!("{line}");
        };
        let verdict = verdict(text, Some(document));
        assert_eq!(verdict.holds, holds == "yes", "{line}: {verdict:?}");
        assert_eq!(verdict.actual.to_string(), shown, "{line}");
        assert_eq!(verdict.note.unwrap_or_default(), note, "{line}");
    }
}
