//! Every field of both contracts, in every state, in every format.

use mockito::ServerGuard;

use crate::harness::{ACTIVATION, Ended, Home, TOKEN};

/// An API: how an account is looked up, and what a whole one looks like.
struct Api {
    command: &'static str,
    path: &'static str,
    noun: &'static str,
    name: &'static str,
    id: &'static str,
    /// The members of a good answer, in the server's order, as JSON text.
    members: &'static [(&'static str, &'static str)],
    /// A row for each field, in the order of the contract.
    fields: &'static [Field],
}

/// A field: what a table calls it, whether it may be null or absent, how its good value stands in YAML, a value of the
/// wrong type, one that is unknown (empty if any is known), and how both stand in a table.
struct Field {
    name: &'static str,
    label: &'static str,
    nullable: bool,
    yaml: &'static str,
    table: &'static str,
    wrong_type: &'static str,
    unknown: &'static str,
}

const fn field(
    name: &'static str,
    label: &'static str,
    nullable: bool,
    table: &'static str,
    yaml: &'static str,
    wrong_type: &'static str,
    unknown: &'static str,
) -> Field {
    Field {
        name,
        label,
        nullable,
        yaml,
        table,
        wrong_type,
        unknown,
    }
}

const CONNECT: Api = Api {
    command: "cacc get",
    path: "/api/v1/connected-accounts/",
    noun: "connected account",
    name: "connect",
    id: "cacc_7n42DGM5Tflk9n8mt7Fhc7",
    members: &[
        ("connection_type", "\"standard\""),
        ("created_at", "\"2023-11-07T05:31:56Z\""),
        ("id", "\"cacc_7n42DGM5Tflk9n8mt7Fhc7\""),
        ("onboarding_mode", "\"express\""),
        ("platform_organization_id", "\"org_3mFv8kPzYqT1xWc7NdLsR2\""),
        ("status", "\"pending\""),
        (
            "connected_organization_id",
            "\"org_7n42DGM5Tflk9n8mt7Fhc7\"",
        ),
        ("connected_tenant_id", "\"ten_7n42DGM5Tflk9n8mt7Fhc7\""),
        ("metadata", "{\"plan\":\"pro\"}"),
        ("onboarding_completed_at", "\"2023-11-08T05:31:56Z\""),
        ("pending_country", "\"US\""),
        ("pending_email", "\"ada@example.com\""),
        ("pending_organization_name", "\"Analytical Engines\""),
        ("platform_customer_id", "\"cus_7n42DGM5Tflk9n8mt7Fhc7\""),
        ("revoked_at", "\"2023-11-09T05:31:56Z\""),
    ],
    fields: &[
        field(
            "id",
            "ID",
            false,
            "cacc_7n42DGM5Tflk9n8mt7Fhc7",
            "cacc_7n42DGM5Tflk9n8mt7Fhc7",
            "7",
            "",
        ),
        field(
            "connection_type",
            "Connection type",
            false,
            "standard",
            "standard",
            "true",
            "\"custom\"",
        ),
        field(
            "onboarding_mode",
            "Onboarding mode",
            false,
            "express",
            "express",
            "[1]",
            "\"slow\"",
        ),
        field(
            "status",
            "Status",
            false,
            "pending",
            "pending",
            "0",
            "\"archived\"",
        ),
        field(
            "platform_organization_id",
            "Platform organization",
            false,
            "org_3mFv8kPzYqT1xWc7NdLsR2",
            "org_3mFv8kPzYqT1xWc7NdLsR2",
            "12",
            "\"cus_1\"",
        ),
        field(
            "created_at",
            "Created",
            false,
            "2023-11-07T05:31:56Z",
            "\"2023-11-07T05:31:56Z\"",
            "1699335116",
            "\"yesterday\"",
        ),
        field(
            "connected_organization_id",
            "Connected organization",
            true,
            "org_7n42DGM5Tflk9n8mt7Fhc7",
            "org_7n42DGM5Tflk9n8mt7Fhc7",
            "{}",
            "\"org_\"",
        ),
        field(
            "connected_tenant_id",
            "Connected tenant",
            true,
            "ten_7n42DGM5Tflk9n8mt7Fhc7",
            "ten_7n42DGM5Tflk9n8mt7Fhc7",
            "false",
            "\"ten_zzzzzzzzzzzzzzzzzzzzzz\"",
        ),
        field(
            "platform_customer_id",
            "Platform customer",
            true,
            "cus_7n42DGM5Tflk9n8mt7Fhc7",
            "cus_7n42DGM5Tflk9n8mt7Fhc7",
            "1.5",
            "\"7n42DGM5Tflk9n8mt7Fhc7\"",
        ),
        field(
            "pending_email",
            "Invited",
            true,
            "ada@example.com",
            "ada@example.com",
            "[]",
            "\"nobody\"",
        ),
        field(
            "pending_organization_name",
            "Organization to be",
            true,
            "Analytical Engines",
            "Analytical Engines",
            "1e3",
            "",
        ),
        field(
            "pending_country",
            "Country",
            true,
            "US",
            "US",
            "1",
            "\"USA\"",
        ),
        field(
            "onboarding_completed_at",
            "Onboarded",
            true,
            "2023-11-08T05:31:56Z",
            "\"2023-11-08T05:31:56Z\"",
            "0",
            "\"2023-11-08\"",
        ),
        field(
            "revoked_at",
            "Revoked",
            true,
            "2023-11-09T05:31:56Z",
            "\"2023-11-09T05:31:56Z\"",
            "true",
            "\"2023-13-09T05:31:56Z\"",
        ),
        field(
            "metadata",
            "Metadata",
            true,
            "{\"plan\":\"pro\"}",
            "\n  plan: pro",
            "",
            "",
        ),
    ],
};

