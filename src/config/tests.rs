use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::account::{CONNECTED, PARTNER};
use crate::interrupt::Interrupt;

/// What must appear nowhere.
const HIDDEN: &str = "s3cr3t-hunter2";

/// A home directory, with a configuration file in it or not.
struct Home(TempDir);

impl Home {
    fn bare() -> Self {
        Home(tempfile::tempdir().expect("directory"))
    }

    fn with(config: impl AsRef<[u8]>) -> Self {
        let home = Home::bare();
        fs::create_dir_all(home.path().parent().expect("parent")).expect("directory");
        fs::write(home.path(), config).expect("file");
        home.chmod(0o600);
        home
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(".config/acctq/config.toml")
    }

    fn chmod(&self, mode: u32) {
        fs::set_permissions(self.path(), fs::Permissions::from_mode(mode)).expect("chmod");
    }

    fn env(&self, more: &[(&str, &str)]) -> Environment {
        let home = self.0.path().to_str().expect("UTF-8");
        Environment::from_pairs(more.iter().copied().chain([("HOME", home)]))
    }

    fn load(&self, more: &[(&str, &str)]) -> Result<Settings> {
        Settings::load(&Flags::default(), &self.env(more))
    }

    fn select(&self, profile: &str, more: &[(&str, &str)]) -> Result<Settings> {
        let flags = Flags {
            profile: Some((profile.to_owned(), "--profile")),
            ..Flags::default()
        };
        Settings::load(&flags, &self.env(more))
    }
}

/// Message and hint of a configuration error.
fn refused<T>(result: Result<T>) -> String {
    told(result, Kind::Config)
}

fn told<T>(result: Result<T>, kind: Kind) -> String {
    let Err(error) = result else {
        panic!("no error");
    };
    assert_eq!(error.kind(), kind, "{error}");
    let all = format!("{error} | {}", error.hint_text().unwrap_or_default());
    assert!(
        !all.contains(HIDDEN) && !format!("{error:?}").contains(HIDDEN),
        "{all}"
    );
    all
}

const TWO: &str = r#"
default_profile = "test"
[defaults]
timeout = "30s"
retries = 5
[profiles.test.connect]
base_url = "https://test.example"
token_env = "CONNECT_TEST_TOKEN"
ca_file = "ca.pem"
[profiles.prod.partner]
base_url = "https://prod.example"
token_file = "~/partner.token"
"#;

#[test]
fn the_template_can_be_loaded_as_it_is() {
    let home = Home::with(TEMPLATE);
    let settings = home.load(&[]).expect("settings");
    assert_eq!(settings.profiles, ["test", "sandbox"]);
    let endpoint = settings.endpoint(&CONNECTED).expect("endpoint");
    assert_eq!(
        endpoint.base_url.value.to_string(),
        "https://api.example.com"
    );
    assert_eq!(
        endpoint.token.value.describe(),
        "variable CONNECT_TEST_TOKEN"
    );
    assert!(settings.endpoint(&PARTNER).is_ok());
    assert_eq!(settings.timeout.value, TIMEOUT);
    assert_eq!(settings.retries.value, RETRIES);
}

#[test]
fn what_the_template_offers_in_comments_is_legal_too() {
    // A comment that is a setting or a table: no space inside before `=` or `[`.
    let mut text = String::new();
    for line in TEMPLATE.lines() {
        let offered = line.strip_prefix("# ").filter(|rest| {
            rest.starts_with("[profiles.prod")
                || rest.starts_with("base_url = ")
                || rest.starts_with("ca_file = ")
                || rest.starts_with("token_command = ")
        });
        match offered {
            Some(offered)
                if !offered.starts_with("token_command") || text.contains("[profiles.prod") =>
            {
                text += offered;
            }
            _ => text += line,
        }
        text.push('\n');
    }
    assert!(text.contains("\n[profiles.prod.partner]\n"));
    let settings = Home::with(text).select("prod", &[]).expect("settings");
    assert!(settings.endpoint(&PARTNER).is_ok());
}

