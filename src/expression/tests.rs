use jiff::Timestamp;

use super::*;
use crate::account::{Account, CONNECTED, Document, PARTNER, Resource};
use crate::error::{Error, Kind};

const NOW: &str = "2030-01-15T12:00:00Z";

fn read(text: &str, resource: &Resource) -> Expression {
    parse(text, resource).unwrap_or_else(|flaw| panic!("{text}: {flaw:?}"))
}

/// What is written, and how it is printed back.
const ACCOUNTED: &[(&str, &str)] = &[
    ("status=active", "status=active"),
    ("  status = active | suspended  ", "status=active|suspended"),
    ("status!=revoked", "status!=revoked"),
    ("status=\"active\"", "status=active"),
    ("\"status\"=active", "status=active"),
    (
        "id=cacc_7n42DGM5Tflk9n8mt7Fhc7",
        "id=cacc_7n42DGM5Tflk9n8mt7Fhc7",
    ),
    ("id~7n42", "id~7n42"),
    ("created_at<now", "created_at<now"),
    ("created_at < now-1d12h", "created_at<now-1d12h"),
    (
        "created_at>=2030-01-31T00:00:00+02:00",
        "created_at>=2030-01-31T00:00:00+02:00",
    ),
    ("created_at>\"now\"", "created_at>now"),
    ("pending_country=US|FR", "pending_country=US|FR"),
    ("pending_email~@example.com", "pending_email~@example.com"),
    ("pending_email=\"\"", "pending_email=\"\""),
    ("pending_email=\"null\"", "pending_email=\"null\""),
    (
        "pending_organization_name = Zoë & Fils, 漢字 ",
        "pending_organization_name=Zoë & Fils, 漢字",
    ),
    (
        "pending_organization_name=\"A | B\"|C",
        "pending_organization_name=\"A | B\"|C",
    ),
    (
        "pending_organization_name=say \"hi\"",
        "pending_organization_name=say \"hi\"",
    ),
    (
        "pending_organization_name=\"\\\"hi\\\" \\u0041\"",
        "pending_organization_name=\"\\\"hi\\\" A\"",
    ),
    (
        "pending_organization_name=\u{202e}x",
        "pending_organization_name=\"\\u202ex\"",
    ),
    (
        "pending_organization_name=a=b!",
        "pending_organization_name=a=b!",
    ),
    (
        "pending_organization_name=\"=b\"",
        "pending_organization_name=\"=b\"",
    ),
    ("revoked_at?", "revoked_at?"),
    (" ! revoked_at ", "!revoked_at"),
    ("metadata?", "metadata?"),
    ("metadata.plan=pro", "metadata.plan=pro"),
    ("metadata . plan . tier = pro", "metadata.plan.tier=pro"),
    ("metadata.my key?", "metadata.my key?"),
    ("metadata.\"a.b\".\"c=d\"!=x", "metadata.\"a.b\".\"c=d\"!=x"),
    ("metadata.\"plan\"=x", "metadata.plan=x"),
    ("metadata.\"\"=x", "metadata.\"\"=x"),
    ("metadata.seats>=10", "metadata.seats>=10"),
    ("metadata.seats=\"10\"", "metadata.seats=\"10\""),
    ("metadata.seats=\"ten\"", "metadata.seats=ten"),
    ("metadata.seats=007", "metadata.seats=007"),
    ("metadata.since<now-1w", "metadata.since<now-1w"),
    ("metadata.since=\"now\"", "metadata.since=\"now\""),
    ("metadata.beta=true", "metadata.beta=true"),
    ("metadata.beta=\"true\"", "metadata.beta=\"true\""),
    ("not_found", "not_found"),
    (" not_found ", "not_found"),
];

