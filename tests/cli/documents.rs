//! Every document in the repository that the program writes or reads: help pages, completions, example configuration.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Home;

const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Renewed by `INSTA_UPDATE=always cargo test --test cli help_pages`, for its difference to be read.
#[test]
fn help_pages() {
    let names = ",cacc,cacc get,cacc list,check,compare,completions,config,config init,config path,config show,get,help,man,partner,\
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
        assert!(kept.is_ok_and(|kept| kept == printed.stdout), "out of date: cargo run -- completions {shell} >{file}");
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

/// The example with these settings of its first profile no longer commented out.
fn enabled(keys: &[&str]) -> String {
    let (test, _) = EXAMPLE.split_once("#[profiles.test.partner]").unwrap();
    let lines = test.lines().map(|line| {
        let setting = line.strip_prefix('#').filter(|s| keys.iter().any(|key| s.starts_with(key)));
        setting.unwrap_or(line).to_owned() + "\n"
    });
    lines.collect()
}

#[test]
fn the_example_configuration_is_valid_as_it_stands() {
    let shown = shown(EXAMPLE, "");
    for (setting, value, line) in [("timeout", "60s", "timeout = "), ("retries", "2", "retries = ")] {
        let line = EXAMPLE.lines().position(|text| text.starts_with(line)).unwrap() + 1;
        assert_eq!(shown[setting]["value"], value, "{setting}");
        assert_eq!(shown[setting]["origin"], format!("HOME/example.toml:{line}"), "{setting}");
    }
    assert_eq!(shown["profiles"], serde_json::json!(["sandbox"]));
}

#[test]
fn each_setting_of_the_example_configuration_is_valid() {
    let connect = ["default_profile", "[profiles.test.connect]", "base_url = \"https://api"];
    for (key, setting, value) in [
        ("token_env = ", "connect.token", "variable CONNECT_TEST_TOKEN"),
        ("token_file = ", "connect.token", "file HOME/.config/acctq/connect-test.token"),
        ("token_command = ", "connect.token", "command `op`"),
        ("token = ", "connect.token", "literal (hidden)"),
        ("ca_file = ", "connect.ca_file", "/etc/ssl/corporate.pem"),
        ("client_", "connect.client_cert_file", "HOME/certs/me.pem"),
        ("client_", "connect.client_key_file", "HOME/certs/me.key"),
    ] {
        let token = if key.starts_with("token") { key } else { "token_env = " };
        let shown = shown(&enabled(&[&connect[..], &[key, token]].concat()), "");
        assert_eq!(shown["connect.base_url"]["value"], "https://api.example.com");
        assert_eq!(shown[setting]["value"], value, "{key}");
    }
    // The last profiles, whole.
    let (_, partner) = EXAMPLE.split_once("\n#[profiles.test.partner]").unwrap();
    let (partner, _) = partner.split_once("\n# A CI job").unwrap();
    let text = format!("[profiles.test.partner]{}", partner.replace("\n#", "\n"));
    for (profile, url) in [("test", "https://billing.b5test.eu"), ("prod", "https://billing.1password.com")] {
        let shown = shown(&text, &format!("-p {profile}"));
        assert_eq!(shown["partner.base_url"]["value"], url);
    }
}
