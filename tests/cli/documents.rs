//! Every document in the repository that the program writes or reads: help pages, completions, example configuration.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Home;

const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Renewed by `INSTA_UPDATE=always cargo test --test cli help_pages`, for its difference to be read.
#[test]
fn help_pages() {
    let names = ",cacc,cacc get,cacc list,check,completions,config,config init,config path,config show,get,help,man,partner,\
        partner account,partner account get,sandbox,schema,wait,environment,exit-codes,expressions,output";
    let pages = names.split(',').map(|page| {
        let help = Home::new().run(format!("help {page}"));
        help.prints(&help.stdout);
        format!("$ acctq help {page}\n{}\n", help.stdout)
    });
    insta::assert_snapshot!("help", pages.collect::<String>());
}

#[test]
fn the_completions_are_those_that_the_program_prints() {
    for (shell, file) in [
        ("bash", "completions/acctq.bash"),
        ("zsh", "completions/_acctq"),
        ("fish", "completions/acctq.fish"),
        ("powershell", "completions/_acctq.ps1"),
        ("elvish", "completions/acctq.elv"),
    ] {
        let printed = Home::new().run(format!("completions {shell}"));
        printed.prints(&printed.stdout);
        let kept = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        assert!(
            kept.is_ok_and(|kept| kept == printed.stdout),
            "out of date: cargo run -- completions {shell} >{file}"
        );
    }
}

/// What `config show` prints of that configuration.
fn shown(text: &str, profile: &str) -> Value {
    let home = Home::new();
    home.file("example.toml", text, 0o600);
    let args = format!("{profile} config show --config example.toml -o ndjson");
    let ended = home.run(args);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{text}");
    let at_home = home.path().to_str().unwrap();
    serde_json::from_str(&ended.stdout.replace(at_home, "HOME")).unwrap()
}

#[test]
fn the_example_configuration_is_valid_as_it_stands() {
    let shown = shown(EXAMPLE, "");
    #[rustfmt::skip]
    let rows = [
        ("profile", "test", "default_profile = "),
        ("timeout", "60s", "timeout = "),
        ("retries", "2", "retries = "),
        ("connect.base_url", "https://api.example.com", "base_url = \"https://api"),
        ("connect.token", "variable CONNECT_TEST_TOKEN", "token_env = "),
        ("partner.base_url", "https://billing.b5test.eu", "base_url = \"https://billing"),
        ("partner.token", "file HOME/.config/acctq/partner-test.token", "token_file = "),
    ];
    for (setting, value, line) in rows {
        let line = EXAMPLE.lines().position(|text| text.starts_with(line)).unwrap() + 1;
        assert_eq!(shown[setting]["value"], value, "{setting}");
        assert_eq!(shown[setting]["origin"], format!("HOME/example.toml:{line}"), "{setting}");
    }
    assert_eq!(shown["profiles"], serde_json::json!(["test", "sandbox"]));
}

/// Each line that is commented out, in place of the one that it is an alternative to.
#[test]
fn each_alternative_of_the_example_configuration_is_valid() {
    let active = "token_env = \"CONNECT_TEST_TOKEN\"\n";
    assert!(EXAMPLE.contains(active));
    for (key, setting, value) in [
        ("token_file = ", "connect.token", "file "),
        ("token_command = ", "connect.token", "command "),
        ("token = ", "connect.token", "literal"),
        ("ca_file = ", "connect.ca_file", "/etc/ssl/corporate.pem"),
    ] {
        let mut comments = EXAMPLE.lines().filter_map(|line| line.strip_prefix("# "));
        let line = comments.find(|line| line.starts_with(key)).unwrap();
        let kept = if key == "ca_file = " { active } else { "" };
        let shown = shown(&EXAMPLE.replace(active, &format!("{kept}{line}\n")), "");
        let value_shown = shown[setting]["value"].as_str().unwrap();
        assert!(value_shown.starts_with(value), "{shown}");
    }
    // The last profile, whole.
    let (_, prod) = EXAMPLE.split_once("\n# [profiles.prod.connect]").unwrap();
    let (prod, _) = prod.split_once("\n# A CI job").unwrap();
    let text = format!("{EXAMPLE}[profiles.prod.connect]{}", prod.replace("\n# ", "\n"));
    let url = &shown(&text, "-p prod")["partner.base_url"]["value"];
    assert_eq!(url, "https://billing.1password.com");
}