#[test]
fn what_is_read_is_printed_back() {
    for (text, printed) in ACCOUNTED {
        let expression = read(text, &CONNECTED);
        assert_eq!(expression.to_string(), *printed, "{text}");
        assert_eq!(read(printed, &CONNECTED), expression, "{text}");
    }
    for text in [
        "deployed_members>=-5",
        "activation_token?",
        "!activation_token",
        "domain=b5test.eu",
        "account_type=F",
    ] {
        assert_eq!(read(text, &PARTNER).to_string(), text);
    }
}

#[test]
fn an_expression_says_what_it_is_about() {
    for (text, subject, wants_absence) in [
        ("status=active", "status", false),
        ("!revoked_at", "revoked_at", false),
        ("metadata.\"a b\".c?", "metadata.a b.c", false),
        ("not_found", "not_found", true),
    ] {
        let expression = read(text, &CONNECTED);
        assert_eq!(expression.subject(), subject);
        assert_eq!(expression.wants_absence(), wants_absence);
    }
}

/// What is written, the column that is pointed at, what is wrong and what would be right.
const FLAWS: &[(&str, usize, &str, &str)] = &[
    (
        "",
        1,
        "the expression is empty",
        "for example `status=active`",
    ),
    (" \t", 1, "the expression is empty", "help expressions"),
    ("!", 1, "a field's name is missing", "for example"),
    ("=active", 1, "a field's name is missing", "for example"),
    (
        "metadata..x",
        10,
        "a field's name is missing",
        "for example",
    ),
    ("metadata.", 9, "a field's name is missing", "for example"),
    // Fields.
    (
        "statsu=active",
        1,
        "a connected account has no field `statsu`",
        "did you mean `status`?",
    ),
    (
        "  Status=active",
        3,
        "has no field `Status`",
        "did you mean `status`?",
    ),
    (
        "status is active",
        1,
        "has no field `status is active`",
        "did you mean `status`?",
    ),
    (
        "notfound",
        1,
        "has no field `notfound`",
        "did you mean `not_found`?",
    ),
    (
        "xyzzy?",
        1,
        "has no field `xyzzy`",
        "its fields are id, connection_type, ",
    ),
    (
        "ends_at<now+14d",
        1,
        "has no field `ends_at`",
        "it is a field of a partner account",
    ),
    (
        "status.x=1",
        1,
        "`status.x`: the field status has no members",
        "use `status` alone",
    ),
    (
        "\u{1b}[2J\u{202e}=x",
        1,
        "has no field `\\u{1b}[2J\\u{202e}`",
        "its fields are",
    ),
    (
        "not_found=1",
        10,
        "`=1` is too much",
        "`not_found` stands by itself",
    ),
    (
        "!not_found",
        1,
        "`!not_found` is no expression",
        "`id?` holds for every account that exists",
    ),
    // Operators.
    (
        "status",
        1,
        "`status` alone says nothing",
        "`status?` holds where it is set, `status=…`",
    ),
    (
        "status|active",
        7,
        "an operator is missing before `|active`",
        "`status=…`",
    ),
    (
        "status \"x\"",
        8,
        "an operator is missing before `\"x\"`",
        "`status=…`",
    ),
    (
        "status==active",
        7,
        "`==` is no operator",
        "did you mean `=`?",
    ),
    (
        "created_at=>now",
        11,
        "`=>` is no operator",
        "did you mean `>=`?",
    ),
    (
        "created_at=<now",
        11,
        "`=<` is no operator",
        "did you mean `<=`?",
    ),
    (
        "status<>active",
        7,
        "`<>` is no operator",
        "did you mean `!=`?",
    ),
    (
        "status!active",
        7,
        "`!` is no operator",
        "did you mean `!=`?",
    ),
    (
        "pending_email=~x",
        14,
        "`=~` is no operator",
        "did you mean `~`?",
    ),
    ("status><x", 7, "`><` is no operator", "status takes = !=;"),
    (
        "status<active",
        7,
        "`<` makes no sense for status, one of pending, active, ",
        "it takes = !=",
    ),
    (
        "status~act",
        7,
        "`~` makes no sense for status",
        "it takes = !=",
    ),
    (
        "created_at~2030",
        11,
        "`~` makes no sense for created_at, a time",
        "it takes = != < <= > >=",
    ),
    (
        "pending_email>a",
        14,
        "`>` makes no sense for pending_email, an e-mail address",
        "it takes = != ~",
    ),
    (
        "pending_country~U",
        16,
        "`~` makes no sense for pending_country",
        "it takes = !=",
    ),
    (
        "id<cacc_1",
        3,
        "`<` makes no sense for id, an id",
        "it takes = != ~",
    ),
    (
        "status?=active",
        8,
        "`=active` is too much",
        "`status?` holds where it is set",
    ),
    (
        "!status=active",
        8,
        "`=active` is too much",
        "did you mean `status!=…`?",
    ),
    (
        "!status x",
        2,
        "has no field `status x`",
        "did you mean `status`?",
    ),
    (
        "!revoked_at?",
        12,
        "`?` is too much",
        "`!revoked_at` holds where it is not set",
    ),
    // Values.
    (
        "status=",
        7,
        "a value is missing",
        "`!status` holds where it is not set; the empty text is \"\"",
    ),
    ("status=|active", 7, "a value is missing", "\"\""),
    ("status=active|", 14, "a value is missing", "\"\""),
    ("status=active||pending", 14, "a value is missing", "\"\""),
    (
        "status=actve",
        8,
        "`actve` is no value of status",
        "did you mean `active`? it is one of pending, active, ",
    ),
    (
        "status=active|Revoked",
        15,
        "`Revoked` is no value of status",
        "did you mean `revoked`?",
    ),
    (
        "status=zzz",
        8,
        "`zzz` is no value of status",
        "it is one of pending, active, suspended, revoked",
    ),
    (
        "status=\"\"",
        8,
        "`\"\"` is no value of status",
        "it is one of",
    ),
    (
        "status= =active",
        9,
        "`=active` begins with a sign",
        "double quotes",
    ),
    (
        "pending_email=null",
        15,
        "`null` is no value",
        "`!pending_email` holds where it is not set; the word is \"null\"",
    ),
    (
        "id=org_1",
        4,
        "`org_1` cannot be a value of id",
        "it is an id that begins with cacc_",
    ),
    (
        "id=cacc_zzzzzzzzzzzzzzzzzzzzzz",
        4,
        "cannot be a value of id",
        "begins with cacc_",
    ),
    (
        "pending_country=us",
        17,
        "`us` is no country's code",
        "did you mean `US`?",
    ),
    (
        "pending_country=USA",
        17,
        "`USA` is no country's code",
        "it is two capital letters",
    ),
    (
        "pending_email~\"\"",
        15,
        "every text contains the empty one",
        "`pending_email?`",
    ),
    (
        "pending_email=\"x",
        15,
        "the quotes are not closed",
        "double quotes",
    ),
    (
        "pending_email=\"x\\\"",
        15,
        "the quotes are not closed",
        "double quotes",
    ),
    (
        "pending_email=\"\\q\"",
        15,
        "\"\\q\" is not written as in JSON",
        "as in JSON",
    ),
    (
        "pending_email=\"\\ud800\"",
        15,
        "is not written as in JSON",
        "as in JSON",
    ),
    (
        "pending_email=\"x\"y",
        18,
        "`y` stands behind the quotes",
        "double quotes",
    ),
    // Times.
    (
        "created_at>2030-01-31",
        12,
        "`2030-01-31` is no time",
        "did you mean `2030-01-31T00:00:00Z`?",
    ),
    (
        "created_at>14d",
        12,
        "`14d` is no time",
        "did you mean `now+14d`?",
    ),
    (
        "created_at>now+1y",
        12,
        "`now+1y` is no time",
        "the units are s, m, h, d, w",
    ),
    (
        "created_at>now+99999999999999999999d",
        12,
        "is no time",
        "now+14d",
    ),
    ("created_at>now+36501d", 12, "is no time", "now+14d"),
    (
        "created_at>2030-02-30T00:00:00Z",
        12,
        "is no time",
        "RFC 3339",
    ),
    (
        "created_at>10000-01-01T00:00:00Z",
        12,
        "is no time",
        "RFC 3339",
    ),
    (
        "created_at>2030-01-31T00:00:00",
        12,
        "is no time",
        "did you mean `2030-01-31T00:00:00Z`?",
    ),
    (
        "created_at<now|now+1d",
        15,
        "`<` takes one value",
        "`|` goes with",
    ),
    ("created_at=null", 12, "`null` is no value", "`!created_at`"),
    // Metadata.
    (
        "metadata.seats>ten",
        16,
        "`>` compares numbers and times, and `ten` is neither",
        "compare text",
    ),
    (
        "metadata.seats>\"10\"",
        16,
        "`>` compares numbers and times",
        "compare text",
    ),
    (
        "metadata.since<2030-01-31",
        16,
        "`<` compares numbers and times",
        "did you mean `2030-01-31T00:00:00Z`?",
    ),
    // What is before the place counts in characters.
    (
        "metadata.ünï漢=\"",
        15,
        "the quotes are not closed",
        "double quotes",
    ),
];

