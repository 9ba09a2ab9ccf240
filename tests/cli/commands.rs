//! Help, man pages, schema, version: what the program says about itself.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{ACTIVATION, Home, PROXY_PASSWORD, TOKEN, api};

/// Every command and group of commands below `acctq`.
const COMMANDS: &str = "auth,auth login,auth logout,auth status,cacc,cacc get,cacc list,check,compare,completions,config,config init,config path,config show,get,help,man,partner,\
     partner account,partner account get,partner account redeem-url,sandbox,schema,wait";

const TOPICS: &str = "config,environment,exit-codes,expressions,fields,output";

/// What a pipe gets of this help.
fn help(args: &str) -> String {
    let run = Home::new().acctq(args).run();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:#?}");
    run.stdout
}

/// The lines below `Examples:` that a shell would run, with continued ones put together.
fn examples(help: &str) -> Vec<String> {
    let below = help.split_once("\nExample").map_or("", |(_, below)| below);
    let mut examples: Vec<String> = Vec::new();
    for line in below.replace("\\\n", "\\").lines() {
        let words: Vec<_> = line.split(['\\', ' ']).filter(|w| !w.is_empty()).collect();
        let is_command = words.iter().any(|word| *word == "acctq" || *word == "curl");
        if line.starts_with("  ") && is_command {
            examples.push(words.join(" "));
        }
    }
    examples
}

/// The helps of all commands and topics but `config`, which ends in the template.
fn helps() -> Vec<(String, String)> {
    let commands = COMMANDS.split(',').chain([""]);
    let commands = commands.map(|command| format!("{command} --help"));
    let topics = TOPICS.split(',').skip(1).map(|topic| format!("help {topic}"));
    let all = commands.chain(topics);
    all.map(|args| (args.clone(), help(&args))).collect()
}

#[test]
fn every_help_has_an_example_and_fits_80_columns() {
    for (args, help) in helps() {
        let is_group = help.contains("<COMMAND>");
        assert!(is_group || !examples(&help).is_empty(), "{args}: {help}");
        let wide: Vec<_> = help.lines().filter(|l| l.chars().count() > 80).collect();
        assert_eq!(wide, [""; 0], "{args}");
    }
    assert!(help("help config").ends_with(include_str!("../../config.example.toml")));
    assert_eq!(help("-h"), help("help"));
    // `config` is a topic, too, and that tells more.
    for command in COMMANDS.split(',').filter(|command| *command != "config") {
        let usual = help(&format!("{command} --help"));
        assert_eq!(help(&format!("help {command}")), usual, "{command}");
    }
}

#[test]
fn help_lists_what_a_command_takes_and_no_other_global_flag() {
    for (command, flag, listed) in [
        ("cacc get", "--strict", true),
        ("cacc get", "--port", false),
        ("config show", "--timeout", true),
        ("config show", "--reveal", false),
        ("schema", "--output", false),
        ("schema", "--quiet", true),
        ("sandbox", "--output", true),
        ("sandbox", "--profile", false),
    ] {
        let help = help(&format!("{command} --help"));
        assert_eq!(help.contains(flag), listed, "{command} {flag}");
    }
}

/// What is mistyped or incomplete, and what the error names: the nearest word, or where to look.
#[rustfmt::skip]
const SLIPS: &[(&str, &[&str])] = &[
    ("help cac", &["cac", "cacc"]),
    ("help exit-code", &["exit-code", "exit-codes"]),
    ("help enviroment", &["enviroment", "environment"]),
    ("help zzz", &["zzz", "acctq"]),
    ("help cacc gte", &["gte"]),
    ("help expressions config", &["expressions"]),
    ("help cacc output", &["output"]),
    ("chek", &["chek", "check"]),
    ("schem", &["schem", "schema"]),
    ("-- get ok", &["get"]),
    ("check", &["<ID>"]),
    ("", &["acctq --help"]),
    ("-p sandbox", &["acctq --help"]),
    ("partner account", &["acctq partner account --help"]),
    ("schema cac", &["cacc", "partner-account"]),
    ("completions fsh", &["fish", "powershell"]),
];

#[test]
fn a_slip_is_answered_with_the_nearest_or_with_where_to_look() {
    for (args, says) in SLIPS {
        Home::new().acctq(args).run().fails(2, says);
    }
    let run = Home::new().acctq("-o json cacc").run();
    run.fails_with(2, "usage");
}

