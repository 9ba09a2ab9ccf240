//! Help, man pages, schema, version: what the program says about itself.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{ACTIVATION, Home, PROXY_PASSWORD, TOKEN};

/// Every command and group of commands.
const COMMANDS: [&str; 19] = [
    "",
    "cacc",
    "cacc get",
    "cacc list",
    "check",
    "completions",
    "config",
    "config init",
    "config path",
    "config show",
    "get",
    "help",
    "man",
    "partner",
    "partner account",
    "partner account get",
    "sandbox",
    "schema",
    "wait",
];

/// The topics, each with how its text begins.
const TOPICS: [(&str, &str); 5] = [
    ("config", "Configuration\n\n"),
    ("environment", "Environment variables\n\n"),
    ("exit-codes", "Exit codes\n\n"),
    ("expressions", "Expressions\n\n"),
    ("output", "Output\n\n"),
];

/// Every example of every help, with the exit code that a shell gets in an empty home; `None` where the example is run
/// by another test.
const EXAMPLES: &[(&str, Option<i32>)] = &[
    (
        "acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7",
        Some(0),
    ),
    (
        "acctq -p prod partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b -o json",
        Some(3),
    ),
    (
        "acctq get cacc_7n42DGM5Tflk9n8mt7Fhc7 -F id,status,metadata.plan",
        Some(3),
    ),
    (
        "acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7 -o json",
        Some(0),
    ),
    (
        "acctq -p sandbox cacc get cacc_activestandard cacc_pendingexpress -F id,status",
        Some(0),
    ),
    ("acctq -p sandbox cacc list", Some(0)),
    (
        "acctq -p sandbox cacc list --where status=pending --sort created_at",
        Some(0),
    ),
    (
        "acctq -p sandbox cacc list --where 'metadata.plan=pro|starter' -F id,status",
        Some(0),
    ),
    (
        "acctq -p sandbox cacc list --sort -created_at --limit 3 -o json",
        Some(0),
    ),
    ("acctq cacc list -o ndjson >accounts.ndjson", Some(3)),
    (
        "acctq -p sandbox partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
        Some(0),
    ),
    (
        "acctq -p sandbox partner account get provisioned-family -o yaml",
        Some(0),
    ),
    (
        "acctq -p sandbox partner account get ending --reveal -F activation_token",
        Some(0),
    ),
    ("acctq -p sandbox get cacc_7n42DGM5Tflk9n8mt7Fhc7", Some(0)),
    (
        "acctq -p sandbox get cacc_activestandard provisioned-family -o ndjson",
        Some(0),
    ),
    (
        "acctq -p sandbox get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b -F status,ends_at",
        Some(0),
    ),
    (
        "acctq cacc get - -o ndjson <ids >found.ndjson 2>failed.ndjson",
        Some(3),
    ),
    (
        "acctq get - -o ndjson <ids >found.ndjson 2>failed.ndjson",
        Some(3),
    ),
    (
        "acctq partner account get - --rate 10/s -F status,ends_at <uids",
        Some(3),
    ),
    ("acctq config init", Some(0)),
    ("acctq config path", Some(0)),
    ("acctq config show", Some(0)),
    ("acctq -p prod config show -o json", Some(3)),
    ("acctq schema cacc", Some(0)),
    (
        "acctq completions bash >~/.local/share/bash-completion/completions/acctq",
        Some(0),
    ),
    ("acctq completions zsh >~/.zfunc/_acctq", Some(0)),
    (
        "acctq completions fish >~/.config/fish/completions/acctq.fish",
        Some(0),
    ),
    ("acctq man ~/.local/share/man/man1", Some(0)),
    ("acctq help cacc get", Some(0)),
    ("acctq help exit-codes", Some(0)),
    ("acctq -p sandbox get gone; echo $?", Some(0)),
    (
        "acctq -p sandbox get cacc_activestandard ending -o ndjson -F status",
        Some(0),
    ),
    (
        "acctq -p sandbox check cacc_activestandard --expect status=active",
        Some(0),
    ),
    (
        "acctq -p sandbox check ending --expect 'ends_at>now+14d' --expect 'ends_at?'",
        Some(0),
    ),
    ("acctq -p sandbox check gone --expect not_found", Some(0)),
    // There is no such file.
    (
        "acctq check --suite smoke.toml --report-junit report.xml",
        Some(2),
    ),
    (
        "acctq check cacc_7n42DGM5Tflk9n8mt7Fhc7 --expect status=active",
        Some(3),
    ),
    (
        "acctq wait cacc_7n42DGM5Tflk9n8mt7Fhc7 --for status=active --within 30m",
        Some(3),
    ),
    (
        "acctq wait cacc_7n42DGM5Tflk9n8mt7Fhc7 --for status=active -q -o json",
        Some(3),
    ),
    (
        "acctq -p sandbox wait cacc_onboarding --for status=active --interval 100ms",
        Some(0),
    ),
    ("acctq -p sandbox wait gone --for not_found", Some(0)),
    // An ellipsis is no token.
    (
        "ACCTQ_CONNECT_URL=https://api.example.com ACCTQ_CONNECT_TOKEN=… \
         acctq cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7 -o json",
        Some(4),
    ),
    ("acctq -p sandbox get gone", Some(5)),
    // Served by `the_examples_of_the_sandbox_work_against_it`; curl's by the system tests.
    ("acctq sandbox --port 4010", None),
    ("acctq sandbox --accounts 100000", None),
    (
        "curl --oauth2-bearer acctq-sandbox-token http://127.0.0.1:4010/api/v1/connected-accounts",
        None,
    ),
    (
        "ACCTQ_PARTNER_URL=http://127.0.0.1:4010 ACCTQ_PARTNER_TOKEN=acctq-sandbox-token acctq get gone",
        None,
    ),
    (
        "curl --oauth2-bearer acctq-sandbox-token http://127.0.0.1:4010/api/v1/partners/accounts/ending",
        None,
    ),
];

