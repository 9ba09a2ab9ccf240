//! The configuration: where it is, who may read it, what it may hold, and which of several values counts.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use super::harness::{Ended, Home, Run, TOKEN};
use super::wire::{Wire, json};

/// A connected account as the contract has it.
pub fn account(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2026-01-02T03:04:05Z"}}"#
    )
}

/// What the look-up of [`LOOK_UP`] prints when it succeeds.
pub const FOUND: &str = "{\"id\":\"cacc_1\"}\n";

pub const LOOK_UP: &str = "cacc get cacc_1 -F id -o ndjson";

/// A server that has the account `cacc_1`.
pub fn server() -> Wire {
    Wire::answers(json(&account("cacc_1")))
}

/// The bearer tokens that the server was sent.
pub fn bearers(wire: &Wire) -> Vec<String> {
    let requests = wire.requests();
    let headers = requests.iter().flat_map(|head| head.lines());
    headers
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map(|(_, value)| value.strip_prefix("Bearer ").unwrap().to_owned())
        .collect()
}

fn people(message: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("error: {message}\n  hint: {hint}\n"),
        None => format!("error: {message}\n"),
    }
}

fn with_env(run: Run, env: &[(&str, &str)]) -> Run {
    env.iter()
        .fold(run, |run, (name, value)| run.env(name, value))
}

/// A profile that looks like the one to be used, for what must not be used.
fn profile(name: &str, url: &str, token: &str) -> String {
    format!("[profiles.{name}.connect]\nbase_url = \"{url}\"\ntoken = \"{token}\"\n")
}

// --- Precedence ---

type Variables = &'static [(&'static str, &'static str)];

/// Arguments, variables, a setting, its value and where it comes from. `@FILE` is the file where it belongs, `@OTHER` and
/// `@THIRD` are others.
#[rustfmt::skip]
const PRECEDENCE: &[(&str, Variables, &str, &str, &str)] = &[
    ("", &[], "profile", "a", "@FILE:1"),
    ("", &[("ACCTQ_PROFILE", "b")], "profile", "b", "ACCTQ_PROFILE"),
    ("-p c", &[("ACCTQ_PROFILE", "b")], "profile", "c", "--profile"),
    ("-p c", &[("ACCTQ_PROFILE", "nowhere")], "profile", "c", "--profile"),
    ("", &[("ACCTQ_PROFILE", "")], "profile", "a", "@FILE:1"),
    ("", &[], "timeout", "3s", "@FILE:3"),
    ("", &[("ACCTQ_TIMEOUT", "4s")], "timeout", "4s", "ACCTQ_TIMEOUT"),
    ("--timeout 5s", &[("ACCTQ_TIMEOUT", "4s")], "timeout", "5s", "--timeout"),
    ("--timeout 5s", &[("ACCTQ_TIMEOUT", "never")], "timeout", "5s", "--timeout"),
    ("", &[("ACCTQ_TIMEOUT", "")], "timeout", "3s", "@FILE:3"),
    ("-p sandbox", &[], "timeout", "60s", "built-in"),
    ("", &[], "retries", "3", "@FILE:4"),
    ("", &[("ACCTQ_RETRIES", "4")], "retries", "4", "ACCTQ_RETRIES"),
    ("--retries 5", &[("ACCTQ_RETRIES", "4")], "retries", "5", "--retries"),
    ("", &[("ACCTQ_RETRIES", "")], "retries", "3", "@FILE:4"),
    ("-p sandbox", &[], "retries", "2", "built-in"),
    ("", &[("ACCTQ_OUTPUT", "json")], "output", "json", "ACCTQ_OUTPUT"),
    ("-o json", &[("ACCTQ_OUTPUT", "yaml")], "output", "json", "--output"),
    ("", &[], "config", "@FILE", "built-in"),
    ("", &[("ACCTQ_CONFIG", "@OTHER")], "config", "@OTHER", "ACCTQ_CONFIG"),
    ("", &[("ACCTQ_CONFIG", "other.toml")], "config", "@OTHER", "ACCTQ_CONFIG"),
    ("--config @THIRD", &[("ACCTQ_CONFIG", "@OTHER")], "config", "@THIRD", "--config"),
    ("", &[("ACCTQ_CONFIG", "")], "config", "@FILE", "built-in"),
];

#[test]
fn each_setting_comes_from_the_first_place_that_has_it() {
    let home = Home::new();
    let path = home.config(
        "default_profile = \"a\"\n[defaults]\ntimeout = \"3s\"\nretries = 3\n[profiles.a]\n[profiles.b]\n[profiles.c]\n",
    );
    let other = home.file("other.toml", "[profiles.a]\n", 0o600);
    let third = home.file("third.toml", "[profiles.a]\n", 0o600);
    let filled = |text: &str| {
        text.replace("@FILE", path.to_str().unwrap())
            .replace("@OTHER", other.to_str().unwrap())
            .replace("@THIRD", third.to_str().unwrap())
    };
    for &(args, env, setting, value, origin) in PRECEDENCE {
        let asked = if setting == "output" { "" } else { " -o json" };
        let run = home.acctq(&filled(&format!("config show {args}{asked}")));
        let set = |run: Run, (name, value): &(&str, &str)| run.env(name, filled(value));
        let ended = env.iter().fold(run, set).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:#?}");
        let shown: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let shown = &shown[setting];
        assert_eq!(
            (shown["value"].as_str(), shown["origin"].as_str()),
            (Some(&*filled(value)), Some(&*filled(origin))),
            "{env:?} {ended:#?}"
        );
    }
    let plain = home.acctq("config show").run();
    home.acctq("config show")
        .env("ACCTQ_OUTPUT", "")
        .run()
        .prints(&plain.stdout);
}

#[test]
fn a_variable_that_makes_no_sense_is_an_error_where_it_has_a_meaning() {
    let home = Home::new();
    home.config("");
    let home_path = home.path().to_str().unwrap();
    for (name, value, message, hint) in [
        (
            "ACCTQ_TIMEOUT",
            "never",
            "ACCTQ_TIMEOUT must be a duration from 1ms to 24h with its unit, such as 60s, 1m30s or 500ms",
            None,
        ),
        (
            "ACCTQ_RETRIES",
            "many",
            "ACCTQ_RETRIES must be a whole number from 0 to 10",
            None,
        ),
        (
            "ACCTQ_OUTPUT",
            "jsno",
            "ACCTQ_OUTPUT must be one of table, json, yaml, ndjson; did you mean `json`?",
            None,
        ),
        (
            "ACCTQ_CONFIG",
            "nowhere.toml",
            &format!("there is no configuration file {home_path}/nowhere.toml (ACCTQ_CONFIG)"),
            Some(&*format!(
                "`acctq --config {home_path}/nowhere.toml config init` writes one to begin with"
            )),
        ),
    ] {
        for line in ["config show", "get cacc_1"] {
            home.acctq(line)
                .env(name, value)
                .run()
                .is(3, "", &people(message, hint));
        }
    }
}