#[test]
fn the_version_is_printed() {
    let version = concat!("acctq ", env!("CARGO_PKG_VERSION"), "\n");
    for flag in ["--version", "-V"] {
        Home::new().acctq(flag).run().prints(version);
    }
}

#[test]
fn every_example_works_as_it_stands() {
    let examples: BTreeSet<_> = helps().iter().flat_map(|(_, help)| examples(help)).collect();
    let mut met = BTreeSet::new();
    for line in &examples {
        let home = Home::new();
        for dir in
            [".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions", ".local/share/man/man1"]
        {
            fs::create_dir_all(home.path().join(dir)).unwrap();
        }
        let suite = "version = 1\n[[check]]\nname = \"a\"\nid = \"cacc_1\"\nexpect = \"not_found\"\n";
        for (file, text) in [
            ("ids", "cacc_1\n"),
            ("uids", "u-1\n"),
            ("export.csv", "a,b,Id\n1,2,cacc_1\n"),
            ("export.csv", "a,b,c\n1,2,cacc_1\n"),
            ("smoke.toml", suite),
        ] {
            fs::write(home.path().join(file), text).unwrap();
        }
        // These have a server of their own: the next test's, and curl's in the system tests.
        if line.starts_with("acctq sandbox") || line.contains("127.0.0.1:4010") {
            continue;
        }
        let run = home.shell(line).run();
        let is_absent = line.ends_with(" get gone");
        let is_alone = ["-p sandbox", "schema", "completions", "man ", "help", "config init", "config path"];
        let codes = match line.as_str() {
            _ if is_absent => &[5][..],
            line if is_alone.iter().any(|words| line.contains(words)) => &[0],
            // Without a profile; with an ellipsis for a token.
            _ => &[0, 3, 4],
        };
        assert!(codes.contains(&run.code), "{line}: {run:#?}");
        met.insert(run.code);
    }
    assert!(examples.len() > 40 && met.len() > 3, "{examples:#?}");
}

#[test]
fn the_example_of_the_sandbox_works_against_it() {
    let home = Home::new();
    let sandbox = home.sandbox();
    let mut all = helps().into_iter().flat_map(|(_, help)| examples(&help));
    let line = all.find(|line| line.contains("4010 ACCTQ_PARTNER_TOKEN"));
    let line = line.unwrap().replace("http://127.0.0.1:4010", &sandbox.url);
    home.shell(&line).run().fails(5, &["gone", "127.0.0.1"]);
}