#[test]
fn flag_before_variable_before_file_before_built_in() {
    let home = Home::with(TWO);
    let variables = [
        ("ACCTQ_TIMEOUT", "20s"),
        ("ACCTQ_RETRIES", "1"),
        ("ACCTQ_OUTPUT", "yaml"),
        ("ACCTQ_PROFILE", "prod"),
    ];
    let flags = Flags {
        profile: Some(("test".to_owned(), "--profile")),
        output: Some(Format::Json),
        timeout: Some(Duration::from_secs(10)),
        retries: Some(0),
        config: None,
    };
    let all = Settings::load(&flags, &home.env(&variables)).expect("settings");
    assert_eq!(
        all.output,
        Setting::new(Format::Json, Origin::Flag("--output"))
    );
    assert_eq!(
        all.timeout,
        Setting::new(Duration::from_secs(10), Origin::Flag("--timeout"))
    );
    assert_eq!(all.retries, Setting::new(0, Origin::Flag("--retries")));
    assert_eq!(
        all.profile.expect("profile"),
        Setting::new("test".to_owned(), Origin::Flag("--profile"))
    );

    let wrong = [
        ("ACCTQ_TIMEOUT", "x"),
        ("ACCTQ_RETRIES", "x"),
        ("ACCTQ_OUTPUT", "x"),
    ];
    assert!(Settings::load(&flags, &home.env(&wrong)).is_ok());

    let some = home.load(&variables).expect("settings");
    assert_eq!(
        some.output,
        Setting::new(Format::Yaml, variable("ACCTQ_OUTPUT"))
    );
    assert_eq!(
        some.timeout,
        Setting::new(Duration::from_secs(20), variable("ACCTQ_TIMEOUT"))
    );
    assert_eq!(some.retries, Setting::new(1, variable("ACCTQ_RETRIES")));
    assert_eq!(some.profile.expect("profile").value, "prod");

    let file = home
        .load(&[("ACCTQ_TIMEOUT", ""), ("ACCTQ_PROFILE", "")])
        .expect("settings");
    let line = |line| Origin::File {
        path: home.path(),
        line,
    };
    assert_eq!(file.timeout, Setting::new(Duration::from_secs(30), line(4)));
    assert_eq!(file.retries, Setting::new(5, line(5)));
    assert_eq!(
        file.profile.expect("profile"),
        Setting::new("test".to_owned(), line(2))
    );

    let none = Home::bare().load(&[]).expect("settings");
    assert_eq!(none.timeout, Setting::new(TIMEOUT, Origin::BuiltIn));
    assert_eq!(none.retries, Setting::new(RETRIES, Origin::BuiltIn));
    assert_eq!(none.output, Setting::new(Format::Table, Origin::BuiltIn));
    assert_eq!(none.profile, None);
}

#[test]
fn origins_in_words() {
    assert_eq!(Origin::Flag("--timeout").to_string(), "--timeout");
    assert_eq!(variable("ACCTQ_TIMEOUT").to_string(), "ACCTQ_TIMEOUT");
    let file = Origin::File {
        path: "/x/config.toml".into(),
        line: 12,
    };
    assert_eq!(file.to_string(), "/x/config.toml:12");
    assert_eq!(Origin::BuiltIn.to_string(), "built-in");
}

#[test]
fn wrong_variables_are_refused_unrepeated() {
    for (name, words) in [
        ("ACCTQ_TIMEOUT", "1ms to 24h"),
        ("ACCTQ_RETRIES", "0 to 10"),
        ("ACCTQ_OUTPUT", "table, json, yaml, ndjson"),
    ] {
        let text = refused(Home::bare().load(&[(name, HIDDEN)]));
        assert!(text.contains(name) && text.contains(words), "{text}");
    }
}