#[test]
fn show_tells_people_and_scripts_what_is_in_effect_and_never_a_token() {
    let home = Home::new();
    let path = home.config(format!(
        "default_profile = \"test\"\n\
         [profiles.test.connect]\n\
         base_url = \"https://API.example.com:443/v/\"\n\
         token = \"{TOKEN}\"\n\
         ca_file = \"ca.pem\"\n\
         [profiles.test.partner]\n\
         base_url = \"http://localhost:81\"\n\
         token_command = [\"/opt/op\", \"read\", \"{TOKEN}\"]\n"
    ));
    let file = path.to_str().unwrap();
    let ca = path.with_file_name("ca.pem");
    let ca = ca.to_str().unwrap();
    let rows = [
        ("config", file, "built-in".to_owned()),
        ("profile", "test", format!("{file}:1")),
        ("output", "table", "built-in".to_owned()),
        ("timeout", "60s", "built-in".to_owned()),
        ("retries", "1", "ACCTQ_RETRIES".to_owned()),
        (
            "connect.base_url",
            "https://api.example.com/v",
            format!("{file}:3"),
        ),
        ("connect.token", "literal (hidden)", format!("{file}:4")),
        ("connect.ca_file", ca, format!("{file}:5")),
        (
            "partner.base_url",
            "http://localhost:81",
            format!("{file}:7"),
        ),
        ("partner.token", "command `op`", format!("{file}:8")),
        ("profiles", "test, sandbox", String::new()),
    ];
    let width = rows.iter().map(|row| row.1.len()).max().unwrap();
    let header = ("Setting", "Value", "From".to_owned());
    let table: String = std::iter::once(&header)
        .chain(&rows)
        .map(|(name, value, origin)| {
            format!("{name:16}  {value:width$}  {origin}")
                .trim_end()
                .to_owned()
                + "\n"
        })
        .collect();
    home.acctq("config show")
        .env("ACCTQ_RETRIES", "1")
        .run()
        .prints(&table);

    let mut members: Vec<_> = rows[..rows.len() - 1]
        .iter()
        .map(|(name, value, origin)| {
            let (value, origin) = match *name {
                "output" => ("json", "--output"),
                _ => (*value, origin.as_str()),
            };
            format!(
                "  \"{name}\": {{\n    \"value\": \"{value}\",\n    \"origin\": \"{origin}\"\n  }}"
            )
        })
        .collect();
    members.push("  \"profiles\": [\n    \"test\",\n    \"sandbox\"\n  ]".to_owned());
    home.acctq("config show -o json")
        .env("ACCTQ_RETRIES", "1")
        .run()
        .prints(&format!("{{\n{}\n}}\n", members.join(",\n")));
}

// --- Where look-ups go ---

#[test]
fn a_look_up_goes_where_the_first_place_says() {
    // (arguments, environment, which server, which token); servers: a and b of the profiles, e of the environment.
    for (args, env, server, token) in [
        ("", &[][..], "a", "token-a"),
        ("", &["profile"], "b", "token-b"),
        ("-p a", &["profile"], "a", "token-a"),
        ("-p b", &[], "b", "token-b"),
        ("", &["token"], "a", TOKEN),
        ("", &["token", "url"], "e", TOKEN),
        ("", &["token", "url", "profile"], "e", TOKEN),
        ("", &["token", "empty url"], "a", TOKEN),
        ("", &["token", "profile"], "b", TOKEN),
        ("-p b", &["token", "url"], "b", "token-b"),
        ("-p b", &["url"], "b", "token-b"),
        ("-p b", &["empty token"], "b", "token-b"),
        ("-p b", &["bad url"], "b", "token-b"),
        ("", &["partner"], "a", "token-a"),
        ("", &["empty partner token"], "a", "token-a"),
    ] {
        let servers = ["a", "b", "e"].map(|name| (name, self::server()));
        let url = |wanted: &str| {
            let found = servers.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, wire)| wire.url().to_owned()).unwrap()
        };
        let home = Home::new();
        home.config(format!(
            "default_profile = \"a\"\n{}{}",
            profile("a", &url("a"), "token-a"),
            profile("b", &url("b"), "token-b"),
        ));
        let mut run = home.acctq(&format!("{LOOK_UP} {args}"));
        for set in env {
            run = match *set {
                "profile" => run.env("ACCTQ_PROFILE", "b"),
                "token" => run.env("ACCTQ_CONNECT_TOKEN", TOKEN),
                "url" => run.env("ACCTQ_CONNECT_URL", url("e")),
                "empty url" => run.env("ACCTQ_CONNECT_URL", ""),
                "bad url" => run.env("ACCTQ_CONNECT_URL", "nonsense"),
                "empty token" => run.env("ACCTQ_CONNECT_TOKEN", ""),
                "partner" => run
                    .env("ACCTQ_PARTNER_TOKEN", TOKEN)
                    .env("ACCTQ_PARTNER_URL", url("e")),
                _ => run.env("ACCTQ_PARTNER_TOKEN", ""),
            };
        }
        run.run().prints(FOUND);
        for (name, wire) in &servers {
            let sent = if *name == server {
                vec![token.to_owned()]
            } else {
                Vec::new()
            };
            assert_eq!(bearers(wire), sent, "server {name} with {args} {env:?}");
            assert_eq!(wire.connections(), sent.len());
        }
    }
}

#[test]
fn the_environment_alone_is_enough() {
    let wire = server();
    let home = Home::new();
    home.acctq(LOOK_UP)
        .env("ACCTQ_CONNECT_TOKEN", TOKEN)
        .env("ACCTQ_CONNECT_URL", wire.url())
        .run()
        .prints(FOUND);
    assert_eq!(bearers(&wire), [TOKEN]);
    // Without a home directory, too.
    home.acctq(LOOK_UP)
        .env("HOME", "relative")
        .env("ACCTQ_CONNECT_TOKEN", TOKEN)
        .env("ACCTQ_CONNECT_URL", wire.url())
        .run()
        .prints(FOUND);
}