#[test]
fn what_cannot_be_read_is_pointed_at() {
    for (text, column, message, hint) in FLAWS {
        let Err(flaw) = parse(text, &CONNECTED) else {
            panic!("{text} is read");
        };
        assert_eq!(flaw.column, *column, "{text}: {flaw:?}");
        assert!(flaw.message.contains(message), "{text}: {flaw:?}");
        assert!(flaw.hint.contains(hint), "{text}: {flaw:?}");
    }
    for (text, column) in [
        ("deployed_members=1.0", 18),
        ("deployed_members>+1", 18),
        ("deployed_members<many", 18),
    ] {
        let flaw = parse(text, &PARTNER).expect_err(text);
        assert_eq!(flaw.column, column);
        assert!(flaw.message.ends_with("is no whole number"), "{flaw:?}");
    }
}

#[test]
fn a_flaw_is_an_error_that_shows_the_place() {
    let error = Error::from(parse("status=actve", &CONNECTED).expect_err("flawed"));
    assert_eq!(error.kind(), Kind::Usage);
    assert_eq!(
        error.to_string(),
        "`actve` is no value of status (column 8 of `status=actve`)"
    );
    assert_eq!(
        error.hint_text(),
        Some("did you mean `active`? it is one of pending, active, suspended, revoked")
    );
    let long = format!("status={}", "x".repeat(100_000));
    let error = Error::from(parse(&long, &CONNECTED).expect_err("flawed"));
    assert!(error.to_string().chars().count() < 200, "{error}");
}