#[test]
fn the_file_that_is_looked_at() {
    let home = Home::bare();
    let settings = home.load(&[]).expect("the default file may be absent");
    assert_eq!(
        settings.path,
        Some(Setting::new(home.path(), Origin::BuiltIn))
    );
    let text = refused(settings.endpoint(&CONNECTED));
    assert!(
        text.contains(&*home.path().to_string_lossy()) && text.contains("acctq config init"),
        "{text}"
    );

    let named = home.0.path().join("named.toml");
    let flags = Flags {
        config: Some(named.clone()),
        ..Flags::default()
    };
    let text = refused(Settings::load(&flags, &home.env(&[])));
    assert!(
        text.contains("named.toml (--config)") && text.contains("config init"),
        "{text}"
    );
    let text = refused(home.load(&[("ACCTQ_CONFIG", named.to_str().expect("UTF-8"))]));
    assert!(text.contains("named.toml (ACCTQ_CONFIG)"), "{text}");
    refused(home.load(&[("ACCTQ_CONFIG", "/nowhere")]));
    assert!(home.load(&[("ACCTQ_CONFIG", "")]).is_ok());

    fs::write(&named, TWO).expect("file");
    let env = home.env(&[("ACCTQ_CONFIG", "/nowhere")]);
    assert_eq!(
        Settings::load(&flags, &env).expect("settings").profiles,
        ["prod", "test", "sandbox"]
    );
}

#[test]
fn without_a_home_only_what_needs_a_file_fails() {
    let env = |pairs: &[(&str, &str)]| Environment::from_pairs(pairs.iter().copied());
    let flags = Flags::default();
    let settings = Settings::load(&flags, &env(&[])).expect("settings");
    assert_eq!(settings.path, None);
    for text in [
        refused(settings.endpoint(&CONNECTED)),
        refused(path(&flags, &env(&[]))),
        refused(init(&flags, &env(&[]))),
    ] {
        assert!(
            text.contains("HOME") && text.contains("XDG_CONFIG_HOME"),
            "{text}"
        );
    }
    let ci = env(&[
        ("ACCTQ_CONNECT_URL", "https://h"),
        ("ACCTQ_CONNECT_TOKEN", "t"),
    ]);
    assert!(
        Settings::load(&flags, &ci)
            .expect("settings")
            .endpoint(&CONNECTED)
            .is_ok()
    );
}

#[test]
fn files_that_are_none() {
    let path = |home: &Home| home.path().to_string_lossy().into_owned();
    let home = Home::with(vec![b'#'; 1024 * 1024 + 1]);
    assert!(refused(home.load(&[])).contains("larger than 1 MiB"));
    let home = Home::with(b"\n\n# \xff");
    let text = refused(home.load(&[]));
    assert!(
        text.contains("not valid UTF-8 in line 3") && text.contains(&path(&home)),
        "{text}"
    );
    let home = Home::with("");
    fs::remove_file(home.path()).expect("removed");
    std::os::unix::fs::symlink("nowhere", home.path()).expect("link");
    assert!(refused(home.load(&[])).contains("link to something that does not exist"));
    fs::remove_file(home.path()).expect("removed");
    fs::create_dir(home.path()).expect("directory");
    let text = refused(home.load(&[]));
    assert!(
        text.contains("is a directory") && text.contains(&path(&home)),
        "{text}"
    );
}

#[test]
fn notations_of_text_files() {
    let crlf = TWO.replace('\n', "\r\n");
    for text in [
        format!("\u{feff}{TWO}"),
        format!("\u{feff}{crlf}"),
        crlf,
        TWO.trim_end().to_owned(),
        String::new(),
    ] {
        Home::with(text).load(&[]).expect("settings");
    }
    let text = refused(Home::with("\u{feff}nonsense = 1").load(&[]));
    assert!(text.contains("line 1, column 1"), "{text}");
}