#[test]
fn the_variables_of_one_api_need_each_other() {
    let wire = server();
    for (env, code, message, hint) in [
        (
            &[("ACCTQ_CONNECT_URL", wire.url())][..],
            3,
            "ACCTQ_CONNECT_URL is set, but ACCTQ_CONNECT_TOKEN is not",
            "set ACCTQ_CONNECT_TOKEN too: a URL from the environment needs its own token, so that no other token is sent there",
        ),
        (
            &[
                ("ACCTQ_CONNECT_URL", wire.url()),
                ("ACCTQ_PARTNER_TOKEN", TOKEN),
            ],
            3,
            "ACCTQ_CONNECT_URL is set, but ACCTQ_CONNECT_TOKEN is not",
            "set ACCTQ_CONNECT_TOKEN too: a URL from the environment needs its own token, so that no other token is sent there",
        ),
        (
            &[("ACCTQ_CONNECT_TOKEN", "")],
            4,
            "ACCTQ_CONNECT_TOKEN is set but empty",
            "put the token there, or unset it to use the profile's own",
        ),
        (
            &[
                ("ACCTQ_CONNECT_TOKEN", ""),
                ("ACCTQ_CONNECT_URL", wire.url()),
            ],
            4,
            "ACCTQ_CONNECT_TOKEN is set but empty",
            "put the token there, or unset it to use the profile's own",
        ),
        (
            &[
                ("ACCTQ_CONNECT_TOKEN", TOKEN),
                ("ACCTQ_CONNECT_URL", "http://api.example.com"),
            ],
            3,
            "ACCTQ_CONNECT_URL must begin with https:// (http:// goes to a loopback address only)",
            "it takes a URL such as https://api.example.com",
        ),
    ] {
        let home = Home::new();
        home.profile(wire.url());
        with_env(home.acctq("cacc get cacc_1"), env).run().is(
            code,
            "",
            &people(message, Some(hint)),
        );
        let error = with_env(home.acctq(LOOK_UP), env).run().error();
        assert_eq!(
            (&error["id"], &error["api"], &error["profile"]),
            (&"cacc_1".into(), &"connect".into(), &"test".into())
        );
    }
    assert_eq!(wire.connections(), 0);
}

#[test]
fn a_profile_may_have_one_api_only() {
    let wire = server();
    let home = Home::new();
    let path = home.config(format!(
        "default_profile = \"test\"\n{}",
        profile("test", wire.url(), TOKEN)
    ));
    home.acctq(LOOK_UP).run().prints(FOUND);
    home.acctq("get uid-1").run().is(
        3,
        "",
        &people(
            &format!(
                "the profile test has no [profiles.test.partner] in {}",
                path.display()
            ),
            Some(
                "add it with its `base_url` and a token, or choose another profile: test, sandbox",
            ),
        ),
    );
}

#[test]
fn a_profile_lacks_something_only_when_it_is_used() {
    let home = Home::new();
    let path = home.config(
        "default_profile = \"test\"\n[profiles.test.connect]\ntoken_env = \"T\"\n[profiles.test.partner]\nbase_url = \"http://127.0.0.1:1\"\n",
    );
    let shown = path.display();
    home.acctq("get cacc_1").run().is(
        3,
        "",
        &people(
            &format!("[profiles.test.connect] has no `base_url` ({shown}:2)"),
            Some("add base_url = \"https://…\""),
        ),
    );
    let ended = home.acctq("get uid-1 -o json").run();
    let error = ended.error();
    assert_eq!(ended.code, 3);
    assert_eq!(
        error["message"],
        format!("[profiles.test.partner] has no token ({shown}:4)")
    );
    assert_eq!(
        (error["file"].as_str(), error["line"].as_u64()),
        (path.to_str(), Some(4))
    );
    let message = format!("[profiles.test.partner] has no token ({shown}:4)");
    let sources = "add one of token_env, token_file, token_command and token";
    for (args, hint) in [
        ("", ", or set ACCTQ_PARTNER_TOKEN"),
        // Whoever has set it must not be told to set it.
        (
            "-p test",
            "; ACCTQ_PARTNER_TOKEN counts with ACCTQ_PROFILE=test, --profile sets it aside",
        ),
    ] {
        let run = home.acctq(&format!("get uid-1 {args}"));
        let run = if args.is_empty() {
            run
        } else {
            run.env("ACCTQ_PARTNER_TOKEN", TOKEN)
        };
        run.run()
            .is(3, "", &people(&message, Some(&format!("{sources}{hint}"))));
    }
    home.acctq("get cacc_activestandard -p sandbox -F id -o ndjson")
        .run()
        .prints("{\"id\":\"cacc_activestandard\"}\n");
}

// --- The sandbox ---

#[test]
fn the_sandbox_reads_no_file_and_no_token() {
    let wire = server();
    let home = Home::new();
    let ran = home.path().join("ran");
    let helper = format!(
        "token_command = [\"/bin/sh\", \"-c\", \"touch {}\"]",
        ran.display()
    );
    let config = format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\n{helper}\n",
        wire.url()
    );
    for text in ["not toml at all", &config] {
        home.file(home.config(text), text, 0o666);
        for (args, env) in [
            ("-p sandbox", &[][..]),
            ("", &[("ACCTQ_PROFILE", "sandbox")]),
            (
                "-p sandbox",
                &[
                    ("ACCTQ_CONNECT_TOKEN", TOKEN),
                    ("ACCTQ_CONNECT_URL", wire.url()),
                ],
            ),
            (
                "",
                &[
                    ("ACCTQ_PROFILE", "sandbox"),
                    ("ACCTQ_CONNECT_TOKEN", ""),
                    ("ACCTQ_CONNECT_URL", "nonsense"),
                    ("ACCTQ_PARTNER_TOKEN", ""),
                ],
            ),
            ("-p sandbox --config nowhere.toml", &[]),
        ] {
            with_env(
                home.acctq(&format!(
                    "cacc get cacc_activestandard -F id -o ndjson {args}"
                )),
                env,
            )
            .run()
            .prints("{\"id\":\"cacc_activestandard\"}\n");
        }
    }
    assert_eq!((wire.connections(), ran.exists()), (0, false));
}

#[test]
fn a_token_in_the_environment_and_the_sandbox_by_default_contradict_each_other() {
    let home = Home::new();
    let path = home.config("\ndefault_profile = \"sandbox\"\n");
    home.acctq("get cacc_activestandard -F id -o ndjson")
        .run()
        .prints("{\"id\":\"cacc_activestandard\"}\n");
    let ended = home
        .acctq("get cacc_activestandard -o json")
        .env("ACCTQ_CONNECT_TOKEN", TOKEN)
        .run();
    ended.fails(
        3,
        &["ACCTQ_CONNECT_TOKEN is set, but the profile is the sandbox by default"],
    );
    let error = ended.error();
    assert_eq!(
        (error["file"].as_str(), error["line"].as_u64()),
        (path.to_str(), Some(2))
    );
}

