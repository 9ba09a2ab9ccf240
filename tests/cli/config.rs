//! The configuration: where it is, who may read it, what it may hold, and which of several values counts.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::harness::{Ended, Home, Run, TOKEN};
use super::wire::{self, Wire};

/// A connected account as the contract has it.
pub fn account(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2026-01-02T03:04:05Z"}}"#
    )
}

/// What the look-up of [`LOOK_UP`] prints when it succeeds.
pub const FOUND: &str = "{\"id\":\"cacc_1\"}\n";

pub const LOOK_UP: &str = "cacc get cacc_1 -F id -o ndjson";

/// A look-up in the sandbox, and what it prints.
const IN_SANDBOX: &str = "get cacc_activestandard -F id -o ndjson";
const FOUND_IN_SANDBOX: &str = "{\"id\":\"cacc_activestandard\"}\n";

/// A server that has the account `cacc_1`.
pub fn server() -> Wire {
    Wire::answers(wire::json(&account("cacc_1")))
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

fn profile(name: &str, url: &str, token: &str) -> String {
    format!("[profiles.{name}.connect]\nbase_url = \"{url}\"\ntoken = \"{token}\"\n")
}

/// A configuration whose profile is at this URL.
fn selected(url: &str) -> String {
    "default_profile = \"test\"\n".to_owned() + &profile("test", url, TOKEN)
}

/// Asserts that this is refused as a fault of the configuration, at this file and line, and returns the error.
#[track_caller]
fn refused(ended: &Ended, file: Option<&Path>, line: Option<u64>) -> Value {
    let error = ended.fails_with(3, "config");
    let place = (error["file"].as_str(), error["line"].as_u64());
    assert_eq!(place, (file.and_then(Path::to_str), line), "{ended:#?}");
    error
}

type Variables = &'static [(&'static str, &'static str)];
type Mistake = (&'static str, &'static str, (u64, u64), &'static [&'static str]);

/// Arguments, variables, a setting, its value and where it comes from. `@FILE` is the file where it belongs, `@OTHER` and
/// `@THIRD` are others.
#[rustfmt::skip]
const PRECEDENCE: &[(&str, Variables, &str, &str, &str)] = &[
    ("", &[], "profile", "a", "@FILE:1"),
    ("", &[("ACCTQ_PROFILE", "b")], "profile", "b", "ACCTQ_PROFILE"),
    ("-p c", &[("ACCTQ_PROFILE", "nowhere")], "profile", "c", "--profile"),
    ("", &[("ACCTQ_PROFILE", "")], "profile", "a", "@FILE:1"),
    ("", &[], "timeout", "3s", "@FILE:3"),
    ("", &[("ACCTQ_TIMEOUT", "4s")], "timeout", "4s", "ACCTQ_TIMEOUT"),
    ("--timeout 5s", &[("ACCTQ_TIMEOUT", "never")], "timeout", "5s", "--timeout"),
    ("-p sandbox", &[], "timeout", "60s", "built-in"),
    ("", &[], "retries", "3", "@FILE:4"),
    ("", &[("ACCTQ_RETRIES", "4")], "retries", "4", "ACCTQ_RETRIES"),
    ("--retries 5", &[("ACCTQ_RETRIES", "many")], "retries", "5", "--retries"),
    ("", &[("ACCTQ_OUTPUT", "json")], "output", "json", "ACCTQ_OUTPUT"),
    ("-o json", &[("ACCTQ_OUTPUT", "yaml")], "output", "json", "--output"),
    ("", &[("ACCTQ_OUTPUT", "json\r"), ("ACCTQ_TIMEOUT", "4s\r\n")], "timeout", "4s", "ACCTQ_TIMEOUT"),
    ("", &[("ACCTQ_PROFILE", "b\n"), ("ACCTQ_RETRIES", "\n")], "profile", "b", "ACCTQ_PROFILE"),
    ("", &[("ACCTQ_CONFIG", "@OTHER\r")], "config", "@OTHER", "ACCTQ_CONFIG"),
    ("", &[("ACCTQ_CONFIG", "@OTHER")], "config", "@OTHER", "ACCTQ_CONFIG"),
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
        let shown: Value = serde_json::from_str(&ended.stdout).unwrap();
        let expected = json!({"value": filled(value), "origin": filled(origin)});
        assert_eq!(shown[setting], expected, "{env:?} {ended:#?}");
        assert!(shown["profiles"].is_array(), "{ended:#?}");
    }
}