#[test]
fn secrets_are_neither_compared_nor_repeated() {
    for text in [
        "activation_token=PNS-CANARY42",
        "activation_token~canary",
        "activation_token!=\"canary",
        "activation_token<canary",
    ] {
        let error = Error::from(parse(text, &PARTNER).expect_err(text));
        assert_eq!(
            error.to_string(),
            "`activation_token` is a secret, and nothing is compared with it (column 1)"
        );
        assert_eq!(
            error.hint_text(),
            Some("`activation_token?` and `!activation_token` ask whether it is set")
        );
    }
    let error = parse("metadata.activation_token canary", &CONNECTED).map_err(Error::from);
    assert_eq!(
        error.expect_err("flawed").to_string(),
        "`••••••••` is a secret, and nothing is compared with it (column 1)"
    );
    for text in [
        "metadata.activationToken=x",
        "metadata.old.activation_token=x",
        "metadata.activation.token~x",
    ] {
        let flaw = parse(text, &CONNECTED).expect_err(text);
        assert!(flaw.message.contains("is a secret"), "{flaw:?}");
    }
    // What else may be the secret, or a part of it.
    for (text, told) in [
        (
            "!activation_token=canary",
            "`••••••••` is too much (column 18)",
        ),
        (
            "activation_token?=canary",
            "`••••••••` is too much (column 18)",
        ),
        (
            "activation_token canary",
            "a partner account has no field `••••••••` (column 1)",
        ),
        (
            "activation_token.canary",
            "`••••••••`: the field activation_token has no members (column 1)",
        ),
        (
            "activation_tokne=canary",
            "a partner account has no field `activation_tokne` (column 1)",
        ),
        (
            "\"activation_token=canary",
            "the quotes are not closed (column 1)",
        ),
    ] {
        let error = Error::from(parse(text, &PARTNER).expect_err(text));
        assert_eq!(error.to_string(), told);
        assert!(!format!("{:?}", error.hint_text()).contains("canary"));
    }
    for text in [
        "status=PNS-CANARY42",
        "PNS-CANARY42",
        "pending_email=\"PNS-CANARY42",
        "status PNS-CANARY42",
    ] {
        let error = Error::from(parse(text, &CONNECTED).expect_err(text));
        let all = format!("{error} {:?}", error.hint_text());
        assert!(!all.contains("CANARY"), "{all}");
    }
}