/// Loads each configuration and looks for the words, the file and the line in what is said of it.
fn told_with_their_place<const N: usize>(mistakes: [(String, &str); N]) {
    for (config, words) in mistakes {
        let home = Home::with(&config);
        let result = home.load(&[]);
        let facts = result
            .as_ref()
            .err()
            .map(|e| (e.facts().file.clone(), e.facts().line.is_some()));
        assert_eq!(facts, Some((Some(home.path()), true)), "{config}");
        let text = refused(result);
        assert!(text.contains(words), "{config}\n{text}");
        assert!(text.contains(&*home.path().to_string_lossy()), "{text}");
    }
}

#[test]
fn mistakes_are_told_with_their_place_and_never_with_the_line() {
    let api = "[profiles.test.connect]\n";
    told_with_their_place([
        (format!("{api}token = \"{HIDDEN}"), "line 2, column"),
        (format!("{api}token = {HIDDEN}"), "line 2, column"),
        (format!("{api}token = '{HIDDEN}' x"), "line 2, column"),
        (format!("{api}token {HIDDEN}"), "line 2, column"),
        (format!("{api}{HIDDEN}"), "line 2, column"),
        (format!("{api}token = \"{HIDDEN}\\q\""), "line 2, column"),
        (format!("{api}token = \"\"\"{HIDDEN}"), "line 2, column"),
        (format!("{api}token = ['{HIDDEN}'"), "line 2, column"),
        (format!("[{HIDDEN} {HIDDEN}]"), "line 1, column"),
        (
            format!("{api}token = 123"),
            "`token` must be text in quotes, not a number (",
        ),
        (format!("{api}token = 123"), "line 2, column 9"),
        (format!("{api}token = ['{HIDDEN}']"), "not a list"),
        (
            format!("{api}token = '{HIDDEN}'\ntoken = 'b'"),
            "duplicate key",
        ),
        (
            format!("{api}token = '{HIDDEN}'\ntoken = 'b'"),
            "line 3, column 1",
        ),
        (
            format!("{api}tokn = '{HIDDEN}'"),
            "unknown key `tokn` in [profiles.test.connect]",
        ),
        (format!("{api}tokn = '{HIDDEN}'"), "did you mean `token`?"),
        (
            format!("{api}{HIDDEN} = 1"),
            "unknown key in [profiles.test.connect]",
        ),
        (
            format!("{HIDDEN} = 1"),
            "the keys of the file are default_profile, defaults, profiles",
        ),
        (
            "[profiles.test.conect]".to_owned(),
            "did you mean `connect`?",
        ),
        (
            "[profiles.test]\nbase_url = 'x'".to_owned(),
            "unknown key `base_url` in [profiles.test]",
        ),
        (
            "[[profiles.test.connect]]".to_owned(),
            "must be a table, not a list",
        ),
        ("profiles = 1".to_owned(), "[profiles] must be a table"),
        ("[profiles.'a b'.connect]".to_owned(), "1 to 64 letters"),
        (
            "[profiles.sandbox.connect]".to_owned(),
            "built in and cannot be defined",
        ),
        (
            "default_profile = 'tset'\n[profiles.test]".to_owned(),
            "did you mean `test`?",
        ),
        ("default_profile = 'x'".to_owned(), "line 1"),
    ]);
}