const PARTNER: Api = Api {
    command: "partner account get",
    path: "/api/v1/partners/accounts/",
    noun: "partner account",
    name: "partner",
    id: "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
    members: &[
        (
            "customer_account_uid",
            "\"aabee51b-0be2-4a0c-aa39-5bbcbb903d1b\"",
        ),
        ("account_type", "\"I\""),
        ("activation_token", "\"PNS-CANARY42\""),
        ("domain", "\"b5test.com\""),
        ("status", "\"provisioned\""),
        ("deployed_members", "1"),
        ("created_at", "\"2023-01-23T15:55:58.000Z\""),
        ("updated_at", "\"2023-01-23T15:58:22.000Z\""),
        ("ends_at", "\"2024-01-23T15:58:22.000Z\""),
    ],
    fields: &[
        field(
            "customer_account_uid",
            "UID",
            false,
            "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
            "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
            "12",
            "",
        ),
        field(
            "account_type",
            "Account type",
            false,
            "I",
            "I",
            "1",
            "\"B\"",
        ),
        field(
            "activation_token",
            "Activation token",
            false,
            "••••••••  (--reveal shows it)",
            "",
            "42",
            "",
        ),
        field(
            "domain",
            "Domain",
            false,
            "b5test.com",
            "b5test.com",
            "{}",
            "\"example.com\"",
        ),
        field(
            "status",
            "Status",
            false,
            "provisioned",
            "provisioned",
            "[]",
            "\"frozen\"",
        ),
        field(
            "deployed_members",
            "Deployed members",
            false,
            "1",
            "1",
            "\"1\"",
            "1.5",
        ),
        field(
            "created_at",
            "Created",
            false,
            "2023-01-23T15:55:58.000Z",
            "\"2023-01-23T15:55:58.000Z\"",
            "0",
            "\"23.01.2023\"",
        ),
        field(
            "updated_at",
            "Updated",
            false,
            "2023-01-23T15:58:22.000Z",
            "\"2023-01-23T15:58:22.000Z\"",
            "false",
            "\"\"",
        ),
        field(
            "ends_at",
            "Ends",
            true,
            "2024-01-23T15:58:22.000Z",
            "\"2024-01-23T15:58:22.000Z\"",
            "9",
            "\"never\"",
        ),
    ],
};

const SECRET: &str = "activation_token";

/// Every state of every field: its value as JSON text (`None`: absent), and the word for how it strays, if it does.
fn states(
    field: &Field,
    good: &'static str,
) -> Vec<(&'static str, Option<&'static str>, Option<&'static str>)> {
    let lacking = |word| (!field.nullable).then_some(word);
    let mut states = vec![
        ("present", Some(good), None),
        ("null", Some("null"), lacking("null")),
        ("absent", None, lacking("missing")),
    ];
    if !field.wrong_type.is_empty() {
        states.push(("wrong type", Some(field.wrong_type), Some("wrong type")));
    }
    if !field.unknown.is_empty() {
        states.push(("unknown value", Some(field.unknown), Some("unknown value")));
    }
    states
}

