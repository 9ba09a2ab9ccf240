//! The partner billing account of 1Password: `GET /api/v1/partners/accounts/{customer_account_uid}` (`003_1fd4fea355acb54f`).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::field::{Field, Kind, Tone};
use super::{Account, Resource, days_long};
use crate::error::{Error, Kind as ErrorKind, Result};

pub static PARTNER: Resource = Resource {
    noun: "partner account",
    api: "partner",
    schema: "partner-account",
    command: "acctq partner account get",
    path: "/api/v1/partners/accounts/",
    is_id: |text| (1..=80).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
    id_rule: "1 to 80 letters, digits and hyphens",
    id_field: "customer_account_uid",
    example_id: "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
    example_url: "https://billing.b5test.eu",
    nobodys_id: Some("00000000-0000-0000-0000-000000000000"),
    fields: &[
        Field::new("customer_account_uid", "UID", Kind::Text, "The end user's account."),
        Field::new(
            "account_type",
            "Account type",
            Kind::Enum(&[("I", "individual"), ("F", "family")]),
            "The current type of the 1Password account.",
        ),
        Field::secret(
            "activation_token",
            "Activation token",
            Kind::Text,
            "A redeemable coupon code that links a 1Password account to the partnership promotion; shown only with --reveal.",
        ),
        Field::new(
            "domain",
            "Domain",
            Kind::Enum(&[
                ("b5test.com", "test"),
                ("b5test.ca", "test, Canada"),
                ("b5test.eu", "test, EU"),
                ("1password.com", "production"),
                ("1password.ca", "production, Canada"),
                ("1password.eu", "production, EU"),
            ]),
            "The 1Password domain where the account lives.",
        ),
        Field::new(
            "status",
            "Status",
            Kind::Enum(&[("entitled", "sign-up not completed"), ("provisioned", "sign-up completed")]),
            "Whether the customer has signed up.",
        ),
        Field::new("deployed_members", "Deployed members", Kind::Integer, "The number of provisioned users."),
        Field::new("created_at", "Created", Kind::Time, "When the partnership account was created."),
        Field::new("updated_at", "Updated", Kind::Time, "When the partner account was last updated."),
        Field::optional("ends_at", "Ends", Kind::Time, "When the account will be frozen; none if no end is set."),
    ],
    columns: &["customer_account_uid", "status", "account_type", "ends_at"],
    token_rejected: &[401, 403],
    tones: &[("status", "entitled", Tone::Waiting), ("status", "provisioned", Tone::Working)],
    final_states: &[],
    not_found: "",
    notes: |account, now| {
        let uid = account.text("customer_account_uid").filter(|uid| PARTNER.parse_id(uid).is_ok());
        let link = uid.filter(|_| account.text("status").as_deref() == Some("entitled")).map(|uid| {
            let dashes = if uid.starts_with('-') { "-- " } else { "" };
            let entitled = account.lasted("created_at", now);
            format!("entitled{entitled}: the customer has not signed up; `acctq partner account redeem-url {dashes}{uid}` prints the link to send")
        });
        let end = account.days_since("ends_at", now).map(|days| match days {
            0.. => format!("it has ended, and has been frozen{}", account.lasted("ends_at", now)),
            -1 => "it will be frozen in less than a day".to_owned(),
            _ => format!("it will be frozen in {}", days_long(-days - 1)),
        });
        link.into_iter().chain(end).collect()
    },
};

/// The link with which the customer of an entitled account signs up. Fails (`unmet`) if that is done, and (`bad_response`) rather than
/// leading to a place that the contract does not know.
pub fn redeem_url(account: &Account) -> Result<String> {
    let strange = |what: &str| {
        Error::new(ErrorKind::BadResponse, format!("the answer has no {what} that a link can be made of"))
            .hint("`-o json` of the account shows what the server says; ask the operator of the API")
    };
    let known = |name: &str| {
        let means = |text: &str| account.resource.field(name).and_then(|field| field.kind.meaning(text));
        account.text(name).filter(|text| means(text).is_some()).ok_or_else(|| strange(name))
    };
    if known("status")? != "entitled" {
        let error = Error::new(ErrorKind::Unmet, "there is nothing to redeem: the customer has signed up");
        return Err(error.hint("an account of status provisioned needs no link"));
    }
    let (domain, account_type) = (known("domain")?, known("account_type")?);
    let token = account.text("activation_token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| strange("activation_token"))?;
    let [account_type, token] =
        [account_type, token].map(|text| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string());
    Ok(format!("https://start.{domain}/partnership/redeem?t={account_type}&c={token}"))
}