#[test]
fn a_variable_that_makes_no_sense_is_an_error_where_it_has_a_meaning() {
    let home = Home::new();
    home.config("");
    for (name, value, says) in [
        ("ACCTQ_TIMEOUT", "never", "60s"),
        ("ACCTQ_RETRIES", "many", "10"),
        ("ACCTQ_OUTPUT", "jsno", "json"),
        ("ACCTQ_CONFIG", "nowhere.toml", "/nowhere.toml config init"),
        ("ACCTQ_CONFIG", "nowhere\u{200b}", "U+200B ZERO WIDTH SPACE"),
        ("ACCTQ_PROFILE", "sandbox\u{a0}", "U+00A0 NO-BREAK SPACE"),
        ("ACCTQ_OUTPUT", "json\n\n", "U+000A"),
        ("ACCTQ_TIMEOUT", "\u{feff}5s", "U+FEFF"),
    ] {
        for line in ["config show", "get cacc_1"] {
            let ended = home.acctq(line).env(name, value).run();
            let is_told = [name, says].iter().all(|fact| ended.stderr.contains(fact));
            assert!(ended.code == 3 && is_told, "{ended:#?}");
        }
    }
}

#[test]
fn show_has_the_values_in_effect_and_where_each_is_from_and_no_token() {
    let home = Home::new();
    let path = home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"https://API.example.com:443/v/\"\n\
         token = \"{TOKEN}\"\nca_file = \"ca.pem\"\n[profiles.test.partner]\nbase_url = \"http://localhost:81\"\n\
         token_command = [\"/opt/op\", \"read\", \"{TOKEN}\"]\n[profiles.prod]\n"
    ));
    let run = home.acctq("config show").env("ACCTQ_RETRIES", "1");
    let dir = format!("{}/", path.parent().unwrap().display());
    let shown = run.run().stdout.replace(&dir, "");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = shown.lines().map(words).collect();
    assert_eq!(
        lines.join("\n"),
        "Setting Value From
config config.toml built-in
profile test config.toml:1
output table built-in
timeout 60s built-in
retries 1 ACCTQ_RETRIES
connect.base_url https://api.example.com/v config.toml:3
connect.token literal (hidden) config.toml:4
connect.ca_file ca.pem config.toml:5
partner.base_url http://localhost:81 config.toml:7
partner.token command `op` config.toml:8
profiles test, prod, sandbox"
    );
}

/// Arguments, variables, to which server the look-up goes and with which token. The profiles have the servers a and b; `@E` is
/// the URL of another.
#[rustfmt::skip]
const WHERE: &[(&str, Variables, &str, &str)] = &[
    ("", &[], "a", "token-a"),
    ("", &[("ACCTQ_PROFILE", "b")], "b", "token-b"),
    ("", &[("ACCTQ_CONNECT_TOKEN", TOKEN)], "a", TOKEN),
    ("", &[("ACCTQ_CONNECT_TOKEN", TOKEN), ("ACCTQ_CONNECT_URL", "")], "a", TOKEN),
    ("", &[("ACCTQ_CONNECT_TOKEN", TOKEN), ("ACCTQ_PROFILE", "b")], "b", TOKEN),
    ("", &[("ACCTQ_CONNECT_TOKEN", TOKEN), ("ACCTQ_CONNECT_URL", "@E")], "e", TOKEN),
    ("-p b", &[("ACCTQ_CONNECT_TOKEN", TOKEN), ("ACCTQ_CONNECT_URL", "@E")], "b", "token-b"),
    ("-p b", &[("ACCTQ_CONNECT_URL", "@E")], "b", "token-b"),
    ("-p b", &[("ACCTQ_CONNECT_TOKEN", "")], "b", "token-b"),
    ("", &[("ACCTQ_PARTNER_TOKEN", TOKEN), ("ACCTQ_PARTNER_URL", "@E")], "a", "token-a"),
];

