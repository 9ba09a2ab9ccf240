//! `auth`: tokens are tried and stored, and every one of them can be tried at once.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::Home;
use crate::wire::Untouched;

/// What the sandbox takes, and what has expired there.
const TOKEN: &str = "acctq-sandbox-token";
const EXPIRED: &str = "acctq-sandbox-token-0";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The files of the configuration's directory with their texts.
fn files(home: &Home) -> Vec<(String, String)> {
    let entries = fs::read_dir(home.config_path().parent().unwrap());
    let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_token_that_works_is_stored_replaced_and_forgotten() {
    let home = Home::new();
    let sandbox = home.sandbox();
    // As after an editor's or a clipboard's work.
    let login = home.acctq(&format!("-p test auth login connect --url {}", sandbox.url));
    let stored = login.stdin(format!(" \t{TOKEN} \r\n")).run();
    assert_eq!((stored.code, &*stored.stdout), (0, ""), "{stored:#?}");
    let (config, token) = (home.config_path(), home.config_path().with_file_name("connect-test.token"));
    assert!(stored.stderr.contains(token.to_str().unwrap()), "{stored:#?}");
    let written = format!(
        "default_profile = \"test\"\n\n[profiles.test.connect]\nbase_url = \"{}\"\ntoken_file = \"connect-test.token\"\n",
        sandbox.url
    );
    assert_eq!(fs::read_to_string(&config).unwrap(), written);
    assert_eq!(fs::read_to_string(&token).unwrap(), format!("{TOKEN}\n"));
    assert_eq!([&config, &token, &config.parent().unwrap().to_owned()].map(|path| mode(path)), [0o600, 0o600, 0o700]);
    home.run("get cacc_activestandard -F id -o tsv").prints("cacc_activestandard\n");
    // A rejected one leaves it, and an accepted one replaces it; the profile has one API only.
    let refused = home.acctq("auth login").stdin(EXPIRED).run();
    refused.fails(4, &["nothing was stored"]);
    fs::write(&token, "old\n").unwrap();
    let hint = home.run("get cacc_1 -o json").fails_with(4, "auth");
    assert_eq!(hint["next"], json!(["acctq auth status", "acctq auth login connect"]));
    assert!(hint["line"] == 5 && hint["message"].as_str().unwrap().contains("connect-test.token"), "{hint:#}");
    assert_eq!(home.acctq("auth login").stdin(TOKEN).run().code, 0);
    home.run("get cacc_activestandard -F id -o tsv").prints("cacc_activestandard\n");
    // A program instead: no secret is left.
    let named = home.run(format!("auth login connect -- echo {TOKEN}"));
    assert!(named.code == 0 && !token.exists(), "{named:#?}");
    let with_program =
        written.replace("token_file = \"connect-test.token\"", &format!("token_command = [\"echo\", \"{TOKEN}\"]"));
    assert_eq!(fs::read_to_string(&config).unwrap(), with_program);
    home.run("get cacc_activestandard -F id -o tsv").prints("cacc_activestandard\n");
    home.run("auth logout").fails(3, &["config.toml:5"]);
    assert_eq!(fs::read_to_string(&config).unwrap(), with_program);
}

#[test]
fn a_configuration_keeps_its_comments_and_its_place() {
    let home = Home::new();
    let sandbox = home.sandbox();
    let (link, target) = (home.config_path(), home.path().join("elsewhere.toml"));
    home.config("");
    fs::rename(&link, &target).unwrap();
    symlink(&target, &link).unwrap();
    let template = include_str!("../../config.example.toml");
    let mine = "# mine\nprofiles.old.partner = { base_url = \"https://old.example\" } # inline\n[profiles.test.connect] # here\n# why\nbase_url = 'URL'\r\n# end\n";
    for (text, profile) in [
        (template, "test"),
        (&*mine.replace("URL", &sandbox.url), "test"),
        (&*mine.replace("URL", &sandbox.url), "new"),
    ] {
        fs::write(&target, text).unwrap();
        let args = format!("-p {profile} auth login connect --url {}", sandbox.url);
        let stored = home.acctq(&args).stdin(TOKEN).run();
        assert_eq!(stored.code, 0, "{stored:#?}");
        let new = fs::read_to_string(&target).unwrap();
        // Every line is there, in its order.
        let mut lines = new.lines();
        for line in text.lines() {
            assert!(lines.any(|new| new == line), "{line:?} is lost: {new}");
        }
        // Once more, with a comment of one's own behind it: nothing changes.
        let commented = new.replace(".token\"\n", ".token\" # mine\n");
        fs::write(&target, &commented).unwrap();
        assert_eq!(home.acctq(&args).stdin(TOKEN).run().code, 0);
        assert_eq!(fs::read_to_string(&target).unwrap(), commented);
        fs::write(&target, &new).unwrap();
        assert!(link.is_symlink() && link.with_file_name(format!("connect-{profile}.token")).is_file());
        assert_eq!(home.run(format!("-p {profile} get cacc_activestandard")).code, 0);
        home.run(format!("-p {profile} auth logout connect"));
        let forgotten = fs::read_to_string(&target).unwrap();
        assert_eq!(forgotten, new.replace(&format!("token_file = \"connect-{profile}.token\"\n"), ""));
        assert!(!link.with_file_name(format!("connect-{profile}.token")).exists());
        let again = home.run(format!("-p {profile} auth logout connect"));
        assert_eq!((again.code, fs::read_to_string(&target).unwrap()), (0, forgotten), "{again:#?}");
    }
}

#[test]
fn what_cannot_be_a_login_stores_nothing() {
    let home = Home::new();
    let (sandbox, untouched) = (home.sandbox(), Untouched::new());
    let nowhere = format!("http://127.0.0.1:{}", untouched.port());
    home.config(format!(
        "[profiles.test.connect]\nbase_url = \"{0}\"\n[profiles.test.partner]\nbase_url = \"{0}\"\n[profiles.env.connect]\nbase_url = \"{nowhere}\"\ntoken_env = \"MINE\"\n",
        sandbox.url
    ));
    let before = files(&home);
    #[rustfmt::skip]
    let rows = [
        ("-p test auth login connect", "wrong\n", 4), ("-p test auth login partner", EXPIRED, 4), ("-p test auth login connect", "", 4),
        ("-p test auth login connect", "a\u{7}b\n", 4), ("-p test auth login connect", "one\ntwo\n", 4), ("-p test auth login connect", "a b", 4),
        ("-p test auth login", TOKEN, 2), ("auth login connect", TOKEN, 2), ("-p sandbox auth login connect", TOKEN, 2),
        ("-p new auth login connect", TOKEN, 2), ("-p new auth login connect --url http://example.com", TOKEN, 2),
        ("-p a/b auth login connect --url https://a.test", TOKEN, 2), ("-p test auth login connect --url https://a.test", TOKEN, 2),
        ("-p test auth login meteroid", TOKEN, 2), ("-p test -p env auth login connect", TOKEN, 2), ("-p test auth login connect --token x", "", 2),
        ("-p env auth login connect", TOKEN, 3), ("-p env auth logout connect", "", 3), ("-p test auth login connect -- /no/such", "", 4),
        ("-p test auth login connect -- echo wrong", "", 4), ("-p new auth login connect --retries 0 --url http://127.0.0.1:1", TOKEN, 7),
        // No Connect is there.
        ("-p new auth login connect --url SANDBOX/elsewhere", TOKEN, 9),
    ];
    for (args, input, code) in rows {
        let ended = home.acctq(&args.replace("SANDBOX", &sandbox.url)).stdin(input).run();
        assert_eq!((ended.code, &*ended.stdout), (code, ""), "{ended:#?}");
        assert!(!ended.stderr.contains(TOKEN) && !ended.stderr.contains("wrong"), "{ended:#?}");
        assert_eq!(files(&home), before, "{args}");
    }
    // A variable would win, but for the profile that is named.
    let variable =
        |args: &str| home.acctq(args).env("ACCTQ_PROFILE", "test").env("ACCTQ_CONNECT_TOKEN", "x").stdin(TOKEN).run();
    variable("auth login connect").fails(3, &["ACCTQ_CONNECT_TOKEN"]);
    assert_eq!(files(&home), before);
    assert_eq!(variable("-p test auth login connect").code, 0);
    // Without a try, a server need not even be there.
    let untried = home.acctq("-p new auth login connect --no-verify --url http://127.0.0.1:1").stdin(TOKEN).run();
    assert_eq!(untried.code, 0, "{untried:#?}");
    assert_eq!(files(&home).len(), before.len() + 2);
}

#[test]
fn the_status_of_every_token_is_told_in_the_order_of_the_file() {
    let home = Home::new();
    let sandbox = home.sandbox();
    home.file("asked", "", 0o600);
    home.file("say", format!("#!/bin/sh\necho once >>asked\necho {TOKEN}\n"), 0o700);
    let command = format!("token_command = [\"{}/say\"]", home.path().display());
    let section = |profile: &str, api: &str, more: &str| {
        format!("[profiles.{profile}.{api}]\nbase_url = \"{}\"\n{more}\n", sandbox.url)
    };
    let text = [
        section("zoe", "partner", &command),
        section("zoe", "connect", &command),
        section("old", "connect", "token_env = \"OLD\""),
        section("old", "partner", ""),
    ]
    .concat();
    home.config(&text);
    let codes = |args: &str, environment: &[(&str, &str)]| {
        let ended = home.acctq(&format!("auth status -o json {args}")).env("OLD", EXPIRED).envs(environment).run();
        let rows: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        let row = |row: &Value| {
            assert!(row["elapsed_ms"].is_u64() && row["exit_code"].is_u64(), "{row}");
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            ["profile", "api", "code", "token_from"].map(text).join(" ")
        };
        (ended.code, rows.iter().map(row).collect::<Vec<_>>(), ended)
    };
    let rows = [
        "zoe partner - command `say`",
        "zoe connect - command `say`",
        "old connect auth variable OLD",
        "old partner auth -",
    ];
    let (code, found, ended) = codes("", &[]);
    assert_eq!((code, found), (4, rows.map(str::to_owned).to_vec()));
    let lines: Vec<_> = ended.errors().iter().map(|error| error["line"].as_u64()).collect();
    assert_eq!(lines, [Some(9), Some(10)], "{ended:#?}");
    // The program was asked once for both.
    assert_eq!(fs::read_to_string(home.path().join("asked")).unwrap(), "once\n");
    let (code, found, _) = codes("-p zoe", &[]);
    assert_eq!((code, found), (0, rows[..2].iter().map(ToString::to_string).collect()));
    let pair = [("ACCTQ_PARTNER_URL", &*sandbox.url), ("ACCTQ_PARTNER_TOKEN", "wrong")];
    let (code, found, _) = codes("", &pair);
    assert_eq!((code, &*found[4]), (4, "environment partner auth variable ACCTQ_PARTNER_TOKEN"));
    home.run("auth status -p zoe -p nobody -o json").fails_with(3, "config");
    // A mistake elsewhere hides no token that works.
    home.config(text + "[profiles.bad.connect]\nbase_url = \"ftp://x\"\n");
    let (code, found, _) = codes("", &[]);
    assert_eq!((code, found.len(), &*found[4]), (1, 5, "bad connect config -"));
    Home::new().run("auth status -o json").fails_with(3, "config");
    let markdown = Home::new().run("-p sandbox auth status -o markdown");
    assert!(markdown.stdout.starts_with("| Profile | API |") && markdown.stdout.contains("| works |"), "{markdown:#?}");
    let shown = Home::new().run("-p sandbox auth status");
    assert_eq!((shown.code, shown.stdout.matches("works").count()), (0, 2), "{shown:#?}");
}