/// The place is one in what is shown, be that shorter or longer than what was written.
#[test]
fn what_is_hidden_takes_the_place_with_it() {
    for (text, column, told) in [
        (
            "metadata.a=PNS-CANARY42|b|==c",
            27,
            "`==c` begins with a sign (column 23 of `metadata.a=••••••••|b|==c`)",
        ),
        (
            "metadata.a=sk_|==c",
            16,
            "`==c` begins with a sign (column 21 of `metadata.a=••••••••|==c`)",
        ),
        (
            "metadata.é=ghp_aé|==c",
            19,
            "`==c` begins with a sign (column 22 of `metadata.é=••••••••é|==c`)",
        ),
        // Where it begins, and right behind it.
        (
            "status=PNS-CANARY42",
            8,
            "`••••••••` is no value of status (column 8 of `status=••••••••`)",
        ),
        (
            "metadata.sk_live_1ab==x",
            21,
            "`==` is no operator (column 18 of `metadata.••••••••==x`)",
        ),
        // Inside of it.
        (
            "metadata.sk_live_1..x",
            20,
            "a field's name is missing here (column 10 of `metadata.••••••••`)",
        ),
        // Something is missing at the end, where a credential stands.
        (
            "metadata.ghp_1.",
            15,
            "a field's name is missing here (column 17 of `metadata.••••••••`)",
        ),
    ] {
        let flaw = parse(text, &CONNECTED).expect_err(text);
        assert_eq!(flaw.column, column, "{text}");
        assert_eq!(Error::from(flaw).to_string(), told);
    }
}

fn account(resource: &'static Resource, text: &str) -> Account {
    Account {
        resource,
        document: Document::parse(text.to_owned()).expect("object"),
    }
}

fn verdict(text: &str, resource: &'static Resource, document: Option<&str>) -> Verdict {
    let now: Timestamp = NOW.parse().expect("a time");
    let account = document.map(|document| account(resource, document));
    read(text, resource).evaluate(account.as_ref(), now)
}

const ACTIVE: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active",
    "platform_organization_id":"org_1","created_at":"2030-01-01T00:00:00.5Z","pending_email":"",
    "pending_organization_name":"Zoë | \"Fils\"","pending_country":null,"onboarding_completed_at":"2030-01-15T14:00:00+02:00",
    "metadata":{"plan":"pro","seats":12,"limit":"12","big":123456789012345678901234567890,"half":0.50,"beta":true,
    "none":null,"tags":["eu",7,["deep"],{"in":"side"},null],"since":"2030-01-10T00:00:00Z","never":"9999-12-31T23:59:59Z","local":"2030-01-10 00:00:00Z","a.b":"dot","on":{"x":1}}}"#;