#[test]
fn a_look_up_goes_where_the_first_place_says() {
    for &(args, env, server, token) in WHERE {
        let servers = ["a", "b", "e"].map(|name| (name, self::server()));
        let [a, b, e] = servers.each_ref().map(|(_, wire)| wire.url());
        let (a, b) = (profile("a", a, "token-a"), profile("b", b, "token-b"));
        let home = Home::new();
        home.config(format!("default_profile = \"a\"\n{a}{b}"));
        let run = home.acctq(&format!("{LOOK_UP} {args}"));
        let set = |run: Run, (name, value): &(&str, &str)| run.env(name, value.replace("@E", e));
        env.iter().fold(run, set).run().prints(FOUND);
        for (name, wire) in &servers {
            let expected: &[&str] = if *name == server { &[token] } else { &[] };
            assert_eq!(bearers(wire), expected, "{name} with {args} {env:?}");
            assert_eq!(wire.connections(), expected.len());
        }
    }
}

#[test]
fn the_variables_of_one_api_need_each_other() {
    let wire = server();
    let (url, token) = ("ACCTQ_CONNECT_URL", "ACCTQ_CONNECT_TOKEN");
    let foreign = [(token, TOKEN), (url, "http://api.example.com")];
    let other_token = [(url, wire.url()), ("ACCTQ_PARTNER_TOKEN", TOKEN)];
    for (env, code, says) in [
        (&[(url, wire.url())][..], 3, [url, token]),
        (&other_token, 3, [url, token]),
        (&[(token, "")], 4, [token, ""]),
        (&foreign, 3, [url, ""]),
        (&[(token, ""), (url, wire.url())], 4, [token, ""]),
    ] {
        let home = Home::new();
        home.profile(wire.url());
        let ended = home.acctq(LOOK_UP).envs(env).run();
        let error = ended.fails(code, &says).error();
        // The pair of variables is no profile.
        let is_pair = code == 4 && env.len() == 2;
        let profile = if is_pair { Value::Null } else { "test".into() };
        assert_eq!((&error["api"], &error["profile"]), (&"connect".into(), &profile));
    }
    assert_eq!(wire.connections(), 0);
    // Together they are enough, without a file and a home directory.
    let pair = [(url, wire.url()), (token, TOKEN), ("HOME", "relative")];
    Home::new().acctq(LOOK_UP).envs(&pair).run().prints(FOUND);
    assert_eq!(bearers(&wire), [TOKEN]);
}

#[test]
fn a_profile_lacks_something_only_when_it_is_used() {
    let wire = server();
    let home = Home::new();
    let config = selected(wire.url()) + "[profiles.test.partner]\ntoken_env = \"T\"\n";
    let path = home.config(config);
    home.acctq(LOOK_UP).run().prints(FOUND);
    let ended = home.acctq("get uid-1 -o json").run();
    refused(&ended, Some(&path), Some(5));
    ended.fails(3, &["base_url"]);
    home.config(selected(wire.url()));
    let ended = home.acctq("get uid-1 -o json").run();
    ended.fails(3, &["partner", path.to_str().unwrap()]);
}

#[test]
fn the_sandbox_reads_no_file_and_no_token() {
    let wire = server();
    let home = Home::new();
    let ran = home.path().join("ran");
    let helper = format!("token_command = [\"touch\", \"{}\"]", ran.display());
    let config = selected(wire.url()).replace(&format!("token = \"{TOKEN}\""), &helper);
    let (profile, token, url) = ("ACCTQ_PROFILE", "ACCTQ_CONNECT_TOKEN", "ACCTQ_CONNECT_URL");
    for text in ["not toml at all", &config] {
        home.file(home.config(text), text, 0o666);
        for (args, env) in [
            ("-p sandbox", &[][..]),
            ("", &[(profile, "sandbox")]),
            ("-p sandbox", &[(token, TOKEN), (url, wire.url())]),
            ("", &[(profile, "sandbox"), (token, ""), (url, "nonsense")]),
            ("-p sandbox --config nowhere.toml", &[]),
        ] {
            home.acctq(&format!("{IN_SANDBOX} {args}")).envs(env).run().prints(FOUND_IN_SANDBOX);
        }
    }
    assert_eq!((wire.connections(), ran.exists()), (0, false));
    // By default it does not swallow a token that is meant for another place.
    let path = home.config("\ndefault_profile = \"sandbox\"\n");
    home.acctq(IN_SANDBOX).run().prints(FOUND_IN_SANDBOX);
    let ended = home.acctq(IN_SANDBOX).env(token, TOKEN).run();
    refused(&ended, Some(&path), Some(2));
    ended.fails(3, &[token]);
}

