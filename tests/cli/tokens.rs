//! Where bearer tokens come from, and where they never go.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::config::{FOUND, LOOK_UP, account, bearers, server};
use super::harness::{Ended, Home, Leash, Run, TOKEN};
use super::http::{at, certified, facts, free_port, has, rows};
use super::wire::{Wire, json, response};

const PATH: &str = "/usr/bin:/bin";

/// A configuration whose token comes from this source.
fn with_source(wire: &Wire, source: &str) -> String {
    let url = wire.url();
    format!("default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\n{source}\n")
}

/// A `token_command` that runs this script, which has no `'''` in it.
fn script(text: &str) -> String {
    format!("token_command = [\"/bin/sh\", \"-c\", '''{text}''']")
}

/// The script as it must not stand in a variable or a message: the token in two pieces.
pub const PRINT: &str = "printf '%s%s' canary-bearer -7f3a9c";

/// Runs a look-up for which this script prints the token.
pub fn helped(home: &Home, wire: &Wire, text: &str) -> Run {
    home.config(with_source(wire, &script(text)));
    home.acctq(LOOK_UP).env("PATH", PATH)
}

/// Asserts a failure that names all of `says`, without any connection.
#[track_caller]
fn refused(ended: &Ended, wire: &Wire, code: i32, says: &[&str]) -> serde_json::Value {
    let error = ended.fails(code, says).error();
    let name = if code == 3 { "config" } else { "auth" };
    assert_eq!(facts(&error, "code id api profile status"), format!("{name} cacc_1 connect test null"));
    assert_eq!(wire.connections(), 0);
    error
}

#[test]
fn one_final_line_end_is_stripped() {
    for end in ["", "\n", "\r\n"] {
        let (wire, home) = (server(), Home::new());
        let (token, escaped) = (format!("{TOKEN}{end}"), end.escape_default());
        home.config(with_source(&wire, "token_file = \"t\""));
        home.file(home.config_path().with_file_name("t"), &token, 0o600);
        home.acctq(LOOK_UP).run().prints(FOUND);
        home.acctq(LOOK_UP).env("ACCTQ_CONNECT_TOKEN", &token).run().prints(FOUND);
        helped(&home, &wire, &format!("{PRINT}; printf '{escaped}'")).run().prints(FOUND);
        home.config(with_source(&wire, &format!("token = \"{TOKEN}{escaped}\"")));
        home.acctq(LOOK_UP).run().prints(FOUND);
        assert_eq!(bearers(&wire), [TOKEN; 4]);
    }
}

#[test]
fn what_is_no_token_is_refused_before_any_socket_and_never_shown() {
    let long = format!("T{}", "x".repeat(8 * 1024));
    for (number, text) in rows! {
        "T\n\n"; "T\r\n\r\n"; "T\nT"; "T\rT"; "T\r"; "T\r\nX-Injected: T"; "T\tT"; "T "; "T T"; "T\0T"; "Tä"; "\u{feff}T";
        "T\x1b[0m"; ""; &*long; "Bearer T"; "bearer T"; "\"T\""; "'T'";
    }
    .into_iter()
    .enumerate()
    {
        let text = text.replace('T', TOKEN);
        let (wire, home) = (server(), Home::new());
        let path = home.config(with_source(&wire, "token_file = \"t\""));
        let file = home.file(path.with_file_name("t"), &text, 0o600);
        let shown = file.to_str().unwrap();
        let error = refused(&home.acctq(LOOK_UP).run(), &wire, 4, &[shown]);
        assert_eq!(error["file"], shown);

        home.config(with_source(&wire, &format!("token_command = [\"cat\", \"{shown}\"]")));
        refused(&home.acctq(LOOK_UP).env("PATH", PATH).run(), &wire, 4, &["cat"]);

        let hex = |c: char| format!("\\U{:08x}", u32::from(c));
        let escaped: String = text.chars().map(hex).collect();
        let path = home.config(with_source(&wire, &format!("token = \"{escaped}\"")));
        let error = refused(&home.acctq(LOOK_UP).run(), &wire, 4, &[]);
        assert_eq!(facts(&error, "file line"), format!("{} 4", path.display()));

        // One line end at the end of a variable is no part of it: a lone CR neither.
        if !text.contains('\0') && text != format!("{TOKEN}\r") {
            home.config(with_source(&wire, "token_env = \"MINE\""));
            let name = ["ACCTQ_CONNECT_TOKEN", "MINE"][number % 2];
            // No other source is tried, be it there.
            let run = home.acctq(LOOK_UP).env("MINE", TOKEN).env(name, &text);
            refused(&run.run(), &wire, 4, &[name]);
        }
    }
}

