//! Connect's list: any number of accounts, generated while they are written, so that a million of them need no more memory than
//! one. Each account is also found by its id, and is always the same.

use std::iter;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// The number of accounts in the list by default.
pub const ACCOUNTS: u32 = 20;

/// The prefix of an account's number in its id.
const ID: &str = "cacc_sandbox";

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// Organizations, each with its country and host. The lengths of all lists here have no common divisor.
const ORGANIZATIONS: [(&str, &str, &str); 7] = [
    ("Analytical Engines Ltd", "GB", "engines.example.com"),
    ("Zoë & Fils", "FR", "zoe.example.com"),
    ("漢字株式会社", "JP", "kanji.example.com"),
    ("O'Neil | Sons", "IE", "oneil.example.com"),
    ("Groß \"Spaß\" GmbH", "DE", "spass.example.com"),
    ("Acme, Inc.", "US", "acme.example.com"),
    ("Null = None", "NL", "null.example.com"),
];

const METADATA: [&str; 11] = [
    r#"{"plan":"pro","seats":12}"#,
    r#"{"plan":"starter","seats":3,"tags":["beta","eu"]}"#,
    r#"{"plan":"free"}"#,
    "null",
    r#"{"plan":"pro","seats":250,"tags":["eu"]}"#,
    r#"{"plan":"enterprise","seats":"unlimited","owner":{"team":"sales","region":"emea"}}"#,
    "{}",
    r#"{"plan":"starter","seats":1,"trial":true}"#,
    r#"{"plan":"pro","seats":40,"discount":0.10}"#,
    r#"{"plan":"free","tags":[]}"#,
    r#"{"plan":"pro","seats":8,"renews_at":"2099-01-01T00:00:00Z"}"#,
];

/// An account of the list, its members in the order of the API's documentation.
#[derive(Serialize)]
struct Account {
    connection_type: &'static str,
    created_at: Timestamp,
    id: String,
    onboarding_mode: &'static str,
    platform_organization_id: &'static str,
    status: &'static str,
    connected_organization_id: Option<String>,
    connected_tenant_id: Option<String>,
    metadata: Option<&'static RawValue>,
    onboarding_completed_at: Option<Timestamp>,
    pending_country: Option<&'static str>,
    pending_email: Option<String>,
    pending_organization_name: Option<&'static str>,
    platform_customer_id: Option<String>,
    revoked_at: Option<Timestamp>,
}

/// The accounts of one server.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub count: u32,
    /// When the server started: ages are relative to it.
    pub now: Timestamp,
}

impl List {
    /// The account of that id.
    pub fn account(&self, id: &str) -> Option<String> {
        let number: u32 = id.strip_prefix(ID)?.parse().ok()?;
        // `7` and `+0000007` are numbers too, but no ids of the list.
        let is_listed = (1..=self.count).contains(&number) && self::id(number) == id;
        is_listed.then(|| self.json(number))
    }

    /// The answer, in pieces: an account each.
    pub fn pieces(self) -> impl Iterator<Item = String> {
        let accounts = (1..=self.count).map(move |number| {
            let separator = if number == 1 { "" } else { "," };
            format!("{separator}{}", self.json(number))
        });
        iter::once("{\"data\":[".to_owned()).chain(accounts).chain(iter::once("]}".to_owned()))
    }

    fn json(self, number: u32) -> String {
        let nth = |period: usize| usize::try_from(number - 1).unwrap_or(0) % period;
        let (organization, country, host) = ORGANIZATIONS[nth(ORGANIZATIONS.len())];
        let is_express = nth(3) == 2;
        let spread = |days: u32| i64::from(number % days) * DAY + i64::from(number % 86_399);
        let old = 30 * DAY + spread(1_000);
        // Of twenty in a row, fourteen are active; two of the pending ones are younger than a week.
        let (status, age) = match nth(20) {
            2 | 13 => ("pending", HOUR + spread(5)),
            7 => ("pending", 8 * DAY + spread(60)),
            4 | 16 => ("suspended", old),
            10 => ("revoked", old),
            _ => ("active", old),
        };
        let is_pending = status == "pending";
        let at =
            |since: i64| Timestamp::from_second(self.now.as_second() - age + since).unwrap_or(Timestamp::UNIX_EPOCH);
        let has_joined = !is_pending || !is_express;
        let id_of = |prefix: &str| format!("{prefix}_sandbox{number:07}");
        let account = Account {
            connection_type: if is_express { "express" } else { "standard" },
            created_at: at(0),
            id: self::id(number),
            onboarding_mode: if is_express { "express" } else { "full" },
            platform_organization_id: "org_3mFv8kPzYqT1xWc7NdLsR2",
            status,
            connected_organization_id: has_joined.then(|| id_of("org")),
            connected_tenant_id: (has_joined && is_express).then(|| id_of("ten")),
            metadata: serde_json::from_str(METADATA[nth(METADATA.len())]).ok(),
            onboarding_completed_at: (!is_pending).then(|| at(2 * DAY + HOUR)),
            pending_country: is_express.then_some(country),
            pending_email: is_express.then(|| format!("owner{number}@{host}")),
            pending_organization_name: is_express.then_some(organization),
            platform_customer_id: (nth(4) != 3).then(|| id_of("cus")),
            revoked_at: (status == "revoked").then(|| at(age / 2)),
        };
        // Strings, times and raw JSON always serialize.
        serde_json::to_string(&account).unwrap_or_default()
    }
}

fn id(number: u32) -> String {
    format!("{ID}{number:07}")
}
