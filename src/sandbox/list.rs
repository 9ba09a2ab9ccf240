//! Connect's list: as many accounts as were asked for, made up while they are written, so that a million of them need no
//! more memory than one. Every account is there by its id, too, and always the same.

use std::fmt::Write as _;
use std::iter;

use jiff::Timestamp;

/// How many accounts the list has, unless it is told.
pub const ACCOUNTS: u32 = 20;

/// What stands before an account's number in its id.
const ID: &str = "cacc_sandbox";

/// From which length on a piece of the list is enough, in bytes.
const PIECE: usize = 8 * 1024;

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// Where accounts are in their lives: of twenty, fourteen are active. Two of three that are pending are so for less than a
/// week, the third one for longer.
const LIVES: [Life; 20] = [
    Life::Active,
    Life::Active,
    Life::Invited,
    Life::Active,
    Life::Suspended,
    Life::Active,
    Life::Active,
    Life::Stuck,
    Life::Active,
    Life::Active,
    Life::Revoked,
    Life::Active,
    Life::Active,
    Life::Invited,
    Life::Active,
    Life::Active,
    Life::Suspended,
    Life::Active,
    Life::Active,
    Life::Active,
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Pending, for less than a week.
    Invited,
    /// Pending, for more than a week.
    Stuck,
    Active,
    Suspended,
    Revoked,
}

/// Organizations with a country and a host, both of them theirs. The periods of all that varies have no common divisor.
const ORGANIZATIONS: [(&str, &str, &str); 7] = [
    ("Analytical Engines Ltd", "GB", "engines.example.com"),
    ("Zoë & Fils", "FR", "zoe.example.com"),
    ("漢字株式会社", "JP", "kanji.example.com"),
    ("O'Neil | Sons", "IE", "oneil.example.com"),
    ("Groß \\\"Spaß\\\" GmbH", "DE", "spass.example.com"),
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

/// The accounts of one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    count: u32,
    /// When the server began: the accounts are as old as they are then.
    now: i64,
}

impl List {
    pub fn new(count: u32, now: Timestamp) -> Self {
        List {
            count,
            now: now.as_second(),
        }
    }

    /// The account of that id.
    pub fn account(&self, id: &str) -> Option<String> {
        let number: u32 = id.strip_prefix(ID)?.parse().ok()?;
        // Only as the list writes it: `7` and `+0000007` are numbers, too.
        if !(1..=self.count).contains(&number) || self::id(number) != id {
            return None;
        }
        let mut text = String::new();
        self.write_account(number, &mut text);
        Some(text)
    }

    /// The answer, in pieces of some kilobytes.
    pub fn pieces(&self) -> impl Iterator<Item = String> {
        let list = *self;
        // How many accounts are written; nothing once the end is, too.
        let mut written = Some(0);
        iter::from_fn(move || {
            let mut number = written?;
            let mut piece = String::with_capacity(PIECE + 2048);
            if number == 0 {
                piece.push_str("{\"data\":[");
            }
            while number < list.count && piece.len() < PIECE {
                number += 1;
                if number > 1 {
                    piece.push(',');
                }
                list.write_account(number, &mut piece);
            }
            let is_last = number == list.count;
            if is_last {
                piece.push_str("]}");
            }
            written = (!is_last).then_some(number);
            Some(piece)
        })
    }

    /// The members in the order of the API's documentation.
    fn write_account(&self, number: u32, out: &mut String) {
        let nth = |period: usize| usize::try_from(number - 1).unwrap_or(0) % period;
        let life = LIVES[nth(LIVES.len())];
        let (organization, country, host) = ORGANIZATIONS[nth(ORGANIZATIONS.len())];
        let is_express = nth(3) == 2;
        let spread = |days: u32| i64::from(number % days) * DAY + i64::from(number % 86_399);
        let age = match life {
            Life::Invited => HOUR + spread(5),
            Life::Stuck => 8 * DAY + spread(60),
            _ => 30 * DAY + spread(1_000),
        };
        let at = |since: i64| {
            let seconds = self.now - age + since;
            // Years before the epoch of the calendar are not reached from any clock.
            let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
            format!("\"{time}\"")
        };
        let or_null =
            |is_there: bool, text: String| if is_there { text } else { "null".to_owned() };
        let is_pending = matches!(life, Life::Invited | Life::Stuck);
        let id_of = |prefix: &str| format!("\"{prefix}_sandbox{number:07}\"");
        let has_joined = !is_pending || !is_express;
        let members = [
            (
                "connection_type",
                (if is_express {
                    "\"express\""
                } else {
                    "\"standard\""
                })
                .to_owned(),
            ),
            ("created_at", at(0)),
            ("id", format!("\"{}\"", self::id(number))),
            (
                "onboarding_mode",
                (if is_express {
                    "\"express\""
                } else {
                    "\"full\""
                })
                .to_owned(),
            ),
            (
                "platform_organization_id",
                "\"org_3mFv8kPzYqT1xWc7NdLsR2\"".to_owned(),
            ),
            (
                "status",
                match life {
                    Life::Invited | Life::Stuck => "\"pending\"",
                    Life::Active => "\"active\"",
                    Life::Suspended => "\"suspended\"",
                    Life::Revoked => "\"revoked\"",
                }
                .to_owned(),
            ),
            (
                "connected_organization_id",
                or_null(has_joined, id_of("org")),
            ),
            (
                "connected_tenant_id",
                or_null(has_joined && is_express, id_of("ten")),
            ),
            ("metadata", METADATA[nth(METADATA.len())].to_owned()),
            (
                "onboarding_completed_at",
                or_null(!is_pending, at(2 * DAY + HOUR)),
            ),
            (
                "pending_country",
                or_null(is_express, format!("\"{country}\"")),
            ),
            (
                "pending_email",
                or_null(is_express, format!("\"owner{number}@{host}\"")),
            ),
            (
                "pending_organization_name",
                or_null(is_express, format!("\"{organization}\"")),
            ),
            ("platform_customer_id", or_null(nth(4) != 3, id_of("cus"))),
            ("revoked_at", or_null(life == Life::Revoked, at(age / 2))),
        ];
        for (i, (name, value)) in members.iter().enumerate() {
            let before = if i == 0 { '{' } else { ',' };
            // Writing to a String cannot fail.
            let _ = write!(out, "{before}\"{name}\":{value}");
        }
        out.push('}');
    }
}

