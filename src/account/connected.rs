//! The connected account of Connect: `GET /api/v1/connected-accounts/{id}` (`000_a69c0016d7d765c9`, Meteroid Connect).

use super::Resource;
use super::field::{Field, Kind, Tone, is_base62_u128};

/// How long an onboarding link lasts by default (Meteroid Connect).
const LINK_DAYS: i64 = 7;

pub static CONNECTED: Resource = Resource {
    noun: "connected account",
    api: "connect",
    schema: "cacc",
    command: "acctq cacc get",
    path: "/api/v1/connected-accounts/",
    is_id: |text| text.strip_prefix("cacc_").is_some_and(is_base62_u128),
    id_rule: "`cacc_` and at most 22 letters and digits, below 2^128",
    id_field: "id",
    example_id: "cacc_7n42DGM5Tflk9n8mt7Fhc7",
    example_url: "https://api.example.com",
    nobodys_id: None,
    fields: &[
        Field::new("id", "ID", Kind::Id("cacc_"), "The connected account."),
        Field::new(
            "connection_type",
            "Connection type",
            Kind::Enum(&[("standard", "picks its tenant by header"), ("express", "single-tenant")]),
            "How platform and account are connected.",
        ),
        Field::new(
            "onboarding_mode",
            "Onboarding mode",
            Kind::Enum(&[("express", "express onboarding"), ("full", "full onboarding")]),
            "How the account onboards.",
        ),
        Field::new(
            "status",
            "Status",
            Kind::Enum(&[
                ("pending", "onboarding not completed"),
                ("active", "calls on its behalf work"),
                ("suspended", "disabled for now by the platform"),
                ("revoked", "ended for good, all tokens are invalid"),
            ]),
            "Where the account is in its life.",
        ),
        Field::new("platform_organization_id", "Platform organization", Kind::Id("org_"), "The platform."),
        Field::new("created_at", "Created", Kind::Time, "When the account was created."),
        Field::optional(
            "connected_organization_id",
            "Connected organization",
            Kind::Id("org_"),
            "The connected organization; an express account has none until onboarding completes.",
        ),
        Field::optional(
            "connected_tenant_id",
            "Connected tenant",
            Kind::Id("ten_"),
            "The tenant of an express account; a standard one picks its tenant by header.",
        ),
        Field::optional("platform_customer_id", "Platform customer", Kind::Id("cus_"), "The platform's customer."),
        Field::optional("pending_email", "Invited", Kind::Text, "Who was invited (express only)."),
        Field::optional(
            "pending_organization_name",
            "Organization to be",
            Kind::Text,
            "The organization to be created (express only).",
        ),
        Field::optional(
            "pending_country",
            "Country",
            Kind::Country,
            "The country of the organization to be created, ISO 3166-1 alpha-2 (express only).",
        ),
        Field::optional("onboarding_completed_at", "Onboarded", Kind::Time, "When onboarding completed."),
        Field::optional("revoked_at", "Revoked", Kind::Time, "When the account was revoked."),
        Field::optional("metadata", "Metadata", Kind::Json, "The platform's own; keys and values are arbitrary."),
    ],
    columns: &["id", "status", "connection_type", "created_at"],
    token_rejected: &[401],
    tones: &[
        ("status", "pending", Tone::Waiting),
        ("status", "active", Tone::Working),
        ("status", "suspended", Tone::Waiting),
        ("status", "revoked", Tone::Ended),
    ],
    final_states: &[("status", "revoked")],
    not_found: "a deleted account is not found either; ",
    notes: |account, now| {
        let lasted = |name| account.lasted(name, now);
        let note = match (account.text("status").as_deref(), account.days_since("created_at", now)) {
            (Some("pending"), days) => {
                let is_over = days.is_some_and(|days| days >= LINK_DAYS);
                let link = if is_over { "so make a new one, for this same account" } else { "and works once" };
                let pending = lasted("created_at");
                format!(
                    "pending{pending}: the user has not completed onboarding; a link lasts {LINK_DAYS} days, {link}"
                )
            }
            (Some("suspended"), _) => "calls on its behalf fail until the platform lifts the suspension".to_owned(),
            (Some("revoked"), _) => format!("revoked{}: it stays so; its tokens are invalid", lasted("revoked_at")),
            _ => return Vec::new(),
        };
        vec![note]
    },
};