/// The help of a command, as a pipe gets it; no secret of the environment is in it.
fn help(args: &str) -> String {
    let run = Home::new()
        .acctq(args)
        .env("ACCTQ_CONNECT_TOKEN", TOKEN)
        .env("ACCTQ_PARTNER_TOKEN", TOKEN)
        .env("ACCTQ_PROFILE", ACTIVATION)
        .run();
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

#[test]
fn every_help_has_an_example_and_fits_80_columns() {
    for command in COMMANDS {
        for flag in ["-h", "--help"] {
            let args = format!("{command} {flag}");
            let help = help(&args);
            assert!(!examples(&help).is_empty(), "{args}: {help}");
            let wide: Vec<_> = help.lines().filter(|l| l.chars().count() > 80).collect();
            assert_eq!(wide, [""; 0], "{args}");
        }
    }
    for (topic, begin) in TOPICS {
        let help = help(&format!("help {topic}"));
        assert!(help.starts_with(begin), "{help}");
        if topic == "config" {
            // It ends in the template, which is wider, and an example all over.
            assert!(help.ends_with(include_str!("../../config.example.toml")));
            continue;
        }
        assert!(!examples(&help).is_empty(), "{help}");
        let wide: Vec<_> = help.lines().filter(|l| l.chars().count() > 80).collect();
        assert_eq!(wide, [""; 0], "{topic}");
    }
}

#[test]
fn help_on_a_command_is_its_help() {
    // `config` is a topic, too, and that tells more.
    for command in COMMANDS.into_iter().filter(|c| *c != "config") {
        assert_eq!(
            help(&format!("help {command}")),
            help(&format!("{command} --help")),
            "{command}"
        );
    }
}

#[test]
fn help_lists_what_a_command_takes_and_no_other_global_flag() {
    let cases = [
        ("cacc get", "--strict", true),
        ("cacc get", "--port", false),
        ("config show", "--timeout", true),
        ("config show", "--reveal", false),
        ("schema", "--output", false),
        ("schema", "--quiet", true),
        ("sandbox", "--output", true),
        ("sandbox", "--profile", false),
    ];
    for (command, flag, listed) in cases {
        let help = help(&format!("{command} --help"));
        assert_eq!(help.contains(flag), listed, "{command} {flag}");
    }
}

#[test]
fn a_flag_beside_help_is_checked_and_changes_nothing() {
    for flags in ["-F metadata.plan", "--fields id,status", "--strict -o json"] {
        let beside = help(&format!("cacc get {flags} --help"));
        assert_eq!(beside, help("cacc get --help"), "{flags}");
    }
    Home::new()
        .acctq("schema --strict --help")
        .run()
        .fails(2, &["error: --strict has no meaning for `acctq schema`\n"]);
}

/// What is mistyped or incomplete, what is said, and the hint.
const SLIPS: &[(&str, &str, &str)] = &[
    (
        "help cac",
        "there is no command or topic `cac`",
        "did you mean `cacc`?",
    ),
    (
        "help exit-code",
        "there is no command or topic `exit-code`",
        "did you mean `exit-codes`?",
    ),
    (
        "help enviroment",
        "there is no command or topic `enviroment`",
        "did you mean `environment`?",
    ),
    (
        "help zzz",
        "there is no command or topic `zzz`",
        "`acctq help` lists the commands and topics",
    ),
    (
        "help cacc gte",
        "there is no command `cacc gte`",
        "did you mean `get`?",
    ),
    (
        "help expressions config",
        "there is nothing below the topic `expressions`",
        "`acctq help expressions` shows all of it",
    ),
    (
        "chek",
        "there is no command `chek`",
        "did you mean `check`?",
    ),
    (
        "schem",
        "there is no command `schem`",
        "did you mean `schema`?",
    ),
    (
        "-- get ok",
        "`acctq` takes no argument `get`",
        "`--help` after a command shows what it takes, with examples",
    ),
    (
        "check",
        "`acctq check` needs an argument: id, or a suite with --suite FILE",
        "`--help` after a command shows what it takes, with examples",
    ),
    (
        "sandbox --port x",
        "invalid value 'x' for '--port <N>': must be a port from 0 to 65535; 0 takes any free one",
        "`--help` after a command shows what it takes, with examples",
    ),
    (
        "sandbox --port 65536",
        "invalid value '65536' for '--port <N>': must be a port from 0 to 65535; 0 takes any free one",
        "`--help` after a command shows what it takes, with examples",
    ),
    (
        "sandbox --accounts -1",
        "invalid value '-1' for '--accounts <N>': must be a whole number of accounts, at most 4294967295",
        "`--help` after a command shows what it takes, with examples",
    ),
    (
        "help cacc output",
        "there is no command `cacc output`",
        "`acctq help` lists the commands and topics",
    ),
    (
        "",
        "a command is missing after `acctq`",
        "`acctq --help` lists the commands, with examples",
    ),
    (
        "-p sandbox",
        "a command is missing after `acctq`",
        "`acctq --help` lists the commands, with examples",
    ),
    (
        "partner account",
        "a command is missing after `acctq partner account`",
        "`acctq partner account --help` lists the commands, with examples",
    ),
    (
        "schema cac",
        "invalid value 'cac' for '<RESOURCE>' [possible values: cacc, partner-account]",
        "did you mean `cacc`?",
    ),
    (
        "completions fsh",
        "invalid value 'fsh' for '<SHELL>' [possible values: bash, elvish, fish, powershell, zsh]",
        "did you mean `fish`?",
    ),
];

#[test]
fn unknown_commands_and_topics_get_the_nearest() {
    for (args, message, hint) in SLIPS {
        let stderr = format!("error: {message}\n  hint: {hint}\n");
        Home::new().acctq(args).run().is(2, "", &stderr);
    }
    let run = Home::new().acctq("-o json cacc").run();
    let error = run.fails(2, &[]).error();
    assert_eq!(
        (&error["code"], &error["message"]),
        (
            &json!("usage"),
            &json!("a command is missing after `acctq cacc`")
        )
    );
}

#[test]
fn the_version_is_printed() {
    let version = concat!("acctq ", env!("CARGO_PKG_VERSION"), "\n");
    for flag in ["--version", "-V"] {
        Home::new().acctq(flag).run().prints(version);
    }
}

#[test]
fn every_example_of_every_help_is_as_good_as_it_looks() {
    let helps = COMMANDS.map(|command| help(&format!("{command} --help")));
    let topics = TOPICS.map(|(topic, _)| help(&format!("help {topic}")));
    let shown: BTreeSet<_> = helps
        .iter()
        .chain(&topics)
        .flat_map(|h| examples(h))
        .collect();
    let tried: BTreeSet<_> = EXAMPLES
        .iter()
        .map(|(line, _)| (*line).to_owned())
        .collect();
    assert_eq!(
        shown, tried,
        "left: what the helps show; right: what is tried here"
    );
    for (line, code) in EXAMPLES {
        let Some(code) = code else { continue };
        let home = Home::new();
        for folder in [
            ".local/share/bash-completion/completions",
            ".zfunc",
            ".config/fish/completions",
            ".local/share/man/man1",
        ] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        for (ids, id) in [("ids", "cacc_1"), ("uids", "u-1")] {
            fs::write(home.path().join(ids), format!("{id}\n")).unwrap();
        }
        let run = home.shell(line).run();
        assert_eq!(run.code, *code, "{line}: {run:#?}");
        assert!(!run.stderr.contains("usage"), "{line}: {run:#?}");
    }
    let run = Home::new()
        .shell("acctq -p sandbox get gone 2>/dev/null; echo $?")
        .run();
    run.prints("5\n");
}

#[test]
fn the_examples_of_the_sandbox_work_against_it() {
    let home = Home::new();
    let sandbox = home.sandbox();
    let line = EXAMPLES
        .iter()
        .find(|(line, _)| line.starts_with("ACCTQ_PARTNER_URL"))
        .unwrap()
        .0;
    let line = line.replace("http://127.0.0.1:4010", &sandbox.url);
    let run = home.shell(&line).run();
    run.fails(5, &["error: the partner account gone ", "127.0.0.1"]);
    for line in [
        "acctq sandbox --port 4010",
        "acctq sandbox --accounts 100000",
    ] {
        let args: Vec<_> = line.split(' ').map(Into::into).collect();
        assert!(matches!(
            acctq::cli::parse(&args, None),
            Ok(acctq::cli::Parsed::Run(_))
        ));
    }
}

#[test]
fn there_is_a_man_page_for_every_command() {
    let home = Home::new();
    fs::create_dir(home.path().join("man1")).unwrap();
    home.acctq("man man1")
        .run()
        .is(0, "", "man pages written to man1\n");
    let found: BTreeSet<_> = fs::read_dir(home.path().join("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let pages = COMMANDS.into_iter().chain(["expressions"]);
    let expected = pages.map(|page| format!("acctq {page}").trim().replace(' ', "-") + ".1");
    assert_eq!(found, expected.collect());
    let read = |name| fs::read_to_string(home.path().join("man1").join(name)).unwrap();
    for name in &found {
        let page = read(name);
        let second = match name.as_str() {
            "acctq-expressions.1" => ".SH DESCRIPTION\n.nf\n",
            _ => ".SH SYNOPSIS\n",
        };
        for section in [".SH NAME\n", second, ".SH EXAMPLES\n.nf\n"] {
            assert!(page.contains(section), "{name}: no {section:?}");
        }
    }
    let page = read(&"acctq-cacc-get.1".to_owned());
    let says = [
        concat!(
            ".TH acctq-cacc-get 1 \" \" \"acctq ",
            env!("CARGO_PKG_VERSION"),
            "\""
        ),
        "acctq\\-cacc\\-get \\- Look up connected accounts by id",
        "\\fB\\-F\\fR, \\fB\\-\\-fields\\fR \\fI<LIST>\\fR",
        "\n  acctq \\-p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7\n",
    ];
    for says in says {
        assert!(page.contains(says), "{says:?} is not in {page}");
    }
    // Once more, over what is there, and in silence.
    home.acctq("man man1 -q").run().prints("");
}

#[test]
fn what_is_generated_holds_nothing_of_the_environment() {
    for args in [
        "completions bash",
        "completions zsh",
        "completions fish",
        "completions powershell",
        "completions elvish",
        "man .",
        "--help",
        "--version",
        "schema partner-account",
        "help environment",
    ] {
        let plain = Home::new().acctq(args).run();
        // The harness looks for the secrets in what is printed and in what is written.
        let ended = Home::new()
            .acctq(args)
            .env("ACCTQ_CONNECT_TOKEN", TOKEN)
            .env("ACCTQ_PARTNER_TOKEN", TOKEN)
            .env("ACCTQ_PROFILE", ACTIVATION)
            .env(
                "HTTPS_PROXY",
                format!("http://user:{PROXY_PASSWORD}@127.0.0.1:1"),
            )
            .run();
        ended.is(0, &plain.stdout, &plain.stderr);
    }
}

#[test]
fn a_folder_that_man_pages_cannot_be_written_to_is_named() {
    let home = Home::new();
    home.file("file", "", 0o600);
    let hint = "does the folder exist, and may you write there?";
    for (dir, why) in [
        ("none", "No such file or directory (os error 2)"),
        ("file", "Not a directory (os error 20)"),
    ] {
        home.acctq(&format!("man {dir}")).run().is(
            1,
            "",
            &format!("error: the man pages could not be written to {dir}: {why}\n  hint: {hint}\n"),
        );
    }
}

/// What the schema says of each field, without its title and description.
fn fields(resource: &str) -> (Vec<&'static str>, Value) {
    let id = |prefix: &str, types: Value| json!({"type": types, "pattern": format!("^{prefix}[0-9A-Za-z]{{1,22}}$")});
    let (always, or_null) = (json!(["string"]), json!(["string", "null"]));
    let time = |types: &Value| json!({"type": types, "format": "date-time"});
    let one_of = |words: Value| json!({"type": ["string"], "enum": words});
    if resource == "cacc" {
        let required = vec![
            "id",
            "connection_type",
            "onboarding_mode",
            "status",
            "platform_organization_id",
            "created_at",
        ];
        return (
            required,
            json!({
                "id": id("cacc_", always.clone()),
                "connection_type": one_of(json!(["standard", "express"])),
                "onboarding_mode": one_of(json!(["express", "full"])),
                "status": one_of(json!(["pending", "active", "suspended", "revoked"])),
                "platform_organization_id": id("org_", always.clone()),
                "created_at": time(&always),
                "connected_organization_id": id("org_", or_null.clone()),
                "connected_tenant_id": id("ten_", or_null.clone()),
                "platform_customer_id": id("cus_", or_null.clone()),
                "pending_email": {"type": or_null, "format": "email"},
                "pending_organization_name": {"type": or_null},
                "pending_country": {"type": or_null, "pattern": "^[A-Z]{2}$"},
                "onboarding_completed_at": time(&or_null),
                "revoked_at": time(&or_null),
                "metadata": {},
            }),
        );
    }
    // Without --reveal the activation token is not printed, so it cannot be required.
    let required = vec![
        "customer_account_uid",
        "account_type",
        "domain",
        "status",
        "deployed_members",
        "created_at",
        "updated_at",
    ];
    let domains = json!([
        "b5test.com",
        "b5test.ca",
        "b5test.eu",
        "1password.com",
        "1password.ca",
        "1password.eu"
    ]);
    (
        required,
        json!({
            "customer_account_uid": {"type": always},
            "account_type": one_of(json!(["I", "F"])),
            "activation_token": {"type": always},
            "domain": one_of(domains),
            "status": one_of(json!(["entitled", "provisioned"])),
            "deployed_members": {"type": ["integer"]},
            "created_at": time(&always),
            "updated_at": time(&always),
            "ends_at": time(&or_null),
        }),
    )
}

#[test]
fn the_schema_covers_every_field() {
    for (resource, title) in [
        ("cacc", "connected account"),
        ("partner-account", "partner account"),
    ] {
        let run = Home::new().acctq(&format!("schema {resource}")).run();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:#?}");
        let mut schema: Value = serde_json::from_str(&run.stdout).unwrap();
        let properties = schema["properties"].as_object_mut().unwrap();
        for (name, property) in properties.iter_mut() {
            for words in ["title", "description"] {
                let words = property.as_object_mut().unwrap().remove(words);
                assert!(
                    words.is_some_and(|words| words.as_str() != Some("")),
                    "{name}"
                );
            }
        }
        let (required, fields) = fields(resource);
        let description = schema["description"].take();
        assert!(description.is_string());
        assert_eq!(
            schema,
            json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": title,
                "description": null,
                "type": "object",
                "properties": fields,
                "required": required,
                "additionalProperties": true,
            })
        );
    }
}