#[test]
fn wrong_values_are_told_with_their_place_and_never_repeated() {
    let api = "[profiles.test.connect]\n";
    told_with_their_place([
        (
            "[defaults]\ntimeout = 60".to_owned(),
            "`timeout` must be in quotes: a duration from 1ms",
        ),
        (
            "[defaults]\ntimeout = '0s'".to_owned(),
            "`timeout` must be a duration from 1ms",
        ),
        (
            "[defaults]\nretries = 11".to_owned(),
            "`retries` must be a whole number from 0 to 10",
        ),
        ("[defaults]\nretries = -1".to_owned(), "0 to 10"),
        ("[defaults]\nretries = 1.0".to_owned(), "0 to 10"),
        (
            "[defaults]\nretries = 99999999999999999999".to_owned(),
            "0 to 10",
        ),
        (
            "[defaults]\noutput = 'json'".to_owned(),
            "never in the file",
        ),
        (
            "[defaults]\nretires = 1".to_owned(),
            "did you mean `retries`?",
        ),
        (
            format!("{api}base_url = 'https://u:{HIDDEN}@h'"),
            "user name or password",
        ),
        (
            format!("{api}base_url = '{HIDDEN}'"),
            "`base_url` must begin with https://",
        ),
        (
            format!("{api}token_env = '{HIDDEN}'"),
            "takes the name of a variable",
        ),
        (
            format!("{api}token_env = ''"),
            "takes the name of a variable",
        ),
        (format!("{api}token_file = ''"), "names no file"),
        (
            format!("{api}token_command = 'echo {HIDDEN}'"),
            "must be a list of strings",
        ),
        (
            format!("{api}token_command = []"),
            "must be a list of strings",
        ),
        (
            format!("{api}token_command = ['']"),
            "must be a list of strings",
        ),
        (
            format!("{api}token_command = ['a', ['{HIDDEN}']]"),
            "must be a list of strings",
        ),
        (
            format!("{api}\n\ntoken_file = 'x'\ntoken = '{HIDDEN}'"),
            "`token_file` in line 4 and `token` in line 5",
        ),
    ]);
}

#[test]
fn profiles_are_selected_or_listed() {
    let home = Home::with(TWO.replace("default_profile", "#"));
    let settings = home.load(&[]).expect("settings");
    let text = refused(settings.endpoint(&CONNECTED));
    assert!(
        text.contains("no profile is selected") && text.contains("prod, test, sandbox"),
        "{text}"
    );
    for settings in [
        home.select("tets", &[]),
        home.load(&[("ACCTQ_PROFILE", "tets")]),
    ] {
        let text = refused(settings);
        assert!(
            text.contains("unknown profile `tets`") && text.contains("did you mean `test`?"),
            "{text}"
        );
        assert!(text.contains("prod, test, sandbox"), "{text}");
    }
    let long = format!("{HIDDEN}{}", "x".repeat(40));
    refused(home.select(&long, &[]));
    refused(Home::bare().select(&long, &[]));
    let text = refused(Home::bare().select("test", &[]));
    assert!(
        text.contains("unknown profile `test`") && text.contains("config init"),
        "{text}"
    );

    let prod = home.select("prod", &[]).expect("settings");
    let error = prod.endpoint(&CONNECTED).expect_err("Partner only");
    assert_eq!(
        (error.facts().api, error.facts().profile.as_deref()),
        (Some("connect"), Some("prod"))
    );
    assert!(refused::<()>(Err(error)).contains("[profiles.prod.connect]"));
    assert!(prod.endpoint(&PARTNER).is_ok());
}

#[test]
fn what_an_api_lacks_matters_when_it_is_used() {
    let home = Home::with(
        "default_profile = 'a.b'\n[profiles.'a.b'.connect]\nbase_url = 'https://h'\n[profiles.'a.b'.partner]\ntoken_env = 'T'",
    );
    let settings = home.load(&[]).expect("settings");
    let text = refused(settings.endpoint(&CONNECTED));
    assert!(
        text.contains("[profiles.\"a.b\".connect] has no token") && text.contains("config.toml:2"),
        "{text}"
    );
    let text = refused(settings.endpoint(&PARTNER));
    assert!(text.contains("has no `base_url`"), "{text}");
    let settings = home
        .load(&[("ACCTQ_CONNECT_TOKEN", "t")])
        .expect("settings");
    assert!(settings.endpoint(&CONNECTED).is_ok());
}

