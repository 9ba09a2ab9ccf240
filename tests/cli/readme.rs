//! Every command of the README.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Ended, Home};
use crate::readme_commands::{block, commands, run};
use crate::wire::{Wire, json};

#[test]
fn every_command_does_what_the_readme_shows() {
    let home = Home::new();
    let mut count = 0;
    for command in commands() {
        if !command.needs_more() {
            run(&home, &command);
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} commands were found");
}

#[test]
fn the_recipe_for_ci_works() {
    let recipe = block("sh", "ACCTQ_PARTNER_URL");
    let server = acctq::sandbox::Server::start(0).unwrap();
    let recipe = recipe.replace("https://billing.b5test.eu", &server.base_url());
    let home = Home::new();
    let bin = Path::new(env!("CARGO_BIN_EXE_acctq")).parent().unwrap();
    let status = Command::new("/bin/sh")
        .args(["-ec", &recipe])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("ACCTQ_PARTNER_TOKEN", acctq::sandbox::TOKEN)
        .env("UID_TO_CHECK", "ending")
        .current_dir(home.path())
        .status()
        .unwrap();
    assert!(status.success());
    let account = fs::read_to_string(home.path().join("account.json")).unwrap();
    let account: serde_json::Value = serde_json::from_str(&account).unwrap();
    assert_eq!(account["customer_account_uid"], "ending");
}

/// A recipe as it stands there, run by a shell at the sandbox.
fn recipe(home: &Home, word: &str, variables: &[(&str, &str)]) -> Ended {
    let server = acctq::sandbox::Server::start(0).unwrap();
    let script = block("sh", word).replace("https://billing.b5test.eu", &server.base_url());
    let mut run = home.shell(&script);
    for api in ["CONNECT", "PARTNER"] {
        run = run
            .env(&format!("ACCTQ_{api}_URL"), server.base_url())
            .env(&format!("ACCTQ_{api}_TOKEN"), acctq::sandbox::TOKEN);
    }
    for (name, value) in variables {
        run = run.env(name, value);
    }
    run.run()
}

#[test]
fn the_recipe_for_a_smoke_check_works() {
    let home = Home::new();
    home.file("smoke.toml", block("toml", "[[check]]"), 0o644);
    let ended = recipe(&home, "--report-junit", &[]);
    assert_eq!(ended.code, 0, "{ended:#?}");
    assert!(ended.stderr.starts_with("2 met · "), "{ended:#?}");
    let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert!(
        report.contains("tests=\"2\" failures=\"0\" errors=\"0\""),
        "{report}"
    );
}

#[test]
fn the_recipe_for_a_deployment_works() {
    let home = Home::new();
    for (account, code, says) in [
        ("cacc_activestandard", 0, ""),
        (
            "cacc_revokedstandard",
            1,
            "cacc_revokedstandard was revoked: there is nobody to deploy for\n",
        ),
        (
            "cacc_pendingexpress",
            0,
            "cacc_pendingexpress takes its time; deployed without it\n",
        ),
        ("cacc_forbidden", 1, ""),
    ] {
        let ended = recipe(
            &home,
            "acctq wait",
            &[("ACCOUNT", account), ("PATIENCE", "500ms")],
        );
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (code, ""),
            "{ended:#?}"
        );
        assert!(ended.stderr.ends_with(says), "{ended:#?}");
        let shown = fs::read_to_string(home.path().join("account.json")).unwrap();
        assert_eq!(
            shown.contains("\"active\""),
            account == "cacc_activestandard"
        );
    }
}

#[test]
fn the_recipe_for_cron_works() {
    let home = Home::new();
    for (account, says) in [
        // It ends in 2099, or never.
        ("ending", ""),
        ("provisioned-family", ""),
        ("forbidden", "error: "),
    ] {
        let ended = recipe(&home, "now+14d", &[("ACCOUNT", account)]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:#?}");
        let is_silent = ended.stdout.is_empty();
        assert!(
            ended.stdout.starts_with(says) && is_silent == says.is_empty(),
            "{ended:#?}"
        );
    }
    let wire = Wire::answers(json(
        r#"{"customer_account_uid":"u-1","ends_at":"2023-01-23T15:55:58.000Z"}"#,
    ));
    let variables = [("ACCOUNT", "u-1"), ("ACCTQ_PARTNER_URL", wire.url())];
    let ended = recipe(&home, "now+14d", &variables);
    ended.is(0, "u-1 ends within two weeks:\nExpected         Is                        Verdict\nends_at<now+14d  2023-01-23T15:55:58.000Z  met\n", "");
}

#[test]
fn the_configuration_shown_is_one() {
    let home = Home::new();
    home.config(block("toml", "default_profile"));
    let shown = home.acctq("-p prod config show -o json").run();
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["partner.token"]["value"], "command `op`");
    assert_eq!(
        shown["profiles"],
        serde_json::json!(["prod", "test", "sandbox"])
    );
}

#[test]
fn the_table_of_exit_codes_is_the_programs() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let printed = Home::new().acctq("help exit-codes").run().stdout;
    // A meaning that goes on in the next line is put together.
    let printed = printed.replace(&format!("\n{:21}", ""), " ");
    let rows = readme
        .lines()
        .skip_while(|line| !line.starts_with("| code | name |"))
        .skip(2);
    let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 18);
    // A long meaning stands on several lines of the printed table.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let printed = words(&printed.replace('`', " "));
    for row in rows {
        let row = words(&row.replace(['|', '`'], " "));
        assert!(printed.contains(&row), "{row:?} is not in {printed:?}");
    }
}

#[test]
fn what_security_promises_is_held_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let promises = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let tests: String = ["cli", "system"]
        .into_iter()
        .flat_map(|dir| fs::read_dir(root.join("tests").join(dir)).unwrap())
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let rows = promises.lines().filter(|line| line.starts_with("| "));
    let cells = rows.skip(1).map(|row| row.split('|').nth(2).unwrap());
    let names: Vec<_> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let exists = match name.strip_prefix("tests/") {
            Some(_) => root.join(name).exists(),
            None => tests.contains(&format!("fn {name}()")),
        };
        assert!(exists, "there is no {name}");
    }
}