#[test]
fn a_token_in_a_mistake_is_not_repeated_in_whole_or_in_part() {
    // Long, and of parts that look like nothing: a message would cut it, or take it apart.
    const LONG: &str = "tango-victor.whiskey-x|xray-yankee=zulu-alpha.bravo-charlie.delta-echo.foxtrot-golf";
    let home = Home::new();
    let at = "base_url = \"http://127.0.0.1:1\"";
    let literal = format!("token = \"{LONG}\"");
    let expectation = format!("status={LONG}");
    let suite = format!("version = 1\n[[check]]\nname = \"a\"\nid = \"cacc_1\"\nexpect = '{expectation}'\n");
    home.file("suite.toml", suite, 0o600);
    for (source, variable) in [(&*literal, "OTHER"), ("token_env = \"MINE\"", "MINE"), ("", "ACCTQ_PARTNER_TOKEN")] {
        home.config(format!("[profiles.test.connect]\n{at}\n{source}\n"));
        for (args, stdin) in [
            (&["check", "cacc_1", "--expect", &expectation][..], ""),
            (&["wait", "cacc_1", "--for", &expectation], ""),
            (&["cacc", "list", "--where", LONG], ""),
            (&["-p", "sandbox", "cacc", "list", "--sort", LONG], ""),
            (&["-p", "sandbox", "get", "cacc_activestandard", "-F", &format!("metadata.a,{LONG}")], ""),
            (&["get", "cacc_activestandard", "-F", &format!("..{LONG}")], ""),
            (&["check", "--suite", "suite.toml"], ""),
            (&["cacc", "get", LONG], ""),
            (&["cacc", "get", LONG, LONG], ""),
            (&["-p", "test", "cacc", "get", "-"], LONG),
            (&["get", "cacc_1", &format!("--{LONG}")], ""),
            (&["get", "cacc_1", "--timeout", LONG], ""),
        ] {
            let run = home.acctq_args(args).env(variable, LONG).stdin(stdin);
            let ended = run.run();
            let part = ["tango", "victor", "whiskey", "xray", "zulu"].iter().find(|part| ended.stderr.contains(**part));
            assert_eq!((ended.code, part), (2, None), "{args:?} {ended:#?}");
        }
    }
    // A word of the configuration, and the name of a profile.
    home.config("[profiles.test.connect]\ntango-victor = 1\n");
    for args in ["cacc get cacc_1", "-p test config show", "-p tango-victor config show"] {
        let ended = home.acctq(args).env("ACCTQ_CONNECT_TOKEN", "tango-victor").run();
        let is_told = [&ended.stdout, &ended.stderr].iter().any(|text| text.contains("tango"));
        assert_eq!((ended.code, is_told), (3, false), "{ended:#?}");
    }
}

#[test]
fn a_variable_that_is_unset_or_empty() {
    let (wire, home) = (server(), Home::new());
    let path = home.config(with_source(&wire, "token_env = \"MINE\""));
    let place = format!("{}:4", path.display());
    refused(&home.acctq(LOOK_UP).run(), &wire, 4, &["MINE", &place]);
    for (empty, other) in [("MINE", "OTHER"), ("ACCTQ_CONNECT_TOKEN", "MINE")] {
        let run = home.acctq(LOOK_UP).env(empty, "").env(other, TOKEN);
        refused(&run.run(), &wire, 4, &[empty]);
    }
    // The token itself where a name belongs: it could be one, so it is not repeated.
    let pasted = TOKEN.replace('-', "_");
    home.config(with_source(&wire, &format!("token_env = \"{pasted}\"")));
    let ended = home.acctq(LOOK_UP).run();
    refused(&ended, &wire, 4, &["token_env", &place]);
    assert!(!ended.stderr.contains(&pasted), "{ended:#?}");
}