impl Api {
    fn good(&self, name: &str) -> &'static str {
        self.members.iter().find(|(n, _)| *n == name).unwrap().1
    }

    /// The server's members with one changed or taken away.
    fn changed(
        &self,
        field: &Field,
        value: Option<&'static str>,
    ) -> Vec<(&'static str, &'static str)> {
        self.members
            .iter()
            .filter_map(|&(name, good)| {
                if name == field.name {
                    Some((name, value?))
                } else {
                    Some((name, good))
                }
            })
            .collect()
    }

    fn row(&self, name: &str) -> &Field {
        self.fields.iter().find(|f| f.name == name).unwrap()
    }
}

fn compact(members: &[(&str, &str)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(n, v)| format!("\"{n}\":{v}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn pretty(members: &[(&str, &str)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| {
            let value = match *value {
                "{\"plan\":\"pro\"}" => "{\n    \"plan\": \"pro\"\n  }",
                "[1]" => "[\n    1\n  ]",
                value => value,
            };
            format!("  \"{name}\": {value}")
        })
        .collect();
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

/// A value as a block of YAML behind `name:`; `good` as the table of fields has it.
fn yaml(api: &Api, members: &[(&str, &str)]) -> String {
    let blocks: Vec<_> = members
        .iter()
        .map(|(name, value)| {
            let shown = if *value == api.good(name) {
                api.row(name).yaml.to_owned()
            } else {
                match *value {
                    "[1]" => "\n  - 1".to_owned(),
                    "1e3" => "!!float 1e3".to_owned(),
                    "\"custom\""
                    | "\"slow\""
                    | "\"archived\""
                    | "\"cus_1\""
                    | "\"yesterday\""
                    | "\"org_\""
                    | "\"ten_zzzzzzzzzzzzzzzzzzzzzz\""
                    | "\"nobody\""
                    | "\"USA\""
                    | "\"B\""
                    | "\"example.com\""
                    | "\"frozen\""
                    | "\"never\"" => value.trim_matches('"').to_owned(),
                    value => value.to_owned(),
                }
            };
            let gap = if shown.starts_with('\n') { "" } else { " " };
            format!("{name}:{gap}{shown}\n")
        })
        .collect();
    blocks.concat()
}

fn table(api: &Api, members: &[(&str, &str)]) -> String {
    let rows: Vec<_> = api
        .fields
        .iter()
        .filter_map(|field| {
            let (_, value) = members.iter().find(|(name, _)| *name == field.name)?;
            let shown = match *value {
                // There is nothing to hide, then.
                "null" => "–",
                _ if field.name == SECRET => field.table,
                value if value == api.good(field.name) => field.table,
                value => value.trim_matches('"'),
            };
            Some((field.label, shown))
        })
        .collect();
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap();
    rows.iter()
        .map(|(label, value)| format!("{label:width$}  {value}").trim_end().to_owned() + "\n")
        .collect()
}

#[track_caller]
fn check_drift(ended: &Ended, api: &Api, field: &Field, drift: Option<&str>, as_json: bool) {
    let Some(drift) = drift else {
        return assert_eq!(ended.stderr, "");
    };
    let message = format!(
        "the {} {} strays from the contract: {} ({drift})",
        api.noun, api.id, field.name
    );
    let hint = "it is shown as it came; --strict makes this an error";
    if as_json {
        let expected = format!(
            "{{\"warning\":{{\"code\":\"drift\",\"message\":\"{message}\",\"hint\":\"{hint}\",\"id\":\"{}\",\"api\":\"{}\",\
             \"profile\":\"test\",\"fields\":[{{\"name\":\"{}\",\"drift\":\"{drift}\"}}]}}}}\n",
            api.id, api.name, field.name
        );
        assert_eq!(ended.stderr, expected);
    } else {
        assert_eq!(
            ended.stderr,
            format!("warning: {message}\n  hint: {hint}\n")
        );
    }
}

/// A server by others' hands, which shares no mistake with the sandbox and the scripts: it answers for one account, to our
/// token only.
fn serve(api: &Api, id: &str, body: &str) -> ServerGuard {
    let mut server = mockito::Server::new();
    server
        .mock("GET", format!("{}{id}", api.path).as_str())
        .match_header("authorization", format!("Bearer {TOKEN}").as_str())
        .with_header("content-type", "application/json; charset=utf-8")
        .with_body(body)
        .create();
    server
}

fn check(api: &Api) {
    for field in api.fields {
        for (state, value, drift) in states(field, api.good(field.name)) {
            let members = api.changed(field, value);
            let server = serve(api, api.id, &compact(&members));
            let home = Home::new();
            home.profile(&server.url());
            // What a script gets of a secret is nothing, in whatever state it is.
            let open: Vec<_> = members
                .iter()
                .copied()
                .filter(|(n, _)| *n != SECRET)
                .collect();
            for (format, stdout) in [
                ("json", pretty(&open)),
                ("ndjson", compact(&open) + "\n"),
                ("yaml", yaml(api, &open)),
                ("table", table(api, &members)),
            ] {
                let ended = home
                    .acctq(&format!("{} {} -o {format}", api.command, api.id))
                    .run();
                let case = format!("{} {state} as {format}", field.name);
                assert_eq!(
                    (ended.code, &ended.stdout),
                    (0, &stdout),
                    "{case}: {ended:#?}"
                );
                check_drift(&ended, api, field, drift, format.ends_with("json"));
            }
            let strict = home
                .acctq(&format!("{} {} -o json --strict", api.command, api.id))
                .run();
            match drift {
                None => {
                    strict.prints(&pretty(&open));
                }
                Some(drift) => {
                    let error = strict.fails(9, &[]).error();
                    assert_eq!(
                        error["message"],
                        format!(
                            "the {} {} strays from the contract: {} ({drift})",
                            api.noun, api.id, field.name
                        )
                    );
                    assert_eq!(
                        (&error["code"], &error["id"], &error["status"]),
                        (&"bad_response".into(), &api.id.into(), &200.into())
                    );
                    home.acctq(&format!("{} {} --strict", api.command, api.id))
                        .run()
                        .fails(
                            9,
                            &[
                                field.name,
                                drift,
                                api.id,
                                "\n  hint: without --strict it is shown, with a warning\n",
                            ],
                        );
                }
            }
        }
    }
}

#[test]
fn every_field_of_a_connected_account_in_every_state() {
    check(&CONNECT);
}

#[test]
fn every_field_of_a_partner_account_in_every_state() {
    check(&PARTNER);
}

#[test]
fn a_secret_is_revealed_in_every_state() {
    for value in ["\"PNS-CANARY42\"", "null", "42"] {
        let members = PARTNER.changed(PARTNER.row(SECRET), Some(value));
        let server = serve(&PARTNER, PARTNER.id, &compact(&members));
        let home = Home::new();
        home.profile(&server.url());
        let ended = home
            .acctq(&format!("get {} -o ndjson --reveal -q", PARTNER.id))
            .run();
        ended.prints(&(compact(&members) + "\n"));
    }
    assert!(compact(PARTNER.members).contains(ACTIVATION));
}

#[test]
fn all_that_strays_is_one_warning_in_the_order_of_the_contract() {
    let answer = "{\"status\":\"archived\",\"id\":\"cacc_1\",\"created_at\":5,\"onboarding_mode\":null,\"region\":\"eu\"}";
    let server = serve(&CONNECT, "cacc_1", answer);
    let home = Home::new();
    home.profile(&server.url());
    home.acctq("get cacc_1 -o ndjson").run().is(
        0,
        &format!("{answer}\n"),
        "{\"warning\":{\"code\":\"drift\",\"message\":\"the connected account cacc_1 strays from the contract: \
         connection_type (missing), onboarding_mode (null), status (unknown value), \
         platform_organization_id (missing), created_at (wrong type)\",\
         \"hint\":\"it is shown as it came; --strict makes this an error\",\"id\":\"cacc_1\",\"api\":\"connect\",\
         \"profile\":\"test\",\"fields\":[{\"name\":\"connection_type\",\"drift\":\"missing\"},\
         {\"name\":\"onboarding_mode\",\"drift\":\"null\"},{\"name\":\"status\",\"drift\":\"unknown value\"},\
         {\"name\":\"platform_organization_id\",\"drift\":\"missing\"},{\"name\":\"created_at\",\"drift\":\"wrong type\"}]}}\n",
    );
}