#[test]
fn no_token_meets_a_foreign_origin() {
    let home = Home::with(TWO);
    let url = ("ACCTQ_CONNECT_URL", "https://env.example");
    let token = ("ACCTQ_CONNECT_TOKEN", "t");
    let at = |settings: &Settings| {
        let endpoint = settings.endpoint(&CONNECTED).expect("endpoint");
        let ca_file = endpoint
            .ca_file
            .as_ref()
            .map(|ca_file| ca_file.value.clone());
        (
            endpoint.base_url.value.to_string(),
            endpoint.token.value.describe(),
            ca_file,
        )
    };
    let ca_file = Some(home.path().with_file_name("ca.pem"));
    let of_profile = (
        "https://test.example".to_owned(),
        "variable CONNECT_TEST_TOKEN".to_owned(),
        ca_file.clone(),
    );

    let text = refused(home.load(&[url]).expect("settings").endpoint(&CONNECTED));
    assert!(
        text.contains("ACCTQ_CONNECT_URL is set, but ACCTQ_CONNECT_TOKEN is not"),
        "{text}"
    );
    let partner = ("ACCTQ_PARTNER_TOKEN", "t");
    refused(
        home.load(&[url, partner])
            .expect("settings")
            .endpoint(&CONNECTED),
    );
    let empty = ("ACCTQ_CONNECT_URL", "");
    assert_eq!(at(&home.load(&[empty]).expect("settings")), of_profile);

    let ours = "variable ACCTQ_CONNECT_TOKEN".to_owned();
    let alone = home.load(&[token]).expect("settings");
    assert_eq!(
        at(&alone),
        ("https://test.example".to_owned(), ours.clone(), ca_file)
    );
    let both = ("https://env.example".to_owned(), ours, None);
    assert_eq!(at(&home.load(&[url, token]).expect("settings")), both);
    assert_eq!(
        at(&Home::bare().load(&[url, token]).expect("settings")),
        both
    );

    assert_eq!(
        at(&home.select("test", &[url, token]).expect("settings")),
        of_profile
    );
    assert_eq!(
        at(&home.select("test", &[url]).expect("settings")),
        of_profile
    );
    let by_variable = home
        .load(&[url, token, ("ACCTQ_PROFILE", "test")])
        .expect("settings");
    assert_eq!(at(&by_variable), both);

    let bad = ("ACCTQ_CONNECT_URL", "http://s3cr3t-hunter2@h");
    let text = refused(
        home.load(&[bad, token])
            .expect("settings")
            .endpoint(&CONNECTED),
    );
    assert!(
        text.contains("ACCTQ_CONNECT_URL must not have a user name"),
        "{text}"
    );
}

#[test]
fn an_empty_token_is_an_error_and_no_other_source_is_tried() {
    let home = Home::with(TWO);
    let empty = ("ACCTQ_CONNECT_TOKEN", "");
    for more in [&[empty][..], &[empty, ("ACCTQ_CONNECT_URL", "https://h")]] {
        for home in [&home, &Home::bare()] {
            let settings = home.load(more).expect("settings");
            let text = told(settings.endpoint(&CONNECTED), Kind::Auth);
            assert!(
                text.contains("ACCTQ_CONNECT_TOKEN is set but empty"),
                "{text}"
            );
        }
    }
    assert!(
        home.select("test", &[empty])
            .expect("settings")
            .endpoint(&CONNECTED)
            .is_ok()
    );
}

#[test]
fn the_sandbox_needs_and_reads_nothing() {
    let variables = [
        ("ACCTQ_CONNECT_TOKEN", ""),
        ("ACCTQ_PARTNER_URL", "https://h"),
    ];
    for home in [Home::bare(), Home::with("not TOML")] {
        let settings = home.select("sandbox", &variables).expect("settings");
        assert!(settings.is_sandbox());
        assert_eq!(settings.profiles, ["sandbox"]);
        refused(settings.endpoint(&CONNECTED));
        let by_variable = [variables[0], ("ACCTQ_PROFILE", "sandbox")];
        assert!(home.load(&by_variable).expect("settings").is_sandbox());
    }
    let env = Environment::from_pairs([("ACCTQ_PROFILE", "sandbox"), ("ACCTQ_CONFIG", "/nowhere")]);
    assert!(
        Settings::load(&Flags::default(), &env)
            .expect("settings")
            .is_sandbox()
    );
}