#[test]
fn without_a_file_the_error_names_the_path_and_the_command_that_writes_one() {
    let home = Home::new();
    let path = home.config_path();
    let shown = format!("{}\n", path.display());
    for args in ["", "-p test"] {
        let ended = home.acctq(&format!("get cacc_1 -o json {args}")).run();
        refused(&ended, Some(&path), None);
        ended.fails(3, &[shown.trim_end(), "acctq config init"]);
    }
    home.acctq("config path").run().prints(&shown);
    // A name that would act on a terminal.
    let ended = home.acctq("get cacc_1 --config").arg("a\u{1b}[31m\n\u{202e}b.toml").run();
    ended.fails(3, &[r"/a\u{1b}[31m\n\u{202e}b.toml"]);
}

#[test]
fn home_and_xdg_config_home_count_if_they_are_absolute() {
    let home = Home::new();
    for line in ["config path", "config init", "get cacc_1"] {
        let ended = home.acctq(line).env("HOME", "relative").run();
        ended.fails(3, &["HOME", "--config"]);
    }
    // The user database has the home of a user whose HOME is not set.
    let ended = home.acctq("config path").env_remove("HOME").run();
    assert!(ended.code == 3 || ended.stdout.starts_with('/'), "{ended:#?}");
    let path = |xdg: &str| home.acctq("config path").env("XDG_CONFIG_HOME", xdg).run().stdout;
    if cfg!(target_os = "linux") {
        assert_eq!(path("/xdg"), "/xdg/acctq/config.toml\n");
    }
    let usual = format!("{}\n", home.config_path().display());
    assert_eq!([path(""), path("xdg")], [usual.clone(), usual]);
}

#[test]
fn a_configuration_in_the_current_directory_is_not_opened_unless_it_is_named() {
    let wire = server();
    let home = Home::new();
    let checkout = home.path().join("checkout");
    let config = selected(wire.url());
    let names = "config.toml acctq.toml .acctq.toml acctq/config.toml .config/acctq/config.toml";
    for name in names.split(' ') {
        let path = checkout.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        home.file(path, &config, 0o600);
    }
    for set in ["XDG_CONFIG_HOME=", "XDG_CONFIG_HOME=.config", "HOME=.", "ACCTQ_CONFIG="] {
        let (name, value) = set.split_once('=').unwrap();
        let error = home.acctq(LOOK_UP).dir(&checkout).env(name, value).run().fails_with(3, "config");
        assert!(!error.to_string().contains("checkout"), "{error}");
    }
    assert_eq!(wire.connections(), 0);
    home.acctq(LOOK_UP).arg("--config=config.toml").dir(&checkout).run().prints(FOUND);
}

#[test]
fn what_is_no_readable_text_is_refused_at_once() {
    let home = Home::new();
    let path = home.config("#".repeat(1024 * 1024));
    home.acctq("config show").run().fails_nothing();
    let refuses = |line: Option<u64>| {
        refused(&home.acctq("get cacc_1 -o json").run(), Some(&path), line);
    };
    home.config("#".repeat(1024 * 1024 + 1));
    refuses(None);
    home.config(b"# fine\n# \xff\n");
    refuses(Some(2));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let run = home.acctq("get cacc_1 -o json").by_ordinary_user(&home);
    refused(&run.run(), Some(&path), None);
    for make in ["ln -s nowhere", "mkdir", "mkfifo"] {
        home.shell(&format!("rm -rf '{0}'; {make} '{0}'", path.display())).run().prints("");
        refuses(None);
    }
}