#[test]
fn token_files() {
    let (wire, home) = (server(), Home::new());
    let path = home.config(with_source(&wire, "token_file = \"t\""));
    let file = path.with_file_name("t");
    let shown = file.to_str().unwrap();
    let fails = |code: i32| {
        let error = refused(&home.acctq(LOOK_UP).run(), &wire, code, &[shown]);
        assert_eq!(error["file"], shown);
        error["hint"].as_str().unwrap_or_default().to_owned()
    };
    fails(4);
    symlink("nowhere", &file).unwrap();
    fails(4);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    fails(4);
    fs::remove_dir(&file).unwrap();
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    fails(4);
    home.file(&file, format!("{TOKEN}{}", "x".repeat(1 << 20)), 0o600);
    fails(4);
    home.file(&file, TOKEN, 0o644);
    let hint = fails(3);
    home.shell(hint.split('`').nth(1).unwrap()).run().prints("");
    home.acctq(LOOK_UP).run().prints(FOUND);

    // `~/` is the home, and a relative path starts at the configuration, not at the current directory.
    home.file("in-home", TOKEN, 0o600);
    for name in ["~/in-home", "t"] {
        home.config(with_source(&wire, &format!("token_file = \"{name}\"")));
        home.acctq(LOOK_UP).dir(Path::new("/")).run().prints(FOUND);
    }
    let (wire, home) = (server(), Home::new());
    let path = home.config(with_source(&wire, "token_file = \"t\""));
    let file = home.file(path.with_file_name("t"), TOKEN, 0o000);
    refused(&home.acctq(LOOK_UP).by_ordinary_user(&home).run(), &wire, 4, &[file.to_str().unwrap()]);
}

#[test]
fn helpers_that_fail() {
    let sh = |text: &str| script(&format!("{PRINT}; {PRINT} >&2; {text}"));
    let home = Home::new();
    let program = |name: &str, mode: u32| {
        let path = home.file(name, "no script\n", mode);
        format!("token_command = [\"{}\"]", path.display())
    };
    for (source, fact) in rows! {
        "token_command = [\"no-such-program\", \"<token>\"]".to_owned(), "no-such-program";
        "token_command = [\"op read --secret <token>\"]".to_owned(), "token_command";
        program("plain", 0o600), "plain"; program("blank", 0o700), "blank";
        sh("exit 3"), "3"; sh("kill -9 $$"), "9"; sh("kill -15 $$"), "15";
        script("yes canary-bearer-7f3a9c"), "sh"; script("head -c 1073741824 /dev/zero"), "sh";
        script("echo canary-bearer-7f3a9c >&2"), "sh";
        // It is no shell.
        "token_command = [\"echo\", \"$(touch ran) ; touch ran\"]".to_owned(), "echo";
    } {
        let wire = server();
        home.config(with_source(&wire, &source.replace("<token>", TOKEN)));
        let error = refused(&home.acctq(LOOK_UP).env("PATH", PATH).run(), &wire, 4, &[fact]);
        assert_eq!(error["line"], 4, "{error}");
        home.acctq("get cacc_1 -v").env("PATH", PATH).run().fails(4, &[fact]);
    }
    assert!(!home.path().join("ran").exists());
    // A relative path starts at the configuration, not at the current directory.
    let wire = server();
    let checkout = home.path().join("checkout");
    fs::create_dir(&checkout).unwrap();
    home.file(checkout.join("helper"), "#!/bin/sh\ntouch ran\n", 0o700);
    home.config(with_source(&wire, "token_command = [\"./helper\"]"));
    refused(&home.acctq(LOOK_UP).dir(&checkout).run(), &wire, 4, &["helper"]);
    assert!(!checkout.join("ran").exists());
}

