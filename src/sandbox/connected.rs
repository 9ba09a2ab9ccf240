//! Connect's accounts: the seed's, one for each status and type, and those that violate the contract.

use super::cases::Answer::{Account, Failure, InTurn};
use super::cases::{Case, Layers, account, fails, found};
use crate::error::Kind;

/// The document of the seed, with values in place of its placeholders.
pub(super) const SEED: &str = r#"{"connection_type":"standard","created_at":"2023-11-07T05:31:56Z","id":"cacc_7n42DGM5Tflk9n8mt7Fhc7","onboarding_mode":"express","platform_organization_id":"org_3mFv8kPzYqT1xWc7NdLsR2","status":"pending","connected_organization_id":"org_7n42DGM5Tflk9n8mt7Fhc7","connected_tenant_id":"ten_7n42DGM5Tflk9n8mt7Fhc7","metadata":{"plan":"pro","seats":12},"onboarding_completed_at":"2023-11-07T05:31:56Z","pending_country":"US","pending_email":"ada@example.com","pending_organization_name":"Analytical Engines Ltd","platform_customer_id":"cus_7n42DGM5Tflk9n8mt7Fhc7","revoked_at":"2023-11-07T05:31:56Z"}"#;

const STANDARD: &str = r#"{"connection_type":"standard","onboarding_mode":"full","connected_tenant_id":null,"pending_country":null,"pending_email":null,"pending_organization_name":null}"#;
const EXPRESS: &str = r#"{"connection_type":"express","onboarding_mode":"express","metadata":{"plan":"starter","seats":3,"tags":["beta","eu"]},"pending_country":"FR","pending_email":"zoe@example.com","pending_organization_name":"Zoë & Fils"}"#;
/// Until onboarding completes, an express account has neither organization nor tenant.
const NOT_ONBOARDED: &str = r#"{"connected_organization_id":null,"connected_tenant_id":null}"#;
const PENDING: &str = r#"{"status":"pending","onboarding_completed_at":null,"revoked_at":null}"#;
const ACTIVE: &str = r#"{"status":"active","onboarding_completed_at":"2023-11-09T14:02:11Z","revoked_at":null}"#;
const SUSPENDED: &str = r#"{"status":"suspended","onboarding_completed_at":"2023-11-09T14:02:11Z","revoked_at":null}"#;
const REVOKED: &str =
    r#"{"status":"revoked","onboarding_completed_at":"2023-11-09T14:02:11Z","revoked_at":"2024-06-30T23:59:59Z"}"#;

const NEW: &str = r#"{"created_at":"<-2d>T00:00:00Z"}"#;
const OLD: &str = r#"{"created_at":"<-30d>T00:00:00Z"}"#;

const PENDING_EXPRESS: Layers = &[EXPRESS, PENDING, NOT_ONBOARDED];
const HOSTILE: &str = r#"{"pending_organization_name":"<hostile>","pending_email":"a\u001b[31m\u202emoc.elpmaxe@example.com","metadata":{"\u001b[2Jkey\n\u202e":"no","nested":["<hostile>"]}}"#;

pub(super) static ACCOUNTS: &[Case] = &[
    account("7n42DGM5Tflk9n8mt7Fhc7", &[], "the account of the API's documentation"),
    account("pendingstandard", &[STANDARD, PENDING], "a pending standard account"),
    account("pendingexpress", PENDING_EXPRESS, "a pending express account"),
    account("pendingnew", &[EXPRESS, PENDING, NOT_ONBOARDED, NEW], "a pending account, two days old"),
    account("pendinglong", &[EXPRESS, PENDING, NOT_ONBOARDED, OLD], "a pending account whose link has expired"),
    account("activestandard", &[STANDARD, ACTIVE], "an active standard account"),
    account("activeexpress", &[EXPRESS, ACTIVE], "an active express account"),
    account("suspendedstandard", &[STANDARD, SUSPENDED], "a suspended standard account"),
    account("suspendedexpress", &[EXPRESS, SUSPENDED], "a suspended express account"),
    account("revokedstandard", &[STANDARD, REVOKED], "a revoked standard account"),
    account("revokedexpress", &[EXPRESS, REVOKED], "a revoked express account"),
    found(
        "onboarding",
        InTurn(&[Account(PENDING_EXPRESS), Account(PENDING_EXPRESS), Account(&[EXPRESS, ACTIVE])]),
        "pending; active from the third request on",
    ),
    found(
        "revoking",
        InTurn(&[Account(PENDING_EXPRESS), Account(&[EXPRESS, SUSPENDED]), Account(&[EXPRESS, REVOKED])]),
        "pending, then suspended; revoked from the third request on",
    ),
    fails(
        "appearing",
        Kind::NotFound,
        InTurn(&[Failure(404, &[]), Failure(404, &[]), Account(&[STANDARD, ACTIVE])]),
        "404; an active account from the third request on",
    ),
    account(
        "newfield",
        &[STANDARD, ACTIVE, r#"{"region":"eu-west-1","limits":{"invoices_per_day":1000}}"#],
        "fields that the contract does not have",
    ),
    account(
        "drift",
        &[STANDARD, ACTIVE, r#"{"status":"archived","created_at":1699335116,"-onboarding_mode":0}"#],
        "an unknown status, a wrong type, a missing field: a warning, or exit code 9 with --strict",
    ),
    account("hostile", &[EXPRESS, PENDING, NOT_ONBOARDED, HOSTILE], "text that acts on terminals and deceives readers"),
    fails(
        "wrongid",
        Kind::BadResponse,
        Account(&[STANDARD, ACTIVE, r#"{"id":"cacc_7n42DGM5Tflk9n8mt7Fhc7"}"#]),
        "another account's id in the answer",
    ),
];