fn id(number: u32) -> String {
    format!("{ID}{number:07}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, CONNECTED, Document};
    use crate::expression::parse;

    fn now() -> Timestamp {
        "2030-01-15T12:00:00Z".parse().expect("a time")
    }

    fn list(count: u32) -> List {
        List::new(count, now())
    }

    fn account(list: &List, number: u32) -> Account {
        let text = list.account(&id(number)).expect("listed");
        Account {
            resource: &CONNECTED,
            document: Document::parse(text).expect("an object"),
        }
    }

    #[test]
    fn a_list_has_as_many_accounts_as_were_asked_for_each_as_by_its_id() {
        for count in [0, 1, 2, 19, 200] {
            let list = list(count);
            let accounts: Vec<_> = (1..=count)
                .map(|number| list.account(&id(number)).expect("listed"))
                .collect();
            let whole: String = list.pieces().collect();
            assert_eq!(whole, format!("{{\"data\":[{}]}}", accounts.join(",")));
            let longest = list.pieces().map(|piece| piece.len()).max();
            assert!(longest.is_some_and(|length| length < PIECE + 2048));
            for id in [
                id(0),
                id(count + 1),
                ID.to_owned(),
                format!("{ID}1"),
                format!("{ID}+000001"),
                "cacc_1".to_owned(),
            ] {
                assert_eq!(list.account(&id), None, "{id}");
            }
        }
        // The first pieces of more accounts than anybody has time for.
        assert_eq!(list(u32::MAX).pieces().take(3).count(), 3);
        assert!(list(u32::MAX).account(&id(u32::MAX)).is_some());
    }

    #[test]
    fn listed_accounts_keep_to_the_contract_and_to_their_lives() {
        let list = list(u32::MAX);
        let numbers = (1..=300).chain([99_999, 9_999_999, 10_000_000, u32::MAX]);
        for number in numbers {
            let account = account(&list, number);
            let drift = account.drift().next().map(|(field, _)| field.name);
            assert_eq!(drift, None, "{:?}", account.document);
            assert!(CONNECTED.parse_id(&id(number)).is_ok());
            for field in CONNECTED.fields {
                assert!(account.document.get(field.name).is_some(), "{}", field.name);
            }
            let holds = |text: &str| {
                let expression = parse(text, &CONNECTED).expect("an expression");
                expression.evaluate(Some(&account), now()).holds
            };
            assert_eq!(holds("revoked_at?"), holds("status=revoked"), "{number}");
            assert_eq!(
                holds("!onboarding_completed_at"),
                holds("status=pending"),
                "{number}"
            );
            assert_eq!(
                holds("pending_email?"),
                holds("connection_type=express"),
                "{number}"
            );
            for time in ["created_at", "onboarding_completed_at", "revoked_at"] {
                assert!(!holds(&format!("{time}>now")), "{time} of {number}");
            }
        }
    }

    #[test]
    fn the_smallest_list_that_is_asked_for_has_something_of_everything() {
        let list = list(ACCOUNTS);
        let count = |texts: &[&str]| {
            let holds = |number: &u32| {
                texts.iter().all(|text| {
                    let expression = parse(text, &CONNECTED).expect("an expression");
                    expression
                        .evaluate(Some(&account(&list, *number)), now())
                        .holds
                })
            };
            (1..=ACCOUNTS).filter(holds).count()
        };
        assert_eq!(count(&["status=active"]), 14);
        assert_eq!(count(&["status=suspended"]), 2);
        assert_eq!(count(&["status=revoked"]), 1);
        assert_eq!(count(&["status=pending"]), 3);
        assert_eq!(count(&["status=pending", "created_at<now-7d"]), 1);
        assert_eq!(count(&["connection_type=express"]), 6);
        assert_eq!(count(&["metadata.plan=pro"]), 7);
        assert_eq!(count(&["!metadata"]), 2);
    }
}