#[test]
fn a_helper_is_ended_with_all_that_it_has_started() {
    for (script, succeeds) in rows! {
        "sleep 1000 & sleep 1000", false;
        "trap '' TERM INT HUP; (trap '' TERM; sleep 1000; sleep 1000) & wait; sleep 1000", false;
        "cat /dev/zero >/dev/null", false;
        // What it leaves behind may still print part of the token.
        "(sleep 1000; sleep 1000) & printf canary-", false;
        &format!("sleep 1000 >/dev/null & {PRINT}"), true;
    } {
        // On a busy machine the helper may not have begun when its time is over.
        for timeout in ["300ms", "1s", "5s", "30s"] {
            let (wire, home) = (server(), Home::new());
            let leash = Leash::new(&home);
            let begins = format!("exec 3>'{}'; echo begun >&3;", leash.path().display());
            let run = helped(&home, &wire, &format!("{begins} {script}"));
            let ended = run.arg("--timeout").arg(if succeeds { "30s" } else { timeout }).run();
            if succeeds {
                ended.prints(FOUND);
            } else {
                refused(&ended, &wire, 4, &["sh"]);
            }
            match leash.end().as_str() {
                "begun\n" => break,
                other => assert!(other.is_empty() && timeout != "30s", "{other} {timeout}"),
            }
        }
    }
}

#[test]
fn a_helper_gets_no_input_and_none_of_our_tokens() {
    let (wire, home) = (server(), Home::new());
    let text = format!(
        "if read line; then exit 9; fi; env | grep canary && exit 8; test \"$OP_ACCOUNT\" = kept || exit 7; \
         test \"$ACCTQ_PROFILE\" = test || exit 6; {PRINT}"
    );
    let source = format!(
        "{}\n[profiles.test.partner]\nbase_url = \"{}\"\ntoken_env = \"PARTNER_TEST_TOKEN\"\n\
         [profiles.prod.connect]\ntoken_env = \"CONNECT_PROD_TOKEN\"\n",
        script(&text),
        wire.url()
    );
    home.config(with_source(&wire, &source));
    // With an explicit profile the token of this very API is set aside, and withheld all the same.
    for (flag, token) in rows! {
        "", "ACCTQ_PARTNER_TOKEN"; "-p test", "ACCTQ_CONNECT_TOKEN";
    } {
        let run = home.acctq(&format!("{LOOK_UP} {flag}")).env("PATH", PATH);
        let tokens = [token, "PARTNER_TEST_TOKEN", "CONNECT_PROD_TOKEN"];
        let run = run.envs(&tokens.map(|name| (name, TOKEN)));
        let run = run.env("ACCTQ_PROFILE", "test").env("OP_ACCOUNT", "kept");
        run.stdin("a line\nand another\n").run().prints(FOUND);
    }
    assert_eq!(bearers(&wire), [TOKEN; 2]);
}

#[test]
fn a_helper_is_asked_once_for_several_ids() {
    let wire = Wire::answers(response("404 Not Found", "", ""));
    let home = Home::new();
    let asked = home.path().join("asked");
    let text = format!("echo asked >>'{}'; {PRINT}", asked.display());
    let run = helped(&home, &wire, &text).arg("cacc_2").arg("cacc_3");
    run.run().fails(5, &["cacc_1", "cacc_2", "cacc_3"]);
    assert_eq!(fs::read_to_string(asked).unwrap(), "asked\n");
    assert_eq!(bearers(&wire), [TOKEN; 3]);
}

/// The files below the home.
fn files(home: &Home) -> String {
    home.shell("/usr/bin/find . | /usr/bin/sort").run().stdout
}

#[test]
fn no_variable_makes_it_tell_or_keep_more() {
    let (ca, config) = certified("a CA");
    let tls = Wire::tls(config, json(&account("cacc_1")));
    let (plain, garbage) = (server(), Wire::answers("garbage\r\n\r\n"));
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    for (url, code) in rows! {
        tls.url(), 0; plain.url(), 0; garbage.url(), 9; &*nowhere, 7;
    } {
        let home = at(url);
        let ca = home.file("ca.pem", &ca, 0o600);
        let before = files(&home);
        for args in ["-vvv", "-vvv -o json", "-v --retries 0"] {
            let get = home.acctq(&format!("cacc get cacc_1 {args}"));
            let get = get.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
            let get = get.env("SSLKEYLOGFILE", home.path().join("keys"));
            let ended = get.env("SSL_CERT_FILE", &ca).run();
            assert_eq!((ended.code, ended.stdout.is_empty()), (code, code != 0));
            has(&ended.stderr, &["/connected-accounts/cacc_1"], &[]);
        }
        assert_eq!(files(&home), before);
    }
}
