//! Connect's accounts: the seed's, one for each status and type, and those that stray.

use super::case::{ABSENT, Answer, Case, Edit};
use super::http::words;
use crate::error::Kind;

/// The document of the seed, with values where it has placeholders.
pub(super) const SEED: &str = r#"{"connection_type":"standard","created_at":"2023-11-07T05:31:56Z","id":"cacc_7n42DGM5Tflk9n8mt7Fhc7","onboarding_mode":"express","platform_organization_id":"org_3mFv8kPzYqT1xWc7NdLsR2","status":"pending","connected_organization_id":"org_7n42DGM5Tflk9n8mt7Fhc7","connected_tenant_id":"ten_7n42DGM5Tflk9n8mt7Fhc7","metadata":{"plan":"pro","seats":12},"onboarding_completed_at":"2023-11-07T05:31:56Z","pending_country":"US","pending_email":"ada@example.com","pending_organization_name":"Analytical Engines Ltd","platform_customer_id":"cus_7n42DGM5Tflk9n8mt7Fhc7","revoked_at":"2023-11-07T05:31:56Z"}"#;

const STANDARD: &[Edit] = &[
    ("connection_type", r#""standard""#),
    ("onboarding_mode", r#""full""#),
    ("connected_tenant_id", "null"),
    ("pending_country", "null"),
    ("pending_email", "null"),
    ("pending_organization_name", "null"),
];

const EXPRESS: &[Edit] = &[
    ("connection_type", r#""express""#),
    ("onboarding_mode", r#""express""#),
    (
        "metadata",
        r#"{"plan":"starter","seats":3,"tags":["beta","eu"]}"#,
    ),
    ("pending_country", r#""FR""#),
    ("pending_email", r#""zoe@example.com""#),
    ("pending_organization_name", r#""Zoë & Fils""#),
];

const PENDING: &[Edit] = &[
    ("status", r#""pending""#),
    ("onboarding_completed_at", "null"),
    ("revoked_at", "null"),
];

/// Until it completes, an express account has neither organization nor tenant.
const NOT_ONBOARDED: &[Edit] = &[
    ("connected_organization_id", "null"),
    ("connected_tenant_id", "null"),
];

const ACTIVE: &[Edit] = &[
    ("status", r#""active""#),
    ("onboarding_completed_at", r#""2023-11-09T14:02:11Z""#),
    ("revoked_at", "null"),
];

const SUSPENDED: &[Edit] = &[
    ("status", r#""suspended""#),
    ("onboarding_completed_at", r#""2023-11-09T14:02:11Z""#),
    ("revoked_at", "null"),
];

const REVOKED: &[Edit] = &[
    ("status", r#""revoked""#),
    ("onboarding_completed_at", r#""2023-11-09T14:02:11Z""#),
    ("revoked_at", r#""2024-06-30T23:59:59Z""#),
];

pub(super) static ACCOUNTS: &[Case] = &[
    Case::account(
        "cacc_7n42DGM5Tflk9n8mt7Fhc7",
        &[],
        "the account of the API's documentation",
    ),
    Case::account(
        "cacc_pendingstandard",
        &[STANDARD, PENDING],
        "a pending standard account",
    ),
    Case::account(
        "cacc_pendingexpress",
        &[EXPRESS, PENDING, NOT_ONBOARDED],
        "a pending express account",
    ),
    Case::account(
        "cacc_activestandard",
        &[STANDARD, ACTIVE],
        "an active standard account",
    ),
    Case::account(
        "cacc_activeexpress",
        &[EXPRESS, ACTIVE],
        "an active express account",
    ),
    Case::account(
        "cacc_suspendedstandard",
        &[STANDARD, SUSPENDED],
        "a suspended standard account",
    ),
    Case::account(
        "cacc_suspendedexpress",
        &[EXPRESS, SUSPENDED],
        "a suspended express account",
    ),
    Case::account(
        "cacc_revokedstandard",
        &[STANDARD, REVOKED],
        "a revoked standard account",
    ),
    Case::account(
        "cacc_revokedexpress",
        &[EXPRESS, REVOKED],
        "a revoked express account",
    ),
    Case {
        id: "cacc_onboarding",
        answer: Answer::InTurn(&[
            Answer::Account(&[EXPRESS, PENDING, NOT_ONBOARDED]),
            Answer::Account(&[EXPRESS, PENDING, NOT_ONBOARDED]),
            Answer::Account(&[EXPRESS, ACTIVE]),
        ]),
        kind: None,
        what: "pending; active from the third request on",
    },
    Case {
        id: "cacc_revoking",
        answer: Answer::InTurn(&[
            Answer::Account(&[EXPRESS, PENDING, NOT_ONBOARDED]),
            Answer::Account(&[EXPRESS, SUSPENDED]),
            Answer::Account(&[EXPRESS, REVOKED]),
        ]),
        kind: None,
        what: "pending, then suspended; revoked from the third request on",
    },
    Case::fails(
        "cacc_appearing",
        Kind::NotFound,
        Answer::InTurn(&[
            Answer::Failure(404, &[]),
            Answer::Failure(404, &[]),
            Answer::Account(&[STANDARD, ACTIVE]),
        ]),
        "404; an active account from the third request on",
    ),
    Case::account(
        "cacc_newfield",
        &[
            STANDARD,
            ACTIVE,
            &[
                ("region", r#""eu-west-1""#),
                ("limits", r#"{"invoices_per_day":1000}"#),
            ],
        ],
        "fields that the contract does not have",
    ),
    Case::account(
        "cacc_drift",
        &[
            STANDARD,
            ACTIVE,
            &[
                ("status", r#""archived""#),
                ("created_at", "1699335116"),
                ("onboarding_mode", ABSENT),
            ],
        ],
        "an unknown status, a wrong type, a missing field: a warning, or exit code 9 with --strict",
    ),
    Case::account(
        "cacc_hostile",
        &[
            EXPRESS,
            PENDING,
            NOT_ONBOARDED,
            &[
                ("pending_organization_name", hostile!()),
                (
                    "pending_email",
                    "\"a\\u001b[31m\u{202e}moc.elpmaxe@example.com\"",
                ),
                (
                    "metadata",
                    concat!(
                        "{\"\\u001b[2Jkey\\n\u{202e}\":\"no\",\"nested\":[",
                        hostile!(),
                        "]}"
                    ),
                ),
            ],
        ],
        "text that acts on terminals and deceives readers",
    ),
    Case::fails(
        "cacc_wrongid",
        Kind::BadResponse,
        Answer::Account(&[
            STANDARD,
            ACTIVE,
            &[("id", r#""cacc_7n42DGM5Tflk9n8mt7Fhc7""#)],
        ]),
        "another account's id in the answer",
    ),
];

/// The body of an error.
pub(super) fn error(status: u16) -> String {
    let (phrase, sentence) = words(status);
    let code = phrase.to_ascii_uppercase().replace(' ', "_");
    format!(r#"{{"code":"{code}","message":"{sentence}"}}"#)
}