// --- Where the file is ---

#[test]
fn without_a_file_the_error_names_the_path_and_the_command_that_writes_one() {
    let home = Home::new();
    let path = home.config_path();
    let message = format!("there is no configuration file {}", path.display());
    home.acctq("get cacc_1").run().is(
        3,
        "",
        &people(&message, Some("`acctq config init` writes one to begin with; `-p sandbox` needs none; or set ACCTQ_CONNECT_URL and ACCTQ_CONNECT_TOKEN")),
    );
    let error = home.acctq("get cacc_1 -o json").run().error();
    assert_eq!(
        (error["file"].as_str(), error["line"].as_u64()),
        (path.to_str(), None)
    );
    home.acctq("get cacc_1 -p test").run().is(
        3,
        "",
        &people(
            &format!("unknown profile `test` (--profile): {message}"),
            Some("`acctq config init` writes one to begin with; `-p sandbox` needs none"),
        ),
    );
    home.acctq("config path")
        .run()
        .prints(&format!("{}\n", path.display()));
}

#[test]
fn without_a_usable_home() {
    let home = Home::new();
    for (name, value) in [("HOME", "."), ("HOME", "relative/path")] {
        for line in ["config path", "config init", "get cacc_1"] {
            home.acctq(line).env(name, value).run().fails(
                3,
                &[
                    "error: there is no home directory to look for a configuration file in\n",
                    "set HOME or XDG_CONFIG_HOME to an absolute path, or name a file with --config",
                ],
            );
        }
    }
    // An unset HOME is looked up in the user database; only the path is asked for, as it may be a person's own.
    let ended = home.acctq("config path").env_remove("HOME").run();
    match ended.code {
        0 => assert!(
            Path::new(ended.stdout.trim_end()).is_absolute(),
            "{ended:#?}"
        ),
        _ => {
            ended.fails(3, &["there is no home directory"]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn xdg_config_home() {
    let home = Home::new();
    let dir = home.path().join("xdg");
    home.acctq("config path")
        .env("XDG_CONFIG_HOME", &dir)
        .run()
        .prints(&format!("{}/acctq/config.toml\n", dir.display()));
    home.acctq("config path")
        .env("XDG_CONFIG_HOME", &dir)
        .env("HOME", "relative")
        .run()
        .prints(&format!("{}/acctq/config.toml\n", dir.display()));
    for unusable in ["", ".", "xdg"] {
        home.acctq("config path")
            .env("XDG_CONFIG_HOME", unusable)
            .run()
            .prints(&format!("{}\n", home.config_path().display()));
    }
}

#[test]
fn a_configuration_in_the_current_directory_is_not_opened_unless_it_is_named() {
    let wire = server();
    let home = Home::new();
    let checkout = home.path().join("checkout");
    let config = format!(
        "default_profile = \"test\"\n{}",
        profile("test", wire.url(), TOKEN)
    );
    for name in [
        "config.toml",
        "acctq.toml",
        ".acctq.toml",
        ".acctq/config.toml",
        "acctq/config.toml",
        ".config/acctq/config.toml",
    ] {
        fs::create_dir_all(checkout.join(name).parent().unwrap()).unwrap();
        home.file(checkout.join(name), &config, 0o600);
    }
    #[cfg(target_os = "linux")]
    let opened = Opened::below(&checkout);
    for (name, value) in [
        ("XDG_CONFIG_HOME", ""),
        ("XDG_CONFIG_HOME", "."),
        ("XDG_CONFIG_HOME", ".config"),
        ("HOME", "."),
        ("ACCTQ_CONFIG", ""),
    ] {
        home.acctq(LOOK_UP)
            .dir(&checkout)
            .env(name, value)
            .run()
            .fails(3, &["there is no "]);
    }
    assert_eq!(wire.connections(), 0);
    #[cfg(target_os = "linux")]
    assert_eq!(opened.so_far(), Vec::<String>::new());
    home.acctq(&format!("{LOOK_UP} --config config.toml"))
        .dir(&checkout)
        .run()
        .prints(FOUND);
    home.acctq(LOOK_UP)
        .dir(&checkout)
        .env("ACCTQ_CONFIG", "acctq.toml")
        .run()
        .prints(FOUND);
    #[cfg(target_os = "linux")]
    assert_eq!(opened.so_far(), ["config.toml", "acctq.toml"]);
}

/// The files below a directory that somebody opens, as the system tells it.
#[cfg(target_os = "linux")]
struct Opened(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Opened {
    fn below(dir: &Path) -> Self {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        fn watch(queue: &std::os::fd::OwnedFd, dir: &Path) {
            add_watch(queue, dir, WatchFlags::OPEN).unwrap();
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                if entry.path().is_dir() {
                    watch(queue, &entry.path());
                }
            }
        }
        let queue = init(CreateFlags::NONBLOCK).unwrap();
        watch(&queue, dir);
        let opened = Opened(queue);
        // To list a directory is to open it.
        opened.so_far();
        opened
    }

    /// Their names, since it was asked before.
    fn so_far(&self) -> Vec<String> {
        use rustix::fs::inotify::{ReadFlags, Reader};
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.0, &mut buffer);
        let mut names = Vec::new();
        while let Ok(event) = events.next() {
            // Who lists a directory opens it, too: the harness does.
            if let Some(name) = event.file_name()
                && !event.events().contains(ReadFlags::ISDIR)
            {
                names.push(name.to_str().unwrap().to_owned());
            }
        }
        names
    }
}

// --- What the file is ---

#[test]
fn what_is_no_readable_text_is_refused_at_once() {
    const HINT: &str = "it must be a TOML file that you can read; --config names another one";
    let home = Home::new();
    let path = home.config("");
    let refused = |words: &str, line: Option<u64>| {
        let message = format!("the configuration file {} {words}", path.display());
        for command in ["get cacc_1", "config show"] {
            home.acctq(command)
                .run()
                .is(3, "", &people(&message, Some(HINT)));
        }
        let error = home.acctq("get cacc_1 -o json").run().error();
        assert_eq!(
            (error["file"].as_str(), error["line"].as_u64()),
            (path.to_str(), line)
        );
    };

    home.config(b"# fine\n# \xff\n");
    refused("is not valid UTF-8 in line 2", Some(2));
    home.config("#".repeat(1024 * 1024 + 1));
    refused("is larger than 1 MiB", None);
    // In the memory of any other run.
    let keys = |count| (0..count).fold(String::new(), |keys, i| keys + &format!("a.a{i}.b=1\n"));
    let repeated = ["\n", "x ", "\"\""].map(|text| text.repeat(1024 * 1024 / text.len()));
    for text in repeated.into_iter().chain([keys(70_000)]) {
        home.config(text);
        refused(
            "is none that a person has written: it has more than 50,000 words and signs",
            None,
        );
    }
    home.config(keys(12_000));
    home.acctq("config show")
        .run()
        .fails(3, &["unknown key `a` in the file"]);
    home.config("#".repeat(1024 * 1024));
    home.acctq("config show").run().fails_nothing();

    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let message = format!(
        "the configuration file {} may not be read by this user",
        path.display()
    );
    for command in ["get cacc_1", "config show"] {
        let ended = home.acctq(command).by_ordinary_user(&home).run();
        ended.is(3, "", &people(&message, Some(HINT)));
    }
    fs::remove_file(&path).unwrap();
    symlink("nowhere", &path).unwrap();
    refused("is a link to something that does not exist", None);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused("is a directory", None);
    fs::remove_dir(&path).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    refused("is not a regular file", None);
}

#[test]
fn however_an_editor_writes_it() {
    let wire = server();
    let home = Home::new();
    let plain = format!(
        "default_profile = \"test\"\n{}",
        profile("test", wire.url(), TOKEN)
    );
    for text in [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{}", plain.replace('\n', "\r\n")),
        plain.trim_end().to_owned(),
    ] {
        home.config(&text);
        home.acctq(LOOK_UP).run().prints(FOUND);
    }
    // Lines and columns are counted the same way.
    for (text, line) in [
        ("\u{feff}\r\n\r\ncolour = 1\r\n", 3),
        ("\n\ncolour = 1", 3),
        ("\u{feff}colour = 1", 1),
    ] {
        let path = home.config(text);
        home.acctq("config show").run().is(
            3,
            "",
            &people(
                &format!(
                    "unknown key `colour` in the file ({}, line {line}, column 1)",
                    path.display()
                ),
                Some("the keys of the file are default_profile, defaults, profiles"),
            ),
        );
    }
    let linked = home.file("dotfiles.toml", &plain, 0o600);
    fs::remove_file(home.config_path()).unwrap();
    symlink(linked, home.config_path()).unwrap();
    home.acctq(LOOK_UP).run().prints(FOUND);
}

#[test]
fn a_path_is_told_harmlessly() {
    let home = Home::new();
    let shown = format!(
        "{}/a\\u{{1b}}[31m\\n\\u{{202e}}b.toml",
        home.path().display()
    );
    home.acctq_args(["get", "cacc_1", "--config", "a\u{1b}[31m\n\u{202e}b.toml"])
        .run()
        .is(
            3,
            "",
            &people(
                &format!("there is no configuration file {shown} (--config)"),
                Some(&format!(
                    "`acctq --config '{shown}' config init` writes one to begin with"
                )),
            ),
        );
}

/// Runs the command that the hint of this failure gives, in backquotes.
fn follow_the_hint(ended: &Ended, command: &str) {
    let hint = ended
        .stderr
        .lines()
        .find(|line| line.starts_with("  hint: "));
    let given = hint.unwrap().split('`').nth(1).unwrap();
    assert_eq!(given, command);
    assert!(
        Command::new("sh")
            .args(["-c", given])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn what_others_may_read_or_write_is_refused_with_the_command_that_mends_it() {
    let wire = server();
    let literal = format!(
        "default_profile = \"test\"\n{}",
        profile("test", wire.url(), TOKEN)
    );
    let by_variable = literal.replace(&format!("token = \"{TOKEN}\""), "token_env = \"T\"");
    // A blank in the path must be quoted for the shell.
    for folder in ["conf", "my conf"] {
        let home = Home::new();
        let dir = home.path().join(folder);
        fs::create_dir(&dir).unwrap();
        let path = dir.join("config.toml");
        let quote = |path: &Path| match path.to_str().unwrap() {
            text if text.contains(' ') => format!("'{text}'"),
            text => text.to_owned(),
        };
        let look_up = || {
            let run = home.acctq_args(
                LOOK_UP
                    .split(' ')
                    .chain(["--config", path.to_str().unwrap()]),
            );
            run.env("T", TOKEN).run()
        };
        // (inline token?, mode of the file, of its directory, what is said)
        for (inline, file_mode, dir_mode, said) in [
            (true, 0o600, 0o755, None),
            (true, 0o400, 0o700, None),
            (true, 0o644, 0o755, Some(("file", "read", "everybody"))),
            (true, 0o640, 0o755, Some(("file", "read", "its group"))),
            (true, 0o604, 0o755, Some(("file", "read", "everybody"))),
            (false, 0o644, 0o755, None),
            (false, 0o646, 0o755, Some(("file", "written", "everybody"))),
            (false, 0o602, 0o755, Some(("file", "written", "everybody"))),
            (true, 0o666, 0o700, Some(("file", "written", "everybody"))),
            (true, 0o600, 0o757, Some(("dir", "written", "everybody"))),
            (false, 0o600, 0o777, Some(("dir", "written", "everybody"))),
            (false, 0o600, 0o1777, None),
        ] {
            home.file(
                &path,
                if inline { &literal } else { &by_variable },
                file_mode,
            );
            fs::set_permissions(&dir, fs::Permissions::from_mode(dir_mode)).unwrap();
            let Some((what, done, whom)) = said else {
                look_up().prints(FOUND);
                continue;
            };
            let blamed = if what == "file" { path.as_path() } else { &dir };
            let mode = if done == "read" { "600" } else { "go-w" };
            let connections = wire.connections();
            let ended = look_up();
            ended.fails(3, &[&format!("can be {done} by others ({whom}")]);
            assert_eq!(ended.error()["file"].as_str(), blamed.to_str());
            assert_eq!(wire.connections(), connections);
            // For people, and until all is well: who could write it could read it, too.
            let people = || {
                home.acctq_args(["get", "cacc_1", "--config", path.to_str().unwrap()])
                    .env("T", TOKEN)
                    .run()
            };
            let ended = people();
            ended.fails(
                3,
                &[&format!(
                    "error: {} can be {done} by others ({whom}",
                    blamed.display()
                )],
            );
            follow_the_hint(&ended, &format!("chmod {mode} {}", quote(blamed)));
            let ended = people();
            if ended.code != 0 {
                follow_the_hint(&ended, &format!("chmod 600 {}", quote(&path)));
            }
            look_up().prints(FOUND);
        }
    }
}

#[test]
fn the_group_may_write_if_it_is_the_users_own() {
    let home = Home::new();
    let path = home.config("");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    let gid = rustix::process::getegid().as_raw();
    // On some systems a file takes its directory's group; on all, a user may give it to their own.
    chown(&path, None, Some(gid)).unwrap();
    home.acctq("config show").run().fails_nothing();
    // Only root can give a file to any group or user; a user cannot be tried with that.
    if chown(&path, None, Some(gid + 4242)).is_ok() {
        home.acctq("config show").run().fails(
            3,
            &[&format!(
                "can be written by others (its group, {})",
                gid + 4242
            )],
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(4242), None).unwrap();
        home.acctq("config show").run().fails(
            3,
            &[
                "can be written by others (its owner, user 4242)",
                "make it yours: `sudo chown",
            ],
        );
    }
}

/// An access control list as Linux keeps it (`linux/posix_acl_xattr.h`): the owner may do all, and so may one more user.
#[cfg(target_os = "linux")]
fn list_one_more(path: &Path) {
    const NOBODY: u32 = u32::MAX;
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 7, NOBODY),
        // Whoever it is: a user that is mapped in every namespace.
        (0x02, 6, rustix::process::geteuid().as_raw()),
        (0x04, 4, NOBODY),
        (0x10, 6, NOBODY),
        (0x20, 4, NOBODY),
    ];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, user) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(user.to_le_bytes());
    }
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(path, "system.posix_acl_access", &list, flags)
        .expect("TMPDIR must be on a file system with access control lists");
}

#[test]
#[cfg(target_os = "linux")]
fn an_access_control_list_may_let_anybody_write() {
    let home = Home::new();
    let file = home.config("");
    let dir = file.parent().unwrap();
    let gid = rustix::process::getegid().as_raw();
    for (listed, mode) in [(file.as_path(), 0o600), (dir, 0o700)] {
        let wire = server();
        let literal = profile("test", wire.url(), TOKEN);
        let source = literal.replace(&format!("token = \"{TOKEN}\""), "token_env = \"T\"");
        home.config(format!("default_profile = \"test\"\n{source}"));
        chown(listed, None, Some(gid)).unwrap();
        list_one_more(listed);
        let shown = listed.display();
        let hint =
            format!("run `setfacl -b {shown} && chmod go-w {shown}`, which takes the list away");
        let message = format!("{shown} can be written by others (its access control list)");
        let look_up = || home.acctq(LOOK_UP).env("T", TOKEN);
        look_up()
            .arg("-o=table")
            .run()
            .is(3, "", &people(&message, Some(&hint)));
        assert_eq!(wire.connections(), 0);
        rustix::fs::removexattr(listed, "system.posix_acl_access").unwrap();
        fs::set_permissions(listed, fs::Permissions::from_mode(mode)).unwrap();
        look_up().run().prints(FOUND);
    }
}

// --- What is in it ---

type Hint = Option<&'static str>;
type Mistake = (&'static str, &'static str, (u64, u64), &'static str, Hint);

const API: &str = "[profiles.test.connect]\n";
const API_KEYS: Hint = Some(
    "the keys of [profiles.test.connect] are base_url, token, token_env, token_file, token_command, ca_file",
);
const TIMEOUT: &str =
    "`timeout` must be a duration from 1ms to 24h with its unit, such as 60s, 1m30s or 500ms";
const TIMEOUT_IN_QUOTES: &str = "`timeout` must be in quotes: a duration from 1ms to 24h with its unit, such as 60s, 1m30s or 500ms";
const COMMAND: &str =
    "`token_command` must be a list of strings: the program, then each argument by itself";
const COMMAND_HINT: Hint =
    Some("for example [\"op\", \"read\", \"op://Vault/item/token\"]; no shell is involved");
const NAME: &str = "a profile's name is 1 to 64 letters, digits, `.`, `_` and `-`";
const LONG_NAME: &str =
    "[profiles.a2345678901234567890123456789012345678901234567890123456789012345]\n";

/// How the file begins, how it goes on with a mistake in it, the mistake's line and column, what is said, and the hint. `T`
/// stands for the token.
#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    (API, "token = \"T\n", (2, 30), "invalid basic string, expected `\"`", None),
    (API, "token = T\n", (2, 9), "string values must be quoted, expected literal string", None),
    (API, "token = \"T\" x\n", (2, 32), "unexpected key or value, expected newline, `#`", None),
    (API, "token \"T\"\n", (2, 7), "key with no value, expected `=`", None),
    (API, "token = \"T\"\ntoken = \"T\"\n", (3, 1), "duplicate key", None),
    (API, "token_env = \"A\"\n[profiles.test.connect]\n", (3, 16), "duplicate key", None),
    (API, "token = 123\n", (2, 9), "`token` must be text in quotes, not a number", None),
    (API, "token = [\"T\"]\n", (2, 9), "`token` must be text in quotes, not a list", None),
    (API, "token = true\n", (2, 9), "`token` must be text in quotes, not a boolean", None),
    (API, "tokn = \"T\"\n", (2, 1), "unknown key `tokn` in [profiles.test.connect]", Some("did you mean `token`?")),
    (API, "base-url = \"T\"\n", (2, 1), "unknown key `base-url` in [profiles.test.connect]", Some("did you mean `base_url`?")),
    (API, "client_secret = \"T\"\n", (2, 1), "unknown key `client_secret` in [profiles.test.connect]", API_KEYS),
    (API, "T = \"x\"\n", (2, 1), "unknown key in [profiles.test.connect]", API_KEYS),
    (API, "token_env = \"T\"\n", (2, 13), "`token_env` takes the name of a variable (letters, digits and `_`), not a token", None),
    (API, "token_file = 5\n", (2, 14), "`token_file` must be text in quotes, not a number", None),
    (API, "token_file = \"\"\n", (2, 14), "`token_file` names no file", None),
    (API, "token_file = \"sk_live_T\"\n", (2, 14), "`token_file` takes the name of a file, not a token", None),
    (API, "token_file = \"~/eyJhbGciOiJIUzI1NiJ9.T\"\n", (2, 14), "`token_file` takes the name of a file, not a token", None),
    (API, "ca_file = \"/etc/ghp_T\"\n", (2, 11), "`ca_file` takes the name of a file, not a token", None),
    (API, "token_file = \"a\\u0000b\"\n", (2, 14), "`token_file` has a NUL in it, which no file has in its name", None),
    (API, "token_command = [\"op\", \"a\\u0000b\"]\n", (2, 17), "`token_command` has a NUL in it, which no program can be given", None),
    (API, "token_command = \"T\"\n", (2, 17), COMMAND, COMMAND_HINT),
    (API, "token_command = []\n", (2, 17), COMMAND, COMMAND_HINT),
    (API, "token_command = [\"op\", 5]\n", (2, 17), COMMAND, COMMAND_HINT),
    (API, "insecure = true\n", (2, 1), "unknown key `insecure` in [profiles.test.connect]", API_KEYS),
    ("[defaults]\n", "timeout = 5\n", (2, 11), TIMEOUT_IN_QUOTES, None),
    ("[defaults]\n", "timeout = \"5\"\n", (2, 11), TIMEOUT, None),
    ("[defaults]\n", "retries = \"T\"\n", (2, 11), "`retries` must be a whole number from 0 to 10", None),
    ("[defaults]\n", "retries = 11\n", (2, 11), "`retries` must be a whole number from 0 to 10", None),
    ("[defaults]\n", "output = \"json\"\n", (2, 1), "the output format is never in the file", Some("a file must not change what a script gets: use -o or ACCTQ_OUTPUT")),
    ("[defaults]\n", "retrys = 1\n", (2, 1), "unknown key `retrys` in [defaults]", Some("did you mean `retries`?")),
    ("", "default_profil = \"test\"\n", (1, 1), "unknown key `default_profil` in the file", Some("did you mean `default_profile`?")),
    ("", "default_profile = 5\n", (1, 19), "`default_profile` must be text in quotes, not a number", None),
    ("", "[profiles.test.conect]\n", (1, 16), "unknown key `conect` in [profiles.test]", Some("did you mean `connect`?")),
    ("", "[profiles]\ntest = 1\n", (2, 8), "[profiles.test] must be a table, not a number", None),
    ("", "[profiles.sandbox.connect]\n", (1, 11), "the profile `sandbox` is built in and cannot be defined", Some("give the profile another name")),
    ("", "[profiles.\"a b\"]\n", (1, 11), NAME, None),
    ("", "[profiles.\"\"]\n", (1, 11), NAME, None),
    ("", "[profiles.\"ä\"]\n", (1, 11), NAME, None),
    ("", LONG_NAME, (1, 11), NAME, None),
    (API, "token_env = \"A\"\ntoken = \"T\"\n", (3, 1), "[profiles.test.connect] has two sources for its token: `token_env` in line 2 and `token` in line 3", Some("keep one of them")),
    (API, "token_command = [\"op\"]\n\ntoken_file = \"x\"\n", (4, 1), "[profiles.test.connect] has two sources for its token: `token_command` in line 2 and `token_file` in line 4", Some("keep one of them")),
];

#[test]
fn a_mistake_is_told_with_its_place_and_without_its_line() {
    let home = Home::new();
    for &(head, text, (line, column), what, hint) in MISTAKES {
        let path = home.config(format!("{head}{}", text.replace('T', TOKEN)));
        let message = format!("{what} ({}, line {line}, column {column})", path.display());
        // Whatever profile is in use: it would be met at the worst time.
        for command in ["config show", "get cacc_1", "get cacc_1 -p other"] {
            home.acctq(command).run().is(3, "", &people(&message, hint));
        }
        let ended = home.acctq("get cacc_1 -o json").run();
        let error = ended.error();
        assert_eq!((ended.code, ended.stdout.as_str()), (3, ""));
        assert_eq!(error["code"], "config");
        assert_eq!(error["message"], message);
        assert_eq!(error["hint"].as_str(), hint);
        assert_eq!(
            (error["file"].as_str(), error["line"].as_u64()),
            (path.to_str(), Some(line))
        );
    }
}

#[test]
fn a_secret_in_the_place_of_a_file_is_not_repeated() {
    let wire = server();
    let home = Home::new();
    home.profile(wire.url());
    let hint = "name a TOML file; if it was a secret, remove it from where it stands, such as your shell's history";
    let pasted = format!("sk_live_{TOKEN}");
    for command in [
        "config show",
        "config path",
        "config init",
        "cacc get cacc_1",
    ] {
        for flag in ["", "-o=json"] {
            let runs = [
                ("--config", home.acctq(command).arg("--config").arg(&pasted)),
                (
                    "ACCTQ_CONFIG",
                    home.acctq(command).env("ACCTQ_CONFIG", &pasted),
                ),
            ];
            for (origin, run) in runs {
                let message = format!(
                    "{origin} takes the name of a file, and this looks like a credential; it is not repeated here"
                );
                if flag.is_empty() {
                    run.run().is(3, "", &people(&message, Some(hint)));
                } else if !matches!(command, "config path" | "config init") {
                    let error = run.arg(flag).run().error();
                    assert_eq!(
                        (&error["message"], &error["file"]),
                        (&message.into(), &serde_json::Value::Null)
                    );
                }
            }
        }
    }
    // What is there is a file, whatever it is called.
    let named = fs::read(home.config_path()).unwrap();
    home.file("ops_team", named, 0o600);
    home.acctq(LOOK_UP)
        .arg("--config=ops_team")
        .run()
        .prints(FOUND);
}

#[test]
fn unknown_profiles_are_told_with_the_names_there_are() {
    let home = Home::new();
    let config = "[profiles.test]\n[profiles.prod-eu]\n[profiles.\"a.b_C\"]\n";
    let path = home.config(config);
    let names = "the profiles are a.b_C, prod-eu, test, sandbox";
    let none = format!("{} has none of that name", path.display());
    let (near, far) = (format!("did you mean `test`? {names}"), names.to_owned());
    for (args, variable, message, hint) in [
        (
            "-p tset",
            "",
            format!("unknown profile `tset` (--profile): {none}"),
            &near,
        ),
        (
            "-p x",
            "",
            format!("unknown profile `x` (--profile): {none}"),
            &far,
        ),
        (
            "-p Sandbox",
            "",
            format!("unknown profile `Sandbox` (--profile): {none}"),
            &format!("did you mean `sandbox`? {names}"),
        ),
        (
            "",
            "tset",
            format!("unknown profile `tset` (ACCTQ_PROFILE): {none}"),
            &near,
        ),
        // What has not the form of a name is not repeated.
        (
            "-p x/y",
            "",
            format!("unknown profile (--profile): {none}"),
            &far,
        ),
        (
            "",
            "",
            "no profile is selected".to_owned(),
            &format!(
                "choose one with -p, with ACCTQ_PROFILE or with `default_profile` in {}: a.b_C, prod-eu, test, sandbox",
                path.display()
            ),
        ),
    ] {
        home.acctq(&format!("get cacc_1 {args}"))
            .env("ACCTQ_PROFILE", variable)
            .run()
            .is(3, "", &people(&message, Some(hint)));
        let ended = home
            .acctq(&format!("get cacc_1 -o json {args}"))
            .env("ACCTQ_PROFILE", variable)
            .run();
        assert_eq!(ended.error()["file"].as_str(), path.to_str());
    }
    let path = home.config(format!("# a comment\ndefault_profile = \"tset\"\n{config}"));
    for line in ["get cacc_1", "config show", "get cacc_1 -p test"] {
        home.acctq(line).run().is(
            3,
            "",
            &people(
                &format!(
                    "unknown profile `tset` (`default_profile`, {}, line 2)",
                    path.display()
                ),
                Some(&near),
            ),
        );
    }
}

/// Base URLs that could lead a token elsewhere than their reader believes, and what is said of them. `T` stands for the token.
#[rustfmt::skip]
const BAD_URLS: &[(&str, &str)] = &[
    ("https://u:T@api.example.com", "must not have a user name or password in it"),
    ("https://api.example.com@127.0.0.1", "must not have a user name or password in it"),
    ("https://api.example.com?x=T", "must not have a query (?…)"),
    ("https://api.example.com/#T", "must not have a fragment (#…)"),
    ("https://api.example.com/../x", "must not have `.` or `..` in its path"),
    ("https://api.example.com/%2e%2E/x", "must not have `.` or `..` in its path"),
    ("https://", "is not a URL of the form https://host[:port][/path]"),
    ("https:///path", "is not a URL of the form https://host[:port][/path]"),
    ("api.example.com", "must begin with https://"),
    ("https://api.example.com:0", "has a port that is not a number from 1 to 65535"),
    ("https://api.example.com:65536", "has a port that is not a number from 1 to 65535"),
    ("ftp://api.example.com", "must begin with https://"),
    ("http://api.example.com", "must begin with https:// (http:// goes to a loopback address only)"),
    ("http://127.0.0.1.evil.test", "must begin with https:// (http:// goes to a loopback address only)"),
    ("http://localhost.evil.test", "must begin with https:// (http:// goes to a loopback address only)"),
    ("http://0.0.0.0", "must begin with https:// (http:// goes to a loopback address only)"),
    ("https://2130706433", "has a number for a host that is no IPv4 address"),
    ("https://bücher.example", "must be ASCII (an international host name in its xn-- form)"),
    ("", "must begin with https://"),
];

#[test]
fn base_urls_that_lead_elsewhere_are_refused() {
    let home = Home::new();
    for (url, words) in BAD_URLS {
        let url = url.replace('T', TOKEN);
        let path = home.config(format!(
            "[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n"
        ));
        home.acctq("get cacc_1 -p test").run().is(
            3,
            "",
            &people(
                &format!("`base_url` {words} ({}, line 2, column 12)", path.display()),
                None,
            ),
        );
        if !url.is_empty() {
            home.acctq("get cacc_1")
                .env("ACCTQ_CONNECT_URL", &url)
                .env("ACCTQ_CONNECT_TOKEN", TOKEN)
                .env("ACCTQ_CONFIG", home.file("empty.toml", "", 0o600))
                .run()
                .is(
                    3,
                    "",
                    &people(
                        &format!("ACCTQ_CONNECT_URL {words}"),
                        Some("it takes a URL such as https://api.example.com"),
                    ),
                );
        }
    }
}

#[test]
fn a_trailing_slash_and_a_path_prefix_work() {
    let wire = server();
    let home = Home::new();
    for (suffix, path) in [
        ("", "/api/v1/connected-accounts/cacc_1"),
        ("/", "/api/v1/connected-accounts/cacc_1"),
        ("//", "/api/v1/connected-accounts/cacc_1"),
        (
            "/billing/eu",
            "/billing/eu/api/v1/connected-accounts/cacc_1",
        ),
        (
            "/billing/eu/",
            "/billing/eu/api/v1/connected-accounts/cacc_1",
        ),
    ] {
        home.profile(&format!("{}{suffix}", wire.url()));
        home.acctq(LOOK_UP).run().prints(FOUND);
        let last = wire.requests().pop().unwrap();
        assert!(
            last.starts_with(&format!("GET {path} HTTP/1.1\r\n")),
            "{last}"
        );
    }
    let localhost = wire.url().replace("127.0.0.1", "LocalHost");
    home.profile(&localhost);
    home.acctq(LOOK_UP).run().prints(FOUND);
}

// --- init ---

#[test]
fn init_writes_a_template_for_nobody_else_to_read_and_never_over_anything() {
    let home = Home::new();
    let path = home.config_path();
    home.acctq("config init").run().is(
        0,
        &format!("{}\n", path.display()),
        "written; next: put your base URLs and token sources into it, then `acctq config show`\n",
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let template = fs::read_to_string(&path).unwrap();
    assert!(template.contains("[profiles.test.connect]"), "{template}");
    // It can be used as it is.
    home.acctq("get cacc_1")
        .run()
        .fails(4, &["error: variable CONNECT_TEST_TOKEN is not set\n"]);

    let exists = |shown: &Path| {
        people(
            &format!("{} exists already", shown.display()),
            Some("edit it, or move it away first; `acctq config show` tells what is in effect"),
        )
    };
    home.config("# mine");
    home.acctq("config init").run().is(3, "", &exists(&path));
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine");
    // Not through a link either, be it dangling.
    fs::remove_file(&path).unwrap();
    symlink(home.path().join("target"), &path).unwrap();
    home.acctq("config init").run().is(3, "", &exists(&path));
    assert!(!home.path().join("target").exists());

    let named = home.path().join("a/b/c.toml");
    home.acctq("-q config init --config a/b/c.toml")
        .run()
        .prints(&format!("{}\n", named.display()));
    assert_eq!((mode(&named), mode(&home.path().join("a"))), (0o600, 0o700));
    home.acctq("config init")
        .env("ACCTQ_CONFIG", "d.toml")
        .run()
        .is(
            0,
            &format!("{}/d.toml\n", home.path().display()),
            "written; next: put your base URLs and token sources into it, then `acctq config show`\n",
        );
    let named = home.path().join("e.toml");
    home.acctq("config init --config e.toml").run().is(
        0,
        &format!("{}\n", named.display()),
        &format!(
            "written; next: put your base URLs and token sources into it, then `acctq --config {} config show`\n",
            named.display()
        ),
    );
    // Nothing is written that the next call would refuse.
    let open = home.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let open = open.display();
    home.acctq("config init --config open/c.toml").run().is(
        3,
        "",
        &people(
            &format!("{open} can be written by others (everybody)"),
            Some(&format!("run `chmod go-w {open}`")),
        ),
    );
    assert!(!home.path().join("open/c.toml").exists());
    // A file stands where a folder must be.
    home.acctq("config init --config d.toml/x.toml")
        .run()
        .fails(1, &["error: cannot write "]);
}

impl Ended {
    /// Asserts a success, whatever it prints, and silence on standard error.
    #[track_caller]
    pub fn fails_nothing(&self) {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:#?}");
    }
}
