//! Partner's accounts: the seed's, one for each status and type, and those that stray.

use super::case::{ABSENT, Answer, Case, Edit};
use super::http::words;
use crate::error::Kind;

/// The document of the seed.
pub(super) const SEED: &str = r#"{"customer_account_uid":"aabee51b-0be2-4a0c-aa39-5bbcbb903d1b","account_type":"I","activation_token":"PNS-DEFG1234","domain":"b5test.com","status":"provisioned","deployed_members":1,"created_at":"2023-01-23T15:55:58.000Z","updated_at":"2023-01-23T15:58:22.000Z","ends_at":null}"#;

const INDIVIDUAL: &[Edit] = &[
    ("account_type", r#""I""#),
    ("activation_token", r#""PNS-SBXI2345""#),
];

const FAMILY: &[Edit] = &[
    ("account_type", r#""F""#),
    ("activation_token", r#""PNS-SBXF6789""#),
    ("domain", r#""b5test.eu""#),
    ("deployed_members", "5"),
];

/// Nobody has signed up yet.
const ENTITLED: &[Edit] = &[
    ("status", r#""entitled""#),
    ("deployed_members", "0"),
    ("updated_at", r#""2023-01-23T15:55:58.000Z""#),
];

const PROVISIONED: &[Edit] = &[("status", r#""provisioned""#)];

pub(super) static ACCOUNTS: &[Case] = &[
    Case::account(
        "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
        &[],
        "the account of the API's documentation",
    ),
    Case::account(
        "entitled-individual",
        &[INDIVIDUAL, ENTITLED],
        "an entitled individual account",
    ),
    Case::account(
        "entitled-family",
        &[FAMILY, ENTITLED],
        "an entitled family account",
    ),
    Case::account(
        "provisioned-individual",
        &[INDIVIDUAL, PROVISIONED],
        "a provisioned individual account",
    ),
    Case::account(
        "provisioned-family",
        &[FAMILY, PROVISIONED],
        "a provisioned family account",
    ),
    Case::account(
        "ending",
        &[
            FAMILY,
            PROVISIONED,
            &[("ends_at", r#""2099-12-31T23:59:59.000Z""#)],
        ],
        "an account that will be frozen",
    ),
    Case {
        id: "signingup",
        answer: Answer::InTurn(&[
            Answer::Account(&[INDIVIDUAL, ENTITLED]),
            Answer::Account(&[INDIVIDUAL, ENTITLED]),
            Answer::Account(&[INDIVIDUAL, PROVISIONED]),
        ]),
        kind: None,
        what: "entitled; provisioned from the third request on",
    },
    Case::account(
        "newfield",
        &[
            INDIVIDUAL,
            &[
                ("region", r#""eu""#),
                ("plan", r#"{"name":"families","seats":5}"#),
            ],
        ],
        "fields that the contract does not have",
    ),
    Case::account(
        "drift",
        &[
            INDIVIDUAL,
            &[
                ("status", r#""frozen""#),
                ("deployed_members", r#""1""#),
                ("updated_at", ABSENT),
            ],
        ],
        "an unknown status, a wrong type, a missing field: a warning, or exit code 9 with --strict",
    ),
    Case::account(
        "hostile",
        &[
            INDIVIDUAL,
            &[
                ("activation_token", "\"PNS-\\u001b[31m\u{202e}SBXH2345\""),
                ("display_name", hostile!()),
                (
                    "labels",
                    concat!("{\"\\u001b[2Jkey\\n\u{202e}\":[", hostile!(), "]}"),
                ),
            ],
        ],
        "text that acts on terminals and deceives readers",
    ),
    Case::account(
        "secretive",
        &[
            INDIVIDUAL,
            &[
                (
                    "promotion",
                    r#"{"name":"autumn","activation_token":"PNS-SBXP4321"}"#,
                ),
                (
                    "redeem_url",
                    r#""https://start.b5test.com/partnership/redeem?t=I&c=PNS-SBXI2345""#,
                ),
            ],
        ],
        "its activation token in unknown fields too, hidden without --reveal",
    ),
    Case::fails(
        "wrongid",
        Kind::BadResponse,
        Answer::Account(&[
            INDIVIDUAL,
            &[(
                "customer_account_uid",
                r#""aabee51b-0be2-4a0c-aa39-5bbcbb903d1b""#,
            )],
        ]),
        "another account's id in the answer",
    ),
];

/// The body of an error.
pub(super) fn error(status: u16) -> String {
    let (phrase, sentence) = words(status);
    let error = phrase.to_ascii_lowercase().replace(' ', "_");
    format!(r#"{{"description":"{sentence}","code":{status},"error":"{error}"}}"#)
}
