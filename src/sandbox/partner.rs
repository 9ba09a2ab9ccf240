//! Partner's accounts: the seed's, one for each status and type, and those that violate the contract.

use super::cases::Answer::{Account, InTurn};
use super::cases::{Case, account, fails, found};
use crate::error::Kind;

/// The document of the seed.
pub(super) const SEED: &str = r#"{"customer_account_uid":"aabee51b-0be2-4a0c-aa39-5bbcbb903d1b","account_type":"I","activation_token":"PNS-DEFG1234","domain":"b5test.com","status":"provisioned","deployed_members":1,"created_at":"2023-01-23T15:55:58.000Z","updated_at":"2023-01-23T15:58:22.000Z","ends_at":null}"#;

const INDIVIDUAL: &str = r#"{"account_type":"I","activation_token":"PNS-SBXI2345"}"#;
const FAMILY: &str =
    r#"{"account_type":"F","activation_token":"PNS-SBXF6789","domain":"b5test.eu","deployed_members":5}"#;
/// The customer has not signed up yet.
const ENTITLED: &str = r#"{"status":"entitled","deployed_members":0,"updated_at":"2023-01-23T15:55:58.000Z"}"#;
const PROVISIONED: &str = r#"{"status":"provisioned"}"#;
const ENDING: &str = r#"{"domain":"1password.com","ends_at":"<12d>T00:00:00.000Z"}"#;
const FROZEN: &str = r#"{"domain":"1password.ca","ends_at":"<-20d>T00:00:00.000Z"}"#;
const CANADA: &str = r#"{"domain":"b5test.ca"}"#;
const PRODUCTION: &str = r#"{"domain":"1password.eu"}"#;

const HOSTILE: &str = r#"{"activation_token":"PNS-\u001b[31m\u202eSBXH2345","display_name":"<hostile>","labels":{"\u001b[2Jkey\n\u202e":["<hostile>"]}}"#;

pub(super) static ACCOUNTS: &[Case] = &[
    account("aabee51b-0be2-4a0c-aa39-5bbcbb903d1b", &[], "the account of the API's documentation"),
    account("entitled-individual", &[INDIVIDUAL, ENTITLED], "an entitled individual account"),
    account("entitled-family", &[FAMILY, ENTITLED], "an entitled family account"),
    account("provisioned-individual", &[INDIVIDUAL, PROVISIONED], "a provisioned individual account"),
    account("provisioned-family", &[FAMILY, PROVISIONED], "a provisioned family account"),
    account(
        "ending",
        &[FAMILY, PROVISIONED, r#"{"ends_at":"2099-12-31T23:59:59.000Z"}"#],
        "an account that will be frozen",
    ),
    account("endingsoon", &[FAMILY, PROVISIONED, ENDING], "an account that will be frozen in less than two weeks"),
    account("frozen", &[FAMILY, PROVISIONED, FROZEN], "an account that was frozen 20 days ago"),
    account("entitled-canada", &[FAMILY, ENTITLED, CANADA], "an entitled account at the test domain of Canada"),
    account("entitled-production", &[FAMILY, ENTITLED, PRODUCTION], "an entitled account in production, EU"),
    found(
        "signingup",
        InTurn(&[
            Account(&[INDIVIDUAL, ENTITLED]),
            Account(&[INDIVIDUAL, ENTITLED]),
            Account(&[INDIVIDUAL, PROVISIONED]),
        ]),
        "entitled; provisioned from the third request on",
    ),
    account(
        "newfield",
        &[INDIVIDUAL, r#"{"region":"eu","plan":{"name":"families","seats":5}}"#],
        "fields that the contract does not have",
    ),
    account(
        "drift",
        &[INDIVIDUAL, r#"{"status":"frozen","deployed_members":"1","-updated_at":0}"#],
        "an unknown status, a wrong type, a missing field: a warning, or exit code 9 with --strict",
    ),
    account("hostile", &[INDIVIDUAL, HOSTILE], "text that acts on terminals and deceives readers"),
    account(
        "secretive",
        &[
            INDIVIDUAL,
            r#"{"promotion":{"name":"autumn","activation_token":"PNS-SBXP4321"},"redeem_url":"https://start.b5test.com/partnership/redeem?t=I&c=PNS-SBXI2345"}"#,
        ],
        "its activation token in unknown fields too, hidden without --reveal",
    ),
    fails(
        "wrongid",
        Kind::BadResponse,
        Account(&[INDIVIDUAL, r#"{"customer_account_uid":"aabee51b-0be2-4a0c-aa39-5bbcbb903d1b"}"#]),
        "another account's id in the answer",
    ),
];