#[test]
fn the_sandbox_by_default_does_not_swallow_a_token() {
    let home = Home::with("default_profile = 'sandbox'");
    assert!(home.load(&[]).expect("settings").is_sandbox());
    for set in [
        ("ACCTQ_PARTNER_TOKEN", HIDDEN),
        ("ACCTQ_CONNECT_TOKEN", ""),
        ("ACCTQ_PARTNER_URL", "https://h"),
    ] {
        let text = refused(home.load(&[set]));
        assert!(
            text.contains(set.0) && text.contains("-p sandbox"),
            "{text}"
        );
        assert!(home.select("sandbox", &[set]).is_ok());
    }
    assert!(home.load(&[("ACCTQ_PARTNER_URL", "")]).is_ok());
}

#[test]
fn an_inline_token_makes_the_file_a_secret() {
    let with_token = TWO.replace(
        "token_env = \"CONNECT_TEST_TOKEN\"",
        &format!("token = '{HIDDEN}'"),
    );
    for (config, readable) in [(TWO, true), (with_token.as_str(), false)] {
        let home = Home::with(config);
        for mode in [0o644, 0o640, 0o604] {
            home.chmod(mode);
            // Whichever profile is in use: the token is there for others to read.
            let result = home.select("prod", &[]);
            if readable {
                assert!(result.is_ok());
            } else {
                let text = refused(result);
                assert!(text.contains("chmod 600 /"), "{text}");
            }
        }
        home.chmod(0o622);
        assert!(refused(home.load(&[])).contains("chmod go-w /"));
        home.chmod(0o600);
        assert!(home.load(&[]).is_ok());
    }
}

#[test]
fn a_literal_token_is_shown_nowhere() {
    let home = Home::with(format!(
        "default_profile = 'p'\n[profiles.p.connect]\nbase_url = 'https://h'\ntoken = '{HIDDEN}'"
    ));
    let settings = home.load(&[]).expect("settings");
    let token = &settings.endpoint(&CONNECTED).expect("endpoint").token.value;
    let secret = token
        .read(&home.env(&[]), Instant::now(), &Interrupt::default())
        .expect("token");
    assert_eq!(secret.expose(), HIDDEN);
    let shown = format!(
        "{settings:?} {secret:?} {:?} {}",
        settings.rows(),
        token.describe()
    );
    assert!(!shown.contains(HIDDEN), "{shown}");
    assert!(shown.contains("literal (hidden)"));
}

#[test]
fn the_rows_tell_every_value_and_its_origin() {
    let home = Home::with(TWO);
    let rows = home
        .load(&[("ACCTQ_RETRIES", "3")])
        .expect("settings")
        .rows();
    let path = home.path().display().to_string();
    let row = |name: &str| {
        let row = rows.iter().find(|row| row.0 == name);
        row.map(|(_, value, origin)| (value.as_str(), origin.replace(&path, "FILE")))
    };
    assert_eq!(row("config"), Some((path.as_str(), "built-in".to_owned())));
    assert_eq!(row("profile"), Some(("test", "FILE:2".to_owned())));
    assert_eq!(row("output"), Some(("table", "built-in".to_owned())));
    assert_eq!(row("timeout"), Some(("30s", "FILE:4".to_owned())));
    assert_eq!(row("retries"), Some(("3", "ACCTQ_RETRIES".to_owned())));
    assert_eq!(
        row("connect.base_url"),
        Some(("https://test.example", "FILE:7".to_owned()))
    );
    assert_eq!(
        row("connect.token"),
        Some(("variable CONNECT_TEST_TOKEN", "FILE:8".to_owned()))
    );
    assert!(
        row("connect.ca_file")
            .expect("row")
            .0
            .ends_with("/.config/acctq/ca.pem")
    );
    assert!(
        row("partner")
            .expect("row")
            .0
            .contains("has no [profiles.test.partner]")
    );

    for settings in [Home::bare().load(&[]), Home::bare().select("sandbox", &[])] {
        assert!(settings.expect("settings").rows().len() > 5);
    }
}