#[test]
fn there_is_a_man_page_for_every_command() {
    let home = Home::new();
    fs::create_dir(home.path().join("man1")).unwrap();
    let ended = home.acctq("man man1").run();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:#?}");
    let found: BTreeSet<_> = fs::read_dir(home.path().join("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let pages = COMMANDS.split(',').chain(["expressions"]);
    let pages = pages.map(|page| format!("acctq-{}.1", page.replace(' ', "-")));
    assert_eq!(found, pages.chain(["acctq.1".to_owned()]).collect());
    for name in &found {
        let page = fs::read_to_string(home.path().join("man1").join(name)).unwrap();
        for section in [".SH NAME\n", ".SH EXAMPLES\n.nf\n"] {
            assert!(page.contains(section), "{name}: no {section:?}");
        }
        if name == "acctq-cacc-get.1" {
            for says in [
                concat!(".TH acctq-cacc-get 1 \" \" \"acctq ", env!("CARGO_PKG_VERSION"), "\""),
                "\\fB\\-F\\fR, \\fB\\-\\-fields\\fR \\fI<LIST>\\fR",
                "\n  acctq \\-p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7\n",
            ] {
                assert!(page.contains(says), "{says:?} is not in {page}");
            }
        }
    }
    // Once more, over what is there, and in silence.
    home.acctq("man man1 -q").run().prints("");
    home.file("file", "", 0o600);
    for dir in ["none", "file"] {
        home.acctq(&format!("man {dir}")).run().fails(1, &[dir]);
    }
}

#[test]
fn what_is_generated_holds_nothing_of_the_environment() {
    let generated = "completions bash,completions zsh,completions fish,completions powershell,completions elvish,man .,--help,\
         --version,schema partner-account,help environment,get --help";
    for args in generated.split(',') {
        let plain = Home::new().acctq(args).run();
        // The harness looks for the secrets in what is printed and in what is written.
        let ended = Home::new()
            .acctq(args)
            .env("ACCTQ_CONNECT_TOKEN", TOKEN)
            .env("ACCTQ_PARTNER_TOKEN", TOKEN)
            .env("ACCTQ_CONNECT_URL", format!("https://{TOKEN}.example"))
            .env("ACCTQ_PROFILE", ACTIVATION)
            .env("HTTPS_PROXY", format!("http://u:{PROXY_PASSWORD}@[::1]:1"))
            .run();
        ended.is(0, &plain.stdout, &plain.stderr);
    }
}

/// The fields that are required, and each field without its title and description.
#[rustfmt::skip]
const SCHEMAS: [(&str, &str, &str, &str); 2] = [
    ("cacc", "connected account", "id connection_type onboarding_mode status platform_organization_id created_at", r#"{
        "id": {"type": ["string"], "pattern": "^cacc_[0-9A-Za-z]{1,22}$"},
        "connection_type": {"type": ["string"], "enum": ["standard", "express"]},
        "onboarding_mode": {"type": ["string"], "enum": ["express", "full"]},
        "status": {"type": ["string"], "enum": ["pending", "active", "suspended", "revoked"]},
        "platform_organization_id": {"type": ["string"], "pattern": "^org_[0-9A-Za-z]{1,22}$"},
        "created_at": {"type": ["string"], "format": "date-time"},
        "connected_organization_id": {"type": ["string", "null"], "pattern": "^org_[0-9A-Za-z]{1,22}$"},
        "connected_tenant_id": {"type": ["string", "null"], "pattern": "^ten_[0-9A-Za-z]{1,22}$"},
        "platform_customer_id": {"type": ["string", "null"], "pattern": "^cus_[0-9A-Za-z]{1,22}$"},
        "pending_email": {"type": ["string", "null"]},
        "pending_organization_name": {"type": ["string", "null"]},
        "pending_country": {"type": ["string", "null"], "pattern": "^([A-Z]{2}|00)$"},
        "onboarding_completed_at": {"type": ["string", "null"], "format": "date-time"},
        "revoked_at": {"type": ["string", "null"], "format": "date-time"},
        "metadata": {}
    }"#),
    // Without --reveal the activation token is not printed, so it cannot be required.
    ("partner-account", "partner account", "customer_account_uid account_type domain status deployed_members created_at updated_at", r#"{
        "customer_account_uid": {"type": ["string"]},
        "account_type": {"type": ["string"], "enum": ["I", "F"]},
        "activation_token": {"type": ["string"]},
        "domain": {"type": ["string"], "enum": ["b5test.com", "b5test.ca", "b5test.eu", "1password.com", "1password.ca", "1password.eu"]},
        "status": {"type": ["string"], "enum": ["entitled", "provisioned"]},
        "deployed_members": {"type": ["integer"]},
        "created_at": {"type": ["string"], "format": "date-time"},
        "updated_at": {"type": ["string"], "format": "date-time"},
        "ends_at": {"type": ["string", "null"], "format": "date-time"}
    }"#),
];

#[test]
fn the_schema_covers_every_field() {
    for (resource, title, required, fields) in SCHEMAS {
        let mut schema: Value = serde_json::from_str(&help(&format!("schema {resource}"))).unwrap();
        let properties = schema["properties"].as_object_mut().unwrap();
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            for words in ["title", "description"] {
                let words = property.remove(words);
                assert!(words.is_some_and(|words| words != ""), "{property:?}");
            }
        }
        assert!(schema["description"].take().is_string());
        let expected = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "description": null,
            "type": "object",
            "properties": serde_json::from_str::<Value>(fields).unwrap(),
            "required": required.split(' ').collect::<Vec<_>>(),
            "additionalProperties": true,
        });
        assert_eq!(schema, expected);
    }
}

/// Status, domain, type and activation token of an account, and the link to redeem it, or the exit code.
type Redeem = (&'static str, &'static str, &'static str, Value, Result<&'static str, i32>);

