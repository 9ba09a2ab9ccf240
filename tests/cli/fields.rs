//! Every field of both contracts in every state: how it is shown, and when it is a contract violation.

use serde_json::json;

use crate::harness::{ACTIVATION, Home, TOKEN, api};

/// An API: how an account is looked up, and its fields in the order of the contract.
struct Api {
    name: &'static str,
    command: &'static str,
    path: &'static str,
    id: &'static str,
    fields: &'static [Field],
}

/// A field: its name, its label in a table, whether it may be null or absent, and JSON texts: a good value, one of a wrong
/// type, and one that the contract does not know; empty where every value is good.
type Field = (&'static str, &'static str, bool, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const CONNECT: Api = Api {
    name: "connect",
    command: "cacc get",
    path: "/api/v1/connected-accounts/",
    id: "cacc_7n42DGM5Tflk9n8mt7Fhc7",
    fields: &[
        ("id", "ID", false, "\"cacc_7n42DGM5Tflk9n8mt7Fhc7\"", "7", ""),
        ("connection_type", "Connection type", false, "\"standard\"", "true", "\"custom\""),
        ("onboarding_mode", "Onboarding mode", false, "\"express\"", "[1]", "\"slow\""),
        ("status", "Status", false, "\"pending\"", "0", "\"archived\""),
        ("platform_organization_id", "Platform organization", false, "\"org_3mFv8kPzYqT1xWc7NdLsR2\"", "12", "\"cus_1\""),
        ("created_at", "Created", false, "\"2023-11-07T05:31:56Z\"", "1699335116", "\"yesterday\""),
        ("connected_organization_id", "Connected organization", true, "\"org_7n42DGM5Tflk9n8mt7Fhc7\"", "{}", "\"org_\""),
        ("connected_tenant_id", "Connected tenant", true, "\"ten_7n42DGM5Tflk9n8mt7Fhc7\"", "false", "\"ten_zzzzzzzzzzzzzzzzzzzzzz\""),
        ("platform_customer_id", "Platform customer", true, "\"cus_7n42DGM5Tflk9n8mt7Fhc7\"", "1.5", "\"7n42DGM5Tflk9n8mt7Fhc7\""),
        ("pending_email", "Invited", true, "\"ada@example.com\"", "[]", ""),
        ("pending_organization_name", "Organization to be", true, "\"Analytical Engines\"", "1e3", ""),
        ("pending_country", "Country", true, "\"US\"", "1", "\"USA\""),
        ("onboarding_completed_at", "Onboarded", true, "\"2023-11-08T05:31:56Z\"", "0", "\"2023-11-08\""),
        ("revoked_at", "Revoked", true, "\"2023-11-09T05:31:56Z\"", "true", "\"2023-13-09T05:31:56Z\""),
        ("metadata", "Metadata", true, "{\"plan\":\"pro\"}", "", ""),
    ],
};

/// Words of the contract, and how a table shows them.
const MEANINGS: &[(&str, &str)] = &[
    ("\"standard\"", "standard (picks its tenant by header)"),
    ("\"express\"", "express (express onboarding)"),
    ("\"pending\"", "pending (onboarding not completed)"),
    ("\"I\"", "I (individual)"),
    ("\"b5test.com\"", "b5test.com (test)"),
    ("\"provisioned\"", "provisioned (sign-up completed)"),
];

#[rustfmt::skip]
const PARTNER: Api = Api {
    name: "partner",
    command: "partner account get",
    path: "/api/v1/partners/accounts/",
    id: "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
    fields: &[
        ("customer_account_uid", "UID", false, "\"aabee51b-0be2-4a0c-aa39-5bbcbb903d1b\"", "12", ""),
        ("account_type", "Account type", false, "\"I\"", "1", "\"B\""),
        ("activation_token", "Activation token", false, "\"PNS-CANARY42\"", "42", ""),
        ("domain", "Domain", false, "\"b5test.com\"", "{}", "\"example.com\""),
        ("status", "Status", false, "\"provisioned\"", "[]", "\"frozen\""),
        ("deployed_members", "Deployed members", false, "1", "\"1\"", "1.5"),
        ("created_at", "Created", false, "\"2023-01-23T15:55:58.000Z\"", "0", "\"23.01.2023\""),
        ("updated_at", "Updated", false, "\"2023-01-23T15:58:22.000Z\"", "false", "\"\""),
        ("ends_at", "Ends", true, "\"2024-01-23T15:58:22.000Z\"", "9", "\"never\""),
    ],
};

const SECRET: &str = "activation_token";

impl Api {
    /// A field's states: its value (`None`: absent), and the word for the contract violation that it is.
    fn states(&self, field: &str) -> Vec<(Option<&'static str>, Option<&'static str>)> {
        let &(.., optional, good, wrong_type, unknown) = self.field(field);
        let lacking = |word| (!optional).then_some(word);
        let all = [
            (Some(good), None),
            (Some("null"), lacking("null")),
            (None, lacking("missing")),
            (Some(wrong_type), Some("wrong type")),
            (Some(unknown), Some("unknown value")),
        ];
        all.into_iter().filter(|(value, _)| *value != Some("")).collect()
    }

    fn field(&self, name: &str) -> &Field {
        self.fields.iter().find(|field| field.0 == name).unwrap()
    }

    /// The members of an answer in which this field has this value, in an order of the server's own.
    fn members(&self, name: &str, value: Option<&'static str>) -> Vec<(&'static str, &'static str)> {
        let mut members: Vec<_> = self.fields.iter().rev().map(|field| (field.0, field.3)).collect();
        let at = members.iter().position(|member| member.0 == name).unwrap();
        match value {
            Some(value) => members[at].1 = value,
            None => drop(members.remove(at)),
        }
        members
    }

    fn table(&self, members: &[(&str, &'static str)]) -> String {
        let mut fields = self.fields.to_vec();
        fields.sort_by_key(|field| (field.0 != self.fields[0].0, field.0 != "status"));
        let rows = fields.iter().filter_map(|&(name, label, ..)| {
            let (_, value) = members.iter().find(|member| member.0 == name)?;
            let shown = match *value {
                "null" => "–",
                _ if name == SECRET => "••••••••  (--reveal shows it)",
                value => MEANINGS.iter().find(|(word, _)| *word == value).map_or(value.trim_matches('"'), |row| row.1),
            };
            Some((label, shown))
        });
        let rows: Vec<_> = rows.collect();
        let width = rows.iter().map(|row| row.0.len()).max().unwrap();
        let line = |(label, shown)| format!("{label:width$}  {shown}").trim_end().to_owned() + "\n";
        rows.into_iter().map(line).collect()
    }
}

fn compact(members: &[(&str, &str)], revealed: bool) -> String {
    let shown = members.iter().filter(|(name, _)| revealed || *name != SECRET);
    let members: Vec<_> = shown.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// A server, and a home with a profile at it; the server answers only to our token.
fn serve(path: &str, body: &str) -> (mockito::ServerGuard, Home) {
    let (mut server, home) = api();
    let bearer = format!("Bearer {TOKEN}");
    let mock = server.mock("GET", path);
    mock.match_header("authorization", bearer.as_str()).with_body(body).create();
    (server, home)
}

fn every_state(api: &Api) {
    for &(name, ..) in api.fields {
        for (value, violation) in api.states(name) {
            let members = api.members(name, value);
            let path = format!("{}{}", api.path, api.id);
            let (_server, home) = serve(&path, &compact(&members, true));
            let get = |flags: &str| home.acctq(&format!("{} {} {flags}", api.command, api.id)).run();
            let case = format!("{name} is {value:?}");

            let table = get("");
            let rows = api.table(&members);
            assert_eq!((table.code, table.stdout), (0, rows), "{case}");
            assert_eq!(table.stderr.contains(name), violation.is_some(), "{case}");

            let ended = get("-o ndjson");
            let printed = compact(&members, false) + "\n";
            assert_eq!((ended.code, &ended.stdout), (0, &printed), "{case}");
            let warnings = ended.told("warning");
            assert_eq!(warnings.len(), violation.iter().len(), "{ended:#?}");
            for warning in &warnings {
                let about = ["code", "id", "api", "profile"].map(|key| &warning[key]);
                assert_eq!(about, ["drift", api.id, api.name, "test"]);
                let fields = json!([{"name": name, "drift": violation}]);
                assert_eq!(warning["fields"], fields);
            }

            let strict = get("-o ndjson --strict");
            if violation.is_none() {
                strict.prints(&printed);
            } else {
                strict.fails_with(9, "bad_response");
                strict.fails(9, &[name, api.id, "\"status\":200,"]);
            }
        }
    }
}

#[test]
fn every_field_of_a_connected_account_in_every_state() {
    every_state(&CONNECT);
}

#[test]
fn every_field_of_a_partner_account_in_every_state() {
    every_state(&PARTNER);
}

#[test]
fn a_secret_is_revealed_in_every_state() {
    for value in ["\"PNS-CANARY42\"", "null", "42"] {
        let body = compact(&PARTNER.members(SECRET, Some(value)), true);
        let (_server, home) = serve(&format!("{}{}", PARTNER.path, PARTNER.id), &body);
        let run = home.acctq(&format!("get {} -o ndjson --reveal -q", PARTNER.id));
        run.run().prints(&(body + "\n"));
    }
    assert!(PARTNER.field(SECRET).3.contains(ACTIVATION));
}

#[test]
fn all_that_strays_is_one_warning_in_the_order_of_the_contract() {
    let answer = r#"{"status":"archived","id":"cacc_1","created_at":5,"onboarding_mode":null,"region":"eu"}"#;
    let (_server, home) = serve("/api/v1/connected-accounts/cacc_1", answer);
    let ended = home.acctq("get cacc_1 -o ndjson").run();
    assert_eq!((ended.code, ended.stdout.trim_end()), (0, answer));
    let warnings = ended.told("warning");
    let fields = warnings[0]["fields"].as_array().unwrap().iter();
    let strays = fields.map(|field| format!("{}: {}", field["name"], field["drift"]));
    assert_eq!(
        strays.collect::<Vec<_>>().join(", ").replace('"', ""),
        "connection_type: missing, onboarding_mode: null, status: unknown value, platform_organization_id: missing, created_at: wrong type"
    );
}
