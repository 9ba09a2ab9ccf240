//! Every command and recipe of the README, and what SECURITY.md says is tested.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Ended, Home};
use crate::readme_commands::{blocks, commands, run};
use crate::wire::{self, Wire};

#[test]
fn every_command_does_what_the_readme_shows() {
    let home = Home::new();
    let commands: Vec<_> = commands().into_iter().filter(|shown| !shown.needs_more()).collect();
    assert!(commands.len() > 10);
    for command in commands {
        run(&home, &command);
    }
}

fn block(language: &str, word: &str) -> &'static str {
    let mut blocks = blocks(language);
    blocks.find(|block| block.contains(word)).expect("such a block")
}

/// Runs the recipe with that word in it as it stands there, at a sandbox.
fn recipe(home: &Home, word: &str, variables: &[(&str, &str)]) -> Ended {
    let url = acctq::sandbox::start(0, acctq::sandbox::ACCOUNTS).unwrap();
    let script = block("sh", word).replace("https://billing.b5test.eu", &url);
    let mut run = home.shell(&script);
    for api in ["CONNECT", "PARTNER"] {
        run = run.env(&format!("ACCTQ_{api}_URL"), &url).env(&format!("ACCTQ_{api}_TOKEN"), acctq::sandbox::TOKEN);
    }
    run.envs(variables).run()
}

#[test]
fn two_sandboxes_are_logged_in_to_and_compared() {
    let home = Home::new();
    let free = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = free.each_ref().map(|listener| listener.local_addr().unwrap().port().to_string());
    drop(free);
    let script = block("sh", "kill $one").replace("4010", &ports[0]).replace("4011", &ports[1]);
    let ended = home.shell(&script).run();
    let words: Vec<_> = ended.stdout.split_whitespace().collect();
    let verdicts = words.iter().filter(|word| **word == "works").count();
    assert!(verdicts == 2 && words.contains(&"cacc_activestandard") && !words.contains(&"\u{2260}"), "{ended:#?}");
}

fn account(home: &Home) -> Value {
    let text = fs::read(home.path().join("account.json")).unwrap();
    serde_json::from_slice(&text).unwrap_or_default()
}

#[test]
fn the_recipes_for_ci_work() {
    let home = Home::new();
    let ended = recipe(&home, "ACCTQ_PARTNER_URL", &[("UID_TO_CHECK", "ending")]);
    ended.prints("");
    assert_eq!(account(&home)["customer_account_uid"], "ending");
    home.file("smoke.toml", block("toml", "[[check]]"), 0o644);
    let ended = recipe(&home, "--report-junit", &[]);
    assert_eq!(ended.code, 0, "{ended:#?}");
    let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert!(report.contains("tests=\"2\" failures=\"0\" errors=\"0\""), "{report}");
}

#[test]
fn the_recipe_for_a_deployment_works() {
    let home = Home::new();
    for (account_id, code, status) in [
        ("cacc_activestandard", 0, json!("active")),
        ("cacc_revokedstandard", 1, json!(null)),
        ("cacc_pendingexpress", 0, json!(null)),
        ("cacc_forbidden", 1, json!(null)),
    ] {
        let variables = [("ACCOUNT", account_id), ("PATIENCE", "500ms")];
        let ended = recipe(&home, "acctq wait", &variables);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{ended:#?}");
        assert_eq!(account(&home)["status"], status, "{account_id}");
    }
}

#[test]
fn the_recipe_for_cron_works() {
    let home = Home::new();
    let body = r#"{"customer_account_uid":"u-1","ends_at":"2023-01-23T15:55:58.000Z"}"#;
    let wire = Wire::answers(wire::json(body));
    for (account, url, says) in [
        // It ends in 2099, or never.
        ("ending", None, ""),
        ("provisioned-family", None, ""),
        ("forbidden", None, "error: "),
        ("u-1", Some(wire.url()), "ends_at<now+14d"),
    ] {
        let mut variables = vec![("ACCOUNT", account)];
        variables.extend(url.map(|url| ("ACCTQ_PARTNER_URL", url)));
        let ended = recipe(&home, "now+14d", &variables);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:#?}");
        assert_eq!(ended.stdout.is_empty(), says.is_empty(), "{ended:#?}");
        assert!(ended.stdout.contains(says), "{ended:#?}");
    }
}

#[test]
fn the_configuration_shown_is_one() {
    let home = Home::new();
    home.config(block("toml", "default_profile"));
    let shown = home.run("-p prod config show -o json");
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["partner.token"]["value"], "command `op`");
    assert_eq!(shown["profiles"], json!(["test", "prod", "sandbox"]));
}

#[test]
fn what_security_promises_is_held_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = String::new();
    for dir in ["tests/cli", "tests/system"] {
        for file in fs::read_dir(root.join(dir)).unwrap() {
            tests += &fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        }
    }
    let promises = include_str!("../../SECURITY.md").lines();
    let rows = promises.filter_map(|line| line.strip_prefix("| ")?.split('|').nth(1));
    let names = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names: Vec<_> = names.collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let is_file = name.starts_with("tests/") && root.join(name).exists();
        assert!(is_file || tests.contains(&format!("fn {name}()")), "no {name}");
    }
}