#[test]
fn however_an_editor_writes_it() {
    let wire = server();
    let home = Home::new();
    let plain = selected(wire.url());
    let crlf = plain.replace('\n', "\r\n");
    for text in [&format!("\u{feff}{crlf}"), &crlf, plain.trim_end()] {
        home.config(text);
        home.acctq(LOOK_UP).run().prints(FOUND);
    }
    // PowerShell's `>` writes UTF-16, and other programs leave its mark out.
    for text in [format!("\u{feff}{plain}"), plain.clone()] {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let utf16: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            let path = home.config(&utf16);
            let error = refused(&home.acctq("get cacc_1 -o json").run(), Some(&path), None);
            assert!(error["message"].as_str().unwrap().contains("UTF-16"), "{error}");
            home.file("suite.toml", utf16, 0o600);
            home.acctq("check --suite suite.toml").run().fails(2, &["UTF-16", "iconv"]);
        }
    }
    let path = home.config("\u{feff}\r\n\r\ncolour = 1\r\n");
    refused(&home.acctq("get cacc_1 -o json").run(), Some(&path), Some(3));
    let linked = home.file("dotfiles.toml", &plain, 0o600);
    fs::remove_file(home.config_path()).unwrap();
    symlink(linked, home.config_path()).unwrap();
    home.acctq(LOOK_UP).run().prints(FOUND);
}

/// Whether the file holds a token, its mode, that of its directory, and what is refused.
#[rustfmt::skip]
const MODES: &[(bool, u32, u32, Option<&str>)] = &[
    (true, 0o600, 0o755, None),
    (true, 0o644, 0o755, Some("file")),
    (false, 0o644, 0o755, None),
    (true, 0o666, 0o700, Some("file")),
    (false, 0o600, 0o777, Some("directory")),
];

#[test]
fn what_others_may_read_or_write_is_refused_with_the_command_that_mends_it() {
    let wire = server();
    let literal = selected(wire.url());
    let by_variable = literal.replace(&format!("token = \"{TOKEN}\""), "token_env = \"T\"");
    let home = Home::new();
    // The shell must not take it for two.
    let dir = home.path().join("my conf");
    fs::create_dir(&dir).unwrap();
    let path = dir.join("config.toml");
    let look_up = || home.acctq(LOOK_UP).arg("--config=my conf/config.toml").env("T", TOKEN).run();
    for &(inline, file_mode, dir_mode, blamed) in MODES {
        let text = if inline { &literal } else { &by_variable };
        home.file(&path, text, file_mode);
        fs::set_permissions(&dir, fs::Permissions::from_mode(dir_mode)).unwrap();
        if let Some(blamed) = blamed {
            let connections = wire.connections();
            let ended = look_up();
            let blamed = if blamed == "file" { &path } else { &dir };
            refused(&ended, Some(blamed), None);
            assert_eq!(wire.connections(), connections);
            // What was open to be written was open to be read, too, and takes a second command.
            follow_the_hint(&ended);
            let ended = look_up();
            if ended.code != 0 {
                follow_the_hint(&ended);
            }
        }
        look_up().prints(FOUND);
    }
}

/// Runs the `chmod` that the hint of this failure gives, in backquotes.
#[track_caller]
fn follow_the_hint(ended: &Ended) {
    let hint = ended.error()["hint"].as_str().unwrap().to_owned();
    let command = hint.split('`').nth(1).filter(|command| command.starts_with("chmod "));
    let status = Command::new("sh").args(["-c", command.unwrap()]).status();
    assert!(status.unwrap().success(), "{hint}");
}

#[test]
fn it_belongs_to_the_user_or_root_and_the_users_own_group_may_write() {
    let home = Home::new();
    let path = home.config("");
    let look_up = || home.acctq("get cacc_1 -o json").run();
    let gid = rustix::process::getegid().as_raw();
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o660);
    chown(&path, None, Some(gid)).unwrap();
    home.acctq("config show").run().fails_nothing();
    // Only root can give a file to any group or user.
    if chown(&path, None, Some(gid + 4242)).is_ok() {
        refused(&look_up(), Some(&path), None);
        mode(0o600);
        chown(&path, Some(4242), None).unwrap();
        refused(&look_up(), Some(&path), None);
        chown(&path, Some(0), None).unwrap();
        chown(path.parent().unwrap(), Some(4242), None).unwrap();
        refused(&look_up(), path.parent(), None);
    }
}

const API: &str = "[profiles.test.connect]\n";