#[test]
fn a_link_leads_an_entitled_customer_to_a_place_that_the_contract_knows() {
    #[rustfmt::skip]
    let rows: [Redeem; 8] = [
        ("entitled", "b5test.eu", "F", json!(ACTIVATION), Ok("https://start.b5test.eu/partnership/redeem?t=F&c=PNS%2DCANARY42")),
        ("entitled", "1password.com", "I", json!("PNS &?\u{e9}"), Ok("https://start.1password.com/partnership/redeem?t=I&c=PNS%20%26%3F%C3%A9")),
        ("provisioned", "b5test.eu", "F", json!(ACTIVATION), Err(10)),
        ("frozen", "b5test.eu", "F", json!(ACTIVATION), Err(9)),
        ("entitled", "evil.example", "F", json!(ACTIVATION), Err(9)),
        ("entitled", "b5test.eu", "B", json!(ACTIVATION), Err(9)),
        ("entitled", "b5test.eu", "F", json!(""), Err(9)),
        ("entitled", "b5test.eu", "F", Value::Null, Err(9)),
    ];
    for (status, domain, account_type, token, expected) in rows {
        let (mut server, home) = api();
        let account = json!({
            "customer_account_uid": "-u1", "account_type": account_type, "activation_token": token, "domain": domain,
            "status": status, "deployed_members": 0, "created_at": "2023-01-23T15:55:58Z", "updated_at": "2023-01-23T15:55:58Z",
        });
        let _mock = server.mock("GET", "/api/v1/partners/accounts/-u1").with_body(account.to_string()).create();
        let get = |args: &str| home.acctq(&format!("partner account redeem-url {args} -- -u1")).run();
        let (table, json) = (get("-v"), get("-o json"));
        match expected {
            Ok(url) => {
                assert_eq!((table.code, &*table.stdout), (0, &*format!("{url}\n")), "{table:#?}");
                assert_eq!(serde_json::from_str::<Value>(&json.stdout).unwrap(), json!({ "redeem_url": url }));
            }
            Err(code) => {
                table.fails(code, &["-u1", "profile test"]);
                assert_eq!((json.code, json.error()["id"].as_str()), (code, Some("-u1")), "{status} {domain}");
            }
        }
    }
    Home::new().acctq("-p sandbox partner account redeem-url --reveal u1").run().fails(2, &["--reveal"]);
}

#[test]
fn a_request_for_curl_needs_a_token_that_does_not_stand_in_it() {
    let home = Home::new();
    // Nothing is started and nothing is read: the program, the file and the variable do not exist.
    #[rustfmt::skip]
    let rows = [
        ("token_command = [\"/no/such\"]", "get cacc_1", 0, "\"$(/no/such </dev/null)\" | curl -q -H @- "),
        ("token_file = \"/no/such file\"", "cacc list", 0, "\"$(cat '/no/such file')\" | "),
        ("token_env = \"NO_SUCH\"\nca_file = \"/no/ca.pem\"\nclient_cert_file = \"/a:b\"\nclient_key_file = \"/k\"", "get cacc_1 --timeout 500ms", 0,
            "\"$NO_SUCH\" | curl -q -H @- -H 'Accept: application/json' -sS --max-time 0.5 --cacert /no/ca.pem --cert '/a\\:b' --key /k https://api.example.com/x/api/v1/connected-accounts/cacc_1\n"),
        ("token = \"hunter2hunter2\"", "get cacc_1", 3, ""), ("token_env = \"hunter2hunter2\"", "get cacc_1", 3, ""),
        ("token_command = [\"echo\", \"ops_hunter2\"]", "get cacc_1", 3, ""), ("token_file = \"/a\\u001b[2J\"", "get cacc_1", 3, ""),
        ("token_env = \"A\"", "-p sandbox get cacc_1", 2, ""), ("token_env = \"A\"", "get cacc_1 cacc_2", 2, ""),
        ("token_env = \"A\"", "get -", 2, ""), ("token_env = \"A\"", "wait cacc_1", 2, ""), ("token_env = \"A\"", "check cacc_1", 2, ""),
    ];
    for (source, command, code, part) in rows {
        let text = format!(
            "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"https://api.example.com/x\"\n{source}\n"
        );
        home.file("config.toml", text, 0o600);
        let ended = home.run(format!("{command} --curl --config config.toml"));
        assert_eq!((ended.code, ended.stdout.is_empty()), (code, code != 0), "{ended:#?}");
        assert!(ended.stdout.contains(part) && !ended.stderr.contains("hunter2"), "{ended:#?}");
    }
}