#[test]
fn what_holds_of_an_account() {
    for (text, holds) in [
        ("status=active", true),
        ("status=pending", false),
        ("status=pending|active", true),
        ("status!=active", false),
        ("status!=pending", true),
        ("status!=pending|active", false),
        ("id=cacc_1", true),
        ("id~acc", true),
        ("id~ACC", false),
        // Times are points in time, however they are written.
        ("created_at=2030-01-01T00:00:00.500Z", true),
        ("created_at=2030-01-01T02:00:00.5+02:00", true),
        ("created_at>2030-01-01T00:00:00Z", true),
        ("created_at<=2030-01-01T00:00:00.499999999Z", false),
        // To the last digit, and to the end of what can be written.
        ("created_at<=2030-01-01T00:00:00.4999999999999Z", false),
        ("created_at=2030-01-01T00:00:00.5000000000000Z", true),
        ("created_at=2030-01-01T00:00:00.5000000000001Z", false),
        ("metadata.never=9999-12-31T00:00:00Z", false),
        ("metadata.never>9999-12-31T23:59:58Z", true),
        ("metadata.never>now+36500d", true),
        ("metadata.local>now-36500d", false),
        ("created_at<now", true),
        ("created_at<now-14d", true),
        ("created_at<now-15d", false),
        ("onboarding_completed_at=now", true),
        ("onboarding_completed_at>=now", true),
        ("onboarding_completed_at>now", false),
        ("onboarding_completed_at<now+1s", true),
        // Set and unset; empty is set.
        ("pending_email?", true),
        ("pending_email=\"\"", true),
        ("!pending_email", false),
        ("pending_country?", false),
        ("!pending_country", true),
        ("!revoked_at", true),
        ("revoked_at?", false),
        ("metadata?", true),
        ("metadata.none?", false),
        ("!metadata.nothing", true),
        // What is unset is no value, and differs from every one.
        ("pending_country=US", false),
        ("pending_country!=US", true),
        ("revoked_at<now", false),
        ("revoked_at>now", false),
        ("revoked_at!=now", true),
        ("metadata.none!=x", true),
        ("metadata.nothing!=x", true),
        ("metadata.nothing~x", false),
        ("metadata.nothing>1", false),
        // Text.
        ("pending_organization_name=\"Zoë | \\\"Fils\\\"\"", true),
        ("pending_organization_name~Zoë", true),
        ("pending_organization_name~zoë", false),
        ("pending_organization_name~x|Fils", true),
        // Metadata goes by what is there.
        ("metadata.plan=pro", true),
        ("metadata.plan=\"pro\"", true),
        ("metadata.plan~r", true),
        ("metadata.seats=12", true),
        ("metadata.seats=12.0", true),
        ("metadata.seats=\"12\"", false),
        ("metadata.seats>9", true),
        ("metadata.limit=12", true),
        ("metadata.limit=\"12\"", true),
        ("metadata.limit>9", true),
        ("metadata.big=123456789012345678901234567890", true),
        ("metadata.big=123456789012345678901234567891", false),
        ("metadata.big<123456789012345678901234567891", true),
        ("metadata.half=5e-1", true),
        ("metadata.beta=true", true),
        ("metadata.beta=false", false),
        ("metadata.beta=\"true\"", false),
        ("metadata.tags~eu", true),
        ("metadata.tags~7", true),
        ("metadata.tags~deep", false),
        ("metadata.tags~side", false),
        ("metadata.tags~in", false),
        ("metadata.tags=eu", false),
        ("metadata.tags!=eu", true),
        ("metadata.since<now-2d", true),
        ("metadata.since=2030-01-10T01:00:00+01:00", true),
        ("metadata.since=\"2030-01-10T01:00:00+01:00\"", false),
        ("metadata.a.b=dot", true),
        ("metadata.\"a.b\"=dot", true),
        ("metadata.on.x=1", true),
        ("metadata.on=1", false),
        ("not_found", false),
    ] {
        assert_eq!(
            verdict(text, &CONNECTED, Some(ACTIVE)).holds,
            holds,
            "{text}"
        );
    }
}