/// How the file begins, how it goes on with a mistake in it, the mistake's line and column (0: wherever), and what is named.
/// `T` stands for the token.
#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    (API, "token = \"T\n", (2, 0), &[]),
    (API, "token = \"T\"\ntoken = \"T\"\n", (3, 1), &[]),
    (API, "token = 123\n", (2, 9), &["token"]),
    (API, "tokn = \"T\"\n", (2, 1), &["tokn", "`token`"]),
    (API, "password = \"T\"\n", (2, 1), &["password", "token_command"]),
    (API, "T = \"x\"\n", (2, 1), &[]),
    (API, "token_env = \"T\"\n", (2, 13), &["token_env"]),
    (API, "token_file = \"\"\n", (2, 14), &["token_file"]),
    (API, "token_file = \"sk_live_T\"\n", (2, 14), &["token_file"]),
    (API, "token_command = \"T\"\n", (2, 17), &["token_command"]),
    (API, "token_command = [\"op\", 5]\n", (2, 0), &["token_command"]),
    ("[defaults]\n", "timeout = \"5\"\n", (2, 11), &["timeout", "60s"]),
    ("[defaults]\n", "retries = 11\n", (2, 11), &["retries", "10"]),
    ("[defaults]\n", "output = \"json\"\n", (2, 1), &["ACCTQ_OUTPUT"]),
    ("", "default_profil = \"test\"\n", (1, 1), &["default_profil", "`default_profile`"]),
    ("", "[profiles.test.conect]\n", (1, 16), &["conect", "`connect`"]),
    ("", "profiles = 5\n", (1, 12), &["`profiles`"]),
    ("[profiles]\n", "test = 5\n", (2, 8), &["`test`"]),
    ("[profiles.test]\n", "connect = 5\n", (2, 11), &["`connect`"]),
    ("", "[profiles.sandbox.connect]\n", (1, 11), &["sandbox"]),
    ("", "[profiles.\"a b\"]\n", (1, 11), &["64"]),
    (API, "token_env = \"A\"\ntoken = \"T\"\n", (2, 0), &[".toml:2", ".toml:3"]),
    // Of several, the first of the file.
    ("[profiles.z.connect]\n", "tokn = 1\n[profiles.a.partner]\nx = 1\n[profiles.a.z]\n[defaults]\nretries = 11\n", (2, 1), &["tokn"]),
    ("[defaults]\n", "retries = 11\n[profiles.test.conect]\n[profiles.a.connect]\nx = 1\n", (2, 11), &["10"]),
];

#[test]
fn a_mistake_is_told_with_its_place_and_without_its_line() {
    let home = Home::new();
    for &(head, text, (line, column), says) in MISTAKES {
        let path = home.config(format!("{head}{}", text.replace('T', TOKEN)));
        // Whatever profile is in use: it would be met at the worst time.
        for command in ["get cacc_1", "get cacc_1 -p other"] {
            let ended = home.acctq(&format!("{command} -o json")).run();
            refused(&ended, Some(&path), Some(line));
            ended.fails(3, says);
        }
        let place = [path.to_str().unwrap(), &format!("column {column}")];
        let known = 1 + usize::from(column > 0);
        home.acctq("get cacc_1").run().fails(3, &place[..known]);
    }
}

/// A configuration, of which the profile `test` is selected, with a mistake in the line (0: none is named), and which settings are
/// known nevertheless.
#[rustfmt::skip]
const BROKEN: &[(&str, u64, &str)] = &[
    ("[profiles.test.connect]\nbase_url = \"https://h\"\ntoken_env = \"A\"\n[profiles.old.connect]\nbase_url = \"h\"\n",
        5, "config connect.base_url connect.token output partner profile profiles retries"),
    ("[profiles.test.connect]\nbase_url = \"https://h\"\ntoken_env = \"A\"\ntoken_file = \"a\"\n[profiles.test.partner]\n\
      base_url = \"https://h\"\ntoken_env = \"A\"\n[defaults]\ntimeout = \"5s\"\n",
        4, "config connect output partner.base_url partner.token profile profiles retries timeout"),
    ("[profiles.test.connect]\nbase_url = \"https://h\"\ntoken_env = \"A\"\ncolour = 1\n",
        4, "config connect output partner profile profiles retries"),
    ("[profiles.test.connect]\nbase_url = \"https://h\"\ntoken_env = \"A\"\nclient_key_file = \"k\"\n",
        4, "config connect output partner profile profiles retries"),
    ("default_profile = 7\n[defaults]\ntimeout = \"5s\"\n[profiles.test.connect]\nbase_url = \"https://h\"\ntoken_env = \"A\"\n",
        1, "config connect.base_url connect.token output partner profile profiles retries"),
    ("default_profile = \"tset\"\n[profiles.test.connect]\nbase_url = \"https://h\"\ntoken_env = \"A\"\n",
        1, "config connect.base_url connect.token output partner profile profiles retries"),
    ("[profiles.prod.connect]\n", 0, "config output profile profiles retries"),
    ("[profiles.test.connect\n", 1, "config output profile profiles retries"),
];