#[test]
fn init_writes_for_the_user_alone_and_over_nothing() {
    let home = Home::bare();
    let flags = Flags::default();
    let path = init(&flags, &home.env(&[])).expect("written").path;
    assert_eq!(path, home.path());
    assert_eq!(fs::read_to_string(&path).expect("file"), TEMPLATE);
    let mode =
        |path: &std::path::Path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().expect("parent")), 0o700);
    assert!(home.load(&[]).is_ok());

    fs::write(&path, "# mine").expect("file");
    assert!(refused(init(&flags, &home.env(&[]))).contains("exists already"));
    assert_eq!(fs::read_to_string(&path).expect("file"), "# mine");
    fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink(home.0.path().join("elsewhere"), &path).expect("link");
    refused(init(&flags, &home.env(&[])));
    assert!(!home.0.path().join("elsewhere").exists());
}

#[test]
fn a_third_api_has_its_variables() {
    let names = ("ACCTQ_THIRD_TOKEN".to_owned(), "ACCTQ_THIRD_URL".to_owned());
    assert_eq!(endpoint::variables("third"), names);
}

#[test]
fn paths_start_at_the_home_or_at_the_file() {
    let config = "
default_profile = 'p'
[profiles.p.connect]
base_url = 'https://h'
token_command = ['./helper', 'from-helper']
ca_file = '~/ca.pem'
[profiles.p.partner]
base_url = 'https://h'
token_file = 'partner.token'
";
    let home = Home::with(config);
    std::os::unix::fs::symlink("/bin/echo", home.path().with_file_name("helper")).expect("link");
    let settings = home.load(&[]).expect("settings");
    let connect = settings.endpoint(&CONNECTED).expect("endpoint");
    let deadline = Instant::now() + Duration::from_secs(30);
    let token = connect
        .token
        .value
        .read(&home.env(&[]), deadline, &Interrupt::default());
    assert_eq!(token.expect("token").expose(), "from-helper");
    let ca_file = connect
        .ca_file
        .as_ref()
        .map(|ca_file| ca_file.value.clone());
    assert_eq!(ca_file, Some(home.0.path().join("ca.pem")));
    let partner = settings.endpoint(&PARTNER).expect("endpoint");
    let beside = home.path().with_file_name("partner.token");
    assert_eq!(
        partner.token.value.describe(),
        format!("file {}", beside.display())
    );
    let text = told(
        partner
            .token
            .value
            .read(&home.env(&[]), deadline, &Interrupt::default()),
        Kind::Auth,
    );
    assert!(text.contains("partner.token does not exist"), "{text}");
}

#[test]
fn no_helper_sees_a_variable_that_any_profile_names() {
    let config = "
[profiles.a.connect]
base_url = 'https://h'
token_env = 'OTHERS_TOKEN'
[profiles.b.connect]
base_url = 'https://h'
token_command = ['sh', '-c', 'echo seen:$OTHERS_TOKEN:$ACCTQ_PARTNER_TOKEN:$KEPT']
";
    let home = Home::with(config);
    let variables = [
        ("OTHERS_TOKEN", HIDDEN),
        ("ACCTQ_PARTNER_TOKEN", HIDDEN),
        ("KEPT", "k"),
        ("PATH", "/usr/bin:/bin"),
    ];
    let settings = home.select("b", &variables).expect("settings");
    let source = &settings.endpoint(&CONNECTED).expect("endpoint").token.value;
    let token = source.read(
        &home.env(&variables),
        Instant::now() + Duration::from_secs(30),
        &Interrupt::default(),
    );
    assert_eq!(token.expect("token").expose(), "seen:::k");
}