#[test]
fn nothing_but_not_found_holds_of_no_account() {
    for (text, holds) in [
        ("not_found", true),
        ("status=active", false),
        ("status!=active", false),
        ("!revoked_at", false),
        ("revoked_at?", false),
    ] {
        let verdict = verdict(text, &CONNECTED, None);
        assert_eq!(
            (verdict.holds, verdict.actual),
            (holds, Actual::NotFound),
            "{text}"
        );
    }
}

#[test]
fn integers_are_compared_to_the_last_digit() {
    let members = |value: &str| format!("{{\"deployed_members\":{value}}}");
    for (value, text, holds) in [
        ("5", "deployed_members=5", true),
        ("-0", "deployed_members=0", true),
        ("10", "deployed_members>9", true),
        (
            "9007199254740993",
            "deployed_members>9007199254740992",
            true,
        ),
        (
            "99999999999999999999999999",
            "deployed_members<100000000000000000000000000",
            true,
        ),
        ("-5", "deployed_members<-4", true),
        ("5", "deployed_members!=5|6", false),
        // Not whole, but numbers still.
        ("5.5", "deployed_members>5", true),
        ("5e0", "deployed_members=5", true),
        ("1e99999999999999999999", "deployed_members>5", true),
        ("1e-99999999999999999999", "deployed_members>0", true),
    ] {
        let verdict = verdict(text, &PARTNER, Some(&members(value)));
        assert_eq!(verdict.holds, holds, "{value}: {text}");
    }
}

/// An answer, an expression, whether it holds, what is shown and what is noted.
type Stray = (
    &'static str,
    &'static str,
    bool,
    &'static str,
    Option<&'static str>,
);