#[test]
fn a_broken_configuration_is_shown_as_far_as_it_is_known() {
    let home = Home::new();
    let show = || home.acctq("config show -o json").env("ACCTQ_PROFILE", "test").env("ACCTQ_RETRIES", "1");
    let is_told = |run: Run, line: Option<u64>, known: &str| {
        let ended = run.run();
        let (shown, error): (Value, _) = (serde_json::from_str(&ended.stdout).unwrap(), ended.error());
        assert_eq!((ended.code, &error["code"], error["line"].as_u64()), (3, &"config".into(), line), "{ended:#?}");
        let names: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names.join(" "), known, "{ended:#?}");
        assert_eq!(shown["config"]["value"], home.config_path().to_str().unwrap());
        assert!(home.acctq(LOOK_UP).env("ACCTQ_PROFILE", "test").run().code == 3);
    };
    for &(text, line, known) in BROKEN {
        home.config(text);
        is_told(show(), (line > 0).then_some(line), known);
    }
    // What the environment has for itself is known even if the file cannot be read.
    let path = home.config(format!("{API}token = \"{TOKEN}\"\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let pair = [("ACCTQ_CONNECT_URL", "https://h"), ("ACCTQ_CONNECT_TOKEN", TOKEN)];
    is_told(show().envs(&pair), None, "config connect.base_url connect.token output profile profiles retries");
    // A secret in the place of a profile's name.
    home.config(BROKEN[0].0);
    is_told(show().env("ACCTQ_PROFILE", TOKEN), Some(5), "config output profile profiles retries");
    for &(head, text, (line, _), _) in MISTAKES {
        home.config(format!("{head}{}", text.replace('T', TOKEN)));
        let error = home.acctq("config show -o json").run().error();
        assert_eq!((&error["code"], &error["line"]), (&"config".into(), &line.into()));
    }
}

#[test]
fn a_secret_in_the_place_of_a_file_is_not_repeated() {
    let home = Home::new();
    let pasted = format!("sk_live_{TOKEN}");
    for command in ["config path", "config init", "config show", LOOK_UP] {
        home.acctq(command).arg("--config").arg(&pasted).run().fails(3, &["--config"]);
        home.acctq(command).env("ACCTQ_CONFIG", &pasted).run().fails(3, &["ACCTQ_CONFIG"]);
    }
}

#[test]
fn an_unknown_profile_is_answered_with_the_names_and_the_nearest() {
    let home = Home::new();
    let config = "[profiles.test]\n[profiles.prod-eu]\n[profiles.\"a.b_C\"]\n";
    let path = home.config(config);
    let names = ["a.b_C", "prod-eu", "test", "sandbox"];
    for (args, variable, says) in [
        ("-p tset", "", &["`tset`", "--profile", "`test`"][..]),
        ("-p x", "", &["`x`", "--profile"]),
        ("-p Sandbox", "", &["`Sandbox`", "`sandbox`"]),
        ("", "tset", &["`tset`", "ACCTQ_PROFILE", "`test`"]),
        // What has not the form of a name is not repeated.
        (&format!("-p {TOKEN}/y"), "", &["--profile"]),
        ("", "", &["-p", "ACCTQ_PROFILE", "default_profile"]),
    ] {
        let ended = home.acctq(&format!("get cacc_1 -o json {args}")).env("ACCTQ_PROFILE", variable).run();
        refused(&ended, Some(&path), None);
        ended.fails(3, says).fails(3, &names);
    }
    let path = home.config(format!("# a comment\ndefault_profile = \"tset\"\n{config}"));
    for line in ["get cacc_1", "get cacc_1 -p test"] {
        let ended = home.acctq(&format!("{line} -o json")).run();
        refused(&ended, Some(&path), Some(2));
        ended.fails(3, &["`tset`", "`test`"]);
    }
}

#[test]
fn base_urls_that_lead_elsewhere_are_refused() {
    let home = Home::new();
    // `T` stands for the token.
    let urls = "https://u:T@api.example.com https://api.example.com?x=T https://api.example.com/#T http://api.example.com \
         https://api.example.com/../x https://api.example.com/api/v1 https://api.example.com/eu/api/v1/connected-accounts/ \
         https://api.example.com/api/v1/partners https://api.example.com/API/V1/";
    for url in urls.split_whitespace() {
        let url = url.replace('T', TOKEN);
        let path = home.config(profile("test", &url, TOKEN));
        let ended = home.acctq("get cacc_1 -p test -o json").run();
        refused(&ended, Some(&path), Some(2));
        ended.fails(3, &["base_url"]);
        home.config("");
        let run = home.acctq("get cacc_1").env("ACCTQ_CONNECT_URL", &url).env("ACCTQ_CONNECT_TOKEN", TOKEN);
        run.run().fails(3, &["ACCTQ_CONNECT_URL"]);
    }
}

#[test]
fn a_trailing_slash_and_a_path_prefix_work() {
    let wire = server();
    let home = Home::new();
    let localhost = wire.url().replace("127.0.0.1", "LocalHost");
    for suffix in ["", "/", "//", "/billing/eu", "/billing/eu/"] {
        home.profile(&format!("{localhost}{suffix}"));
        home.acctq(LOOK_UP).run().prints(FOUND);
        let prefix = suffix.trim_end_matches('/');
        let asked = format!("GET {prefix}/api/v1/connected-accounts/cacc_1 HTTP/1.1\r\n");
        let last = wire.requests().pop().unwrap();
        assert!(last.starts_with(&asked), "{last}");
    }
}

#[test]
fn init_writes_a_template_that_only_the_user_can_read_and_never_over_anything() {
    let home = Home::new();
    let (path, dir) = (home.config_path(), home.path());
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    let init = |args: &str| home.acctq(&format!("config init {args}")).run();
    assert_eq!(init("").stdout, format!("{}\n", path.display()));
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let template = fs::read_to_string(&path).unwrap();
    assert_eq!(template, include_str!("../../config.example.toml"));
    home.acctq("config show").run().fails_nothing();

    home.config("# mine");
    init("").fails(3, &[path.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine");
    // Not through a link either, be it dangling.
    fs::remove_file(&path).unwrap();
    symlink(dir.join("target"), &path).unwrap();
    init("").fails(3, &[path.to_str().unwrap()]);
    assert!(!dir.join("target").exists());

    let named = dir.join("a/b/c.toml");
    init("-q --config a/b/c.toml").prints(&format!("{}\n", named.display()));
    assert_eq!((mode(&named), mode(&dir.join("a"))), (0o600, 0o700));
    // What is to be done next works as it stands.
    let next = "acctq --config e.toml config show";
    let ended = init("--config e.toml");
    assert!(ended.stderr.contains(next), "{ended:#?}");
    home.shell(next).run().fails_nothing();
    // `~/` is the home, if the shell has not replaced it; and a report is written nowhere else.
    let suite = "version = 1\n[[check]]\nname = \"a\"\nid = \"ending\"\nexpect = \"not_found\"\n";
    home.file("suite.toml", suite, 0o600);
    let there = home.path().join(".config/acctq");
    let run = home.acctq("-p sandbox check --suite=~/suite.toml --report-junit=~/report.xml").dir(&there);
    assert_eq!(run.run().code, 10);
    assert!(home.path().join("report.xml").is_file() && !there.join("~").exists());
    init("-q --config=~/d.toml").prints(&format!("{}\n", home.path().join("d.toml").display()));
    let ended = home.acctq("config path").env("ACCTQ_CONFIG", "~/d.toml").run();
    ended.prints(&format!("{}\n", home.path().join("d.toml").display()));
    // A file stands where a folder must be.
    init("--config e.toml/x.toml").fails(1, &["e.toml/x.toml"]);
}

impl Ended {
    /// Asserts a success, whatever it prints, and silence on standard error.
    #[track_caller]
    fn fails_nothing(&self) {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:#?}");
    }
}