const STRAYS: &[Stray] = &[
    (r"{}", "status=active", false, "not set", Some("missing")),
    (r"{}", "status!=active", false, "not set", Some("missing")),
    (r"{}", "!status", true, "not set", Some("missing")),
    (
        r#"{"status":null}"#,
        "status!=active",
        false,
        "not set",
        Some("null"),
    ),
    (
        r#"{"status":7}"#,
        "status!=active",
        false,
        "7",
        Some("wrong type"),
    ),
    (
        r#"{"status":["active"]}"#,
        "status=active",
        false,
        r#"["active"]"#,
        Some("wrong type"),
    ),
    (r#"{"status":7}"#, "status?", true, "7", Some("wrong type")),
    // What reads alike is told apart.
    (
        r#"{"metadata":{"team":"A|B"}}"#,
        "metadata.team=A|B",
        false,
        "A|B",
        Some("| parts alternatives, unless in quotes"),
    ),
    (
        r#"{"metadata":{"team":"A|B"}}"#,
        "metadata.team=A|C",
        false,
        "A|B",
        None,
    ),
    (
        r#"{"metadata":{"seats":12}}"#,
        "metadata.seats=\"12\"",
        false,
        "12",
        Some("no text, which it is compared with"),
    ),
    (
        r#"{"metadata":{"seats":12}}"#,
        "metadata.seats=13",
        false,
        "12",
        None,
    ),
    // A word that the contract does not know is a word.
    (
        r#"{"status":"archived"}"#,
        "status!=active",
        true,
        "archived",
        Some("unknown value"),
    ),
    (
        r#"{"status":"archived"}"#,
        "status=active",
        false,
        "archived",
        Some("unknown value"),
    ),
    (
        r#"{"created_at":"yesterday"}"#,
        "created_at<now",
        false,
        "yesterday",
        Some("unknown value"),
    ),
    (
        r#"{"created_at":"yesterday"}"#,
        "created_at!=now",
        false,
        "yesterday",
        Some("unknown value"),
    ),
    (
        r#"{"created_at":1699335116}"#,
        "created_at<now",
        false,
        "1699335116",
        Some("wrong type"),
    ),
    (
        r#"{"revoked_at":false}"#,
        "revoked_at!=now",
        false,
        "false",
        Some("wrong type"),
    ),
    (
        r#"{"metadata":{"seats":"many"}}"#,
        "metadata.seats>1",
        false,
        "many",
        Some("not a number"),
    ),
    (
        r#"{"metadata":{"seats":[1]}}"#,
        "metadata.seats>1",
        false,
        "[1]",
        Some("not a number"),
    ),
    (
        r#"{"metadata":{"since":7}}"#,
        "metadata.since<now",
        false,
        "7",
        Some("not a time"),
    ),
    (
        r#"{"metadata":{"on":{"a": 1}}}"#,
        "metadata.on~a",
        false,
        r#"{"a":1}"#,
        Some("neither text nor a list"),
    ),
    (
        r#"{"metadata":7}"#,
        "metadata.on.x=1",
        false,
        "not set",
        None,
    ),
    (
        r#"{"pending_email":""}"#,
        "pending_email~x",
        false,
        r#""""#,
        Some("unknown value"),
    ),
    (
        r#"{"pending_email":"a\u001b[2J\u202e@\n"}"#,
        "pending_email~@",
        true,
        r"a\u{1b}[2J\u{202e}@\n",
        None,
    ),
];

#[test]
fn nothing_is_concluded_from_what_strays() {
    for (document, text, holds, shown, note) in STRAYS {
        let verdict = verdict(text, &CONNECTED, Some(document));
        assert_eq!(
            (verdict.holds, verdict.note),
            (*holds, *note),
            "{document} {text}: {verdict:?}"
        );
        assert_eq!(verdict.actual.to_string(), *shown, "{document} {text}");
    }
    let verdict = verdict(
        "deployed_members!=5",
        &PARTNER,
        Some(r#"{"deployed_members":"5"}"#),
    );
    assert_eq!((verdict.holds, verdict.note), (false, Some("wrong type")));
}

#[test]
fn a_secret_is_neither_shown_nor_compared() {
    let partner = r#"{"activation_token":"PNS-CANARY42"}"#;
    let set = verdict("activation_token?", &PARTNER, Some(partner));
    assert_eq!(
        (set.holds, set.actual.to_string().as_str()),
        (true, "••••••••")
    );
    assert!(verdict("!activation_token", &PARTNER, Some("{}")).holds);
    let connected = r#"{"metadata":{"activation_token":"canary-1234","link":"https://x/?c=canary-1234","list":["canary-1234","y"],"y":1}}"#;
    for (text, holds, shown, note) in [
        (
            "metadata.link~canary",
            false,
            "••••••••",
            Some("a secret is not compared"),
        ),
        (
            "metadata.link!=x",
            false,
            "••••••••",
            Some("a secret is not compared"),
        ),
        ("metadata.link?", true, "••••••••", None),
        ("metadata.activation_token?", true, "••••••••", None),
        ("metadata.list~canary-1234", false, r#"["y"]"#, None),
        ("metadata.list~y", true, r#"["y"]"#, None),
        ("metadata?", true, r#"{"list":["y"],"y":1}"#, None),
    ] {
        let verdict = verdict(text, &CONNECTED, Some(connected));
        assert_eq!(
            (verdict.holds, verdict.note),
            (holds, note),
            "{text}: {verdict:?}"
        );
        assert_eq!(verdict.actual.to_string(), shown, "{text}");
    }
}

#[test]
fn the_end_of_time_is_no_end_of_the_program() {
    let expression = read("revoked_at<now+36500d", &CONNECTED);
    let account = account(&CONNECTED, r#"{"revoked_at":"9999-12-30T00:00:00Z"}"#);
    assert!(expression.evaluate(Some(&account), Timestamp::MAX).holds);
    let expression = read("revoked_at<now-36500d", &CONNECTED);
    assert!(!expression.evaluate(Some(&account), Timestamp::MIN).holds);
}
