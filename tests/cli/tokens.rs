//! Where bearer tokens come from, and where they never go.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use super::config::{FOUND, LOOK_UP, account, bearers, server};
use super::harness::{Ended, Home, Leash, Run, TOKEN};
use super::wire::{Wire, json};

/// A configuration whose token comes from this source.
fn with_source(wire: &Wire, source: &str) -> String {
    format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\n{source}\n",
        wire.url()
    )
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
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    home.acctq(LOOK_UP).env("PATH", path)
}

/// Asserts a JSON failure of this message, without any connection.
#[track_caller]
fn refused(ended: &Ended, wire: &Wire, code: i32, message: &str) -> serde_json::Value {
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (code, ""),
        "{ended:#?}"
    );
    let error = ended.error();
    assert_eq!(error["message"], message);
    assert_eq!(
        (&error["id"], &error["api"], &error["profile"]),
        (&"cacc_1".into(), &"connect".into(), &"test".into())
    );
    assert_eq!(wire.connections(), 0);
    error
}

#[test]
fn one_final_line_end_is_stripped() {
    for end in ["", "\n", "\r\n"] {
        let wire = server();
        let home = Home::new();
        home.config(with_source(&wire, "token_file = \"t\""));
        home.file(
            home.config_path().with_file_name("t"),
            format!("{TOKEN}{end}"),
            0o600,
        );
        home.acctq(LOOK_UP).run().prints(FOUND);
        let text = format!("{PRINT}; printf '{}'", end.escape_default());
        helped(&home, &wire, &text).run().prints(FOUND);
        let written = format!("{TOKEN}{}", end.escape_default());
        home.config(with_source(&wire, &format!("token = \"{written}\"")));
        home.acctq(LOOK_UP).run().prints(FOUND);
        home.acctq(LOOK_UP)
            .env("ACCTQ_CONNECT_TOKEN", format!("{TOKEN}{end}"))
            .run()
            .prints(FOUND);
        assert_eq!(bearers(&wire), [TOKEN; 4]);
    }
}

#[test]
fn what_is_no_token_is_refused_before_any_socket_and_never_shown() {
    let long = format!("{TOKEN}{}", "x".repeat(8 * 1024));
    let in_quotes = "is in quotes: it must be given without quotes";
    let bearer = "begins with Bearer: it must be given without the word Bearer";
    for (text, words) in [
        ("T\n\n", "has a line break in it"),
        ("T\r\n\r\n", "has a line break in it"),
        ("T\nT", "has a line break in it"),
        ("T\rT", "has a line break in it"),
        ("T\r", "has a line break in it"),
        ("T\r\nX-Injected: T", "has a line break in it"),
        ("T\tT", "has a tab in it"),
        ("T ", "has a space in it"),
        ("T T", "has a space in it"),
        ("T\0T", "has a NUL in it"),
        ("Tä", "has a character in it that is not ASCII"),
        ("\u{feff}T", "has a character in it that is not ASCII"),
        ("T\x1b[0m", "has a control character in it"),
        ("", "is empty"),
        (&long, "is longer than 8 KiB"),
        ("Bearer T", bearer),
        ("bearer T", bearer),
        ("\"T\"", in_quotes),
        ("'T'", in_quotes),
    ] {
        let text = text.replace('T', TOKEN);
        let wire = server();
        let home = Home::new();
        let path = home.config(with_source(&wire, "token_file = \"t\""));
        let file = home.file(path.with_file_name("t"), &text, 0o600);
        let error = refused(
            &home.acctq(LOOK_UP).run(),
            &wire,
            4,
            &match words {
                // It is read no further.
                "is longer than 8 KiB" => format!("token file {} {words}", file.display()),
                _ => format!("the token in file {} {words}", file.display()),
            },
        );
        assert_eq!(error["file"].as_str(), file.to_str());

        // A helper that prints the same.
        let cat = format!("token_command = [\"cat\", \"{}\"]", file.display());
        home.config(with_source(&wire, &cat));
        let message = format!("the token that command `cat` printed {words}");
        let ended = home.acctq(LOOK_UP).env("PATH", "/usr/bin:/bin").run();
        refused(&ended, &wire, 4, &message);

        let escaped = text.chars().fold(String::new(), |escaped, c| {
            escaped + &format!("\\U{:08x}", u32::from(c))
        });
        let path = home.config(with_source(&wire, &format!("token = \"{escaped}\"")));
        let message = format!("the token in {}:4 {words}", path.display());
        let error = refused(&home.acctq(LOOK_UP).run(), &wire, 4, &message);
        assert_eq!(
            (error["file"].as_str(), error["line"].as_u64()),
            (path.to_str(), Some(4))
        );

        if !text.contains('\0') && !text.is_empty() {
            let message = format!("the token in variable ACCTQ_CONNECT_TOKEN {words}");
            let ended = home.acctq(LOOK_UP).env("ACCTQ_CONNECT_TOKEN", &text).run();
            refused(&ended, &wire, 4, &message);
            home.config(with_source(&wire, "token_env = \"MINE\""));
            let message = format!("the token in variable MINE {words}");
            refused(
                &home.acctq(LOOK_UP).env("MINE", &text).run(),
                &wire,
                4,
                &message,
            );
        }
    }
    // 8 KiB are fine.
    let wire = server();
    let home = Home::new();
    let longest = "x".repeat(8 * 1024);
    home.config(with_source(&wire, "token_env = \"MINE\""));
    home.acctq(LOOK_UP)
        .env("MINE", &longest)
        .run()
        .prints(FOUND);
    assert_eq!(bearers(&wire), [longest]);
}

#[test]
fn a_variable_that_is_unset_or_empty_is_the_end_of_it() {
    let wire = server();
    let home = Home::new();
    let path = home.config(with_source(&wire, "token_env = \"MINE\""));
    let error = refused(
        &home.acctq(LOOK_UP).run(),
        &wire,
        4,
        "variable MINE is not set",
    );
    let hint = format!(
        "{}:4 says that it holds the token; `token_env` takes a variable's name, not the token itself",
        path.display()
    );
    assert_eq!(error["hint"], hint);
    let ended = home.acctq(LOOK_UP).env("MINE", "").run();
    refused(&ended, &wire, 4, "variable MINE is set but empty");
    // No other source is tried, be it there.
    let ended = home
        .acctq(LOOK_UP)
        .env("MINE", TOKEN)
        .env("ACCTQ_CONNECT_TOKEN", "")
        .run();
    refused(&ended, &wire, 4, "ACCTQ_CONNECT_TOKEN is set but empty");
    home.acctq(LOOK_UP).env("MINE", TOKEN).run().prints(FOUND);

    // The token itself where a name belongs: it could be one, so it is not repeated.
    let wire = server();
    let pasted = TOKEN.replace('-', "_");
    let path = home.config(with_source(&wire, &format!("token_env = \"{pasted}\"")));
    let message = format!(
        "the variable that `token_env` names in {}:4 is not set",
        path.display()
    );
    let ended = home.acctq(LOOK_UP).run();
    refused(&ended, &wire, 4, &message);
    assert!(!ended.stderr.contains(&pasted), "{ended:#?}");
}

#[test]
fn token_files() {
    let wire = server();
    let home = Home::new();
    let path = home.config(with_source(&wire, "token_file = \"t\""));
    let file = path.with_file_name("t");
    let failing = |code: i32, words: &str| {
        let error = refused(&home.acctq(LOOK_UP).run(), &wire, code, words);
        assert_eq!(error["file"].as_str(), file.to_str());
        error["hint"].as_str().unwrap_or_default().to_owned()
    };
    let shown = file.display();
    failing(4, &format!("token file {shown} does not exist"));
    std::os::unix::fs::symlink("nowhere", &file).unwrap();
    failing(
        4,
        &format!("token file {shown} is a link to something that does not exist"),
    );
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    failing(4, &format!("token file {shown} is a directory"));
    fs::remove_dir(&file).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    failing(4, &format!("token file {shown} is not a regular file"));
    home.file(&file, format!("{TOKEN}{}", "x".repeat(1 << 20)), 0o600);
    failing(4, &format!("token file {shown} is longer than 8 KiB"));
    home.file(&file, TOKEN, 0o644);
    let hint = failing(
        3,
        &format!("{shown} can be read by others (everybody), and it holds a token"),
    );
    assert_eq!(hint, format!("run `chmod 600 {shown}`"));
    let command = hint.split('`').nth(1).unwrap();
    assert!(
        Command::new("sh")
            .args(["-c", command])
            .status()
            .unwrap()
            .success()
    );
    home.acctq(LOOK_UP).run().prints(FOUND);

    // `~/` is the home, and what is relative starts at the configuration, not where somebody stands.
    home.file("in-home", TOKEN, 0o600);
    home.config(with_source(&wire, "token_file = \"~/in-home\""));
    home.acctq(LOOK_UP).dir(Path::new("/")).run().prints(FOUND);
    home.config(with_source(&wire, "token_file = \"t\""));
    home.acctq(LOOK_UP).dir(Path::new("/")).run().prints(FOUND);
}

#[test]
fn a_token_file_that_this_user_may_not_read() {
    let wire = server();
    let home = Home::new();
    let path = home.config(with_source(&wire, "token_file = \"t\""));
    let file = home.file(path.with_file_name("t"), TOKEN, 0o000);
    let message = format!("token file {} may not be read by this user", file.display());
    let ended = home.acctq(LOOK_UP).by_ordinary_user(&home).run();
    let error = refused(&ended, &wire, 4, &message);
    assert_eq!(error["file"].as_str(), file.to_str());
}

#[test]
fn helpers_that_fail() {
    let loud = format!("{PRINT}; {PRINT} >&2;");
    let by_hand = "run it by hand to see what it says: its output is not shown here, as it may hold the token";
    let sh = |text: &str| script(&format!("{loud} {text}"));
    let home = Home::new();
    let plain = home.file("plain", "#!/bin/sh\n", 0o600);
    let plain = format!("token_command = [\"{}\"]", plain.display());
    let blank = home.file("blank", "no script\n", 0o700);
    for (source, message, hint) in [
        (
            "token_command = [\"no-such-program\", \"<token>\"]",
            "command `no-such-program` was not found, or the interpreter that its first line names",
            "is it installed and on PATH? `token_command` is a list: the program, then each argument by itself",
        ),
        (
            "token_command = [\"op read --secret <token>\"]",
            "the program of `token_command` was not found, or the interpreter that its first line names",
            "is it installed and on PATH? `token_command` is a list: the program, then each argument by itself",
        ),
        (
            &plain,
            "command `plain` is not executable",
            "`chmod +x` makes a script executable",
        ),
        (
            &format!("token_command = [\"{}\"]", blank.display()),
            "command `blank` could not be started: Exec format error (os error 8)",
            "a script needs a first line such as #!/bin/sh",
        ),
        #[cfg(target_os = "linux")]
        (
            &format!("token_command = [\"true\", \"{}\"]", "x".repeat(256 * 1024)),
            "command `true` could not be started: Argument list too long (os error 7)",
            "is a limit on processes, memory or open files reached? `ulimit -a` shows them",
        ),
        (
            &sh("exit 3"),
            "command `sh` failed with exit status 3",
            by_hand,
        ),
        (
            &sh("kill -9 $$"),
            "command `sh` was killed by signal 9",
            by_hand,
        ),
        (
            &sh("kill -15 $$"),
            "command `sh` was killed by signal 15",
            by_hand,
        ),
        (
            &script("yes canary-bearer-7f3a9c"),
            "command `sh` printed more than 64 KiB, which is no token, and was ended",
            "it must print the token and nothing else",
        ),
        (
            &script("head -c 1073741824 /dev/zero"),
            "command `sh` printed more than 64 KiB, which is no token, and was ended",
            "it must print the token and nothing else",
        ),
        (
            &script(":"),
            "the token that command `sh` printed is empty",
            "",
        ),
        (
            &script("echo canary-bearer-7f3a9c >&2"),
            "the token that command `sh` printed is empty",
            "",
        ),
    ] {
        let wire = server();
        home.config(with_source(&wire, &source.replace("<token>", TOKEN)));
        let run = home.acctq(LOOK_UP).env("PATH", "/usr/bin:/bin");
        let error = refused(&run.run(), &wire, 4, message);
        assert_eq!(error["hint"].as_str().unwrap_or_default(), hint);
        let ended = home
            .acctq("get cacc_1 -v")
            .env("PATH", "/usr/bin:/bin")
            .run();
        ended.fails(4, &[&format!("error: {message}\n"), hint]);
    }
}

#[test]
fn a_helper_that_hangs_is_ended_with_all_that_it_has_started() {
    for hanging in [
        "sleep 1000 & sleep 1000",
        "trap '' TERM INT HUP; (trap '' TERM; sleep 1000; sleep 1000) & wait; sleep 1000",
        "cat /dev/zero >/dev/null",
    ] {
        // On a machine that is busy, the helper may not have begun when its time is over.
        for timeout in ["300ms", "1s", "5s", "30s"] {
            let wire = server();
            let home = Home::new();
            let leash = Leash::new(&home);
            let text = format!(
                "exec 3>'{}'; echo begun >&3; {hanging}",
                leash.path().display()
            );
            helped(&home, &wire, &text);
            let ended = home
                .acctq(&format!("{LOOK_UP} --timeout {timeout}"))
                .env("PATH", "/usr/bin:/bin")
                .run();
            ended.fails(
                4,
                &["command `sh` did not finish within ", " s and was ended"],
            );
            assert_eq!(wire.connections(), 0);
            match leash.end().as_str() {
                "begun\n" => break,
                other => assert!(other.is_empty() && timeout != "30s", "{other} {timeout}"),
            }
        }
    }
}

#[test]
fn what_a_helper_leaves_behind_is_ended_too() {
    let wire = server();
    let home = Home::new();
    let leash = Leash::new(&home);
    // The grandchild keeps the pipe that the token comes through.
    let text = format!(
        "exec 3>'{}'; echo begun >&3; (sleep 1000; sleep 1000) & {PRINT}",
        leash.path().display()
    );
    helped(&home, &wire, &text).run().prints(FOUND);
    assert_eq!(bearers(&wire), [TOKEN]);
    assert_eq!(leash.end(), "begun\n");
}

#[test]
fn part_of_a_token_is_not_used() {
    let wire = server();
    let home = Home::new();
    let leash = Leash::new(&home);
    // What it has started goes on with the token, for longer than is waited for.
    let text = format!(
        "exec 3>'{}'; echo begun >&3; (while printf x; do sleep 0.02; done) & {PRINT}",
        leash.path().display()
    );
    let error = refused(
        &helped(&home, &wire, &text)
            .env("PATH", "/usr/bin:/bin")
            .run(),
        &wire,
        4,
        "command `sh` ended, but its output did not: what it has started goes on printing",
    );
    assert_eq!(
        error["hint"],
        "it must print the whole token before it ends; part of a token is not used"
    );
    assert_eq!(leash.end(), "begun\n");
}

#[test]
fn a_helper_gets_no_input_and_none_of_our_tokens() {
    let wire = server();
    let home = Home::new();
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
    home.acctq(LOOK_UP)
        .env("PATH", "/usr/bin:/bin")
        .env("ACCTQ_PARTNER_TOKEN", TOKEN)
        .env("ACCTQ_PROFILE", "test")
        .env("PARTNER_TEST_TOKEN", TOKEN)
        .env("CONNECT_PROD_TOKEN", TOKEN)
        .env("OP_ACCOUNT", "kept")
        .stdin("a line\nand another\n")
        .run()
        .prints(FOUND);
    assert_eq!(bearers(&wire), [TOKEN]);

    // With an explicit profile the token of this very API is set aside, and withheld all the same.
    home.acctq(&format!("{LOOK_UP} -p test"))
        .env("PATH", "/usr/bin:/bin")
        .env("ACCTQ_CONNECT_TOKEN", TOKEN)
        .env("ACCTQ_PROFILE", "test")
        .env("OP_ACCOUNT", "kept")
        .run()
        .prints(FOUND);
}

#[test]
fn a_helper_is_no_shell_and_not_found_from_where_somebody_stands() {
    let wire = server();
    let home = Home::new();
    let ran = home.path().join("ran");
    home.config(with_source(
        &wire,
        &format!(
            "token_command = [\"echo\", \"$(touch {}) ; touch ran\"]",
            ran.display()
        ),
    ));
    let ended = home.acctq(LOOK_UP).env("PATH", "/usr/bin:/bin").run();
    refused(
        &ended,
        &wire,
        4,
        "the token that command `echo` printed has a space in it",
    );
    assert!(!ran.exists());

    // A relative path starts at the configuration.
    let checkout = home.path().join("checkout");
    fs::create_dir(&checkout).unwrap();
    home.file(checkout.join("helper"), "#!/bin/sh\ntouch ran\n", 0o700);
    home.config(with_source(&wire, "token_command = [\"./helper\"]"));
    let ended = home.acctq(LOOK_UP).dir(&checkout).run();
    let message = "command `helper` was not found, or the interpreter that its first line names";
    refused(&ended, &wire, 4, message);
    assert!(!checkout.join("ran").exists());
}

#[test]
fn a_helper_is_asked_once_for_several_ids() {
    let wire = Wire::answers(super::wire::response("404 Not Found", "", ""));
    let home = Home::new();
    let asked = home.path().join("asked");
    let text = format!("echo asked >>'{}'; {PRINT}", asked.display());
    helped(&home, &wire, &text);
    let ended = home
        .acctq("cacc get cacc_1 cacc_2 cacc_3")
        .env("PATH", "/usr/bin:/bin")
        .run();
    ended.fails(5, &["cacc_1", "cacc_2", "cacc_3"]);
    assert_eq!(fs::read_to_string(asked).unwrap(), "asked\n");
    assert_eq!(bearers(&wire), [TOKEN; 3]);
}

/// Every file below the folder.
fn files(dir: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        }
        found.insert(path);
    }
}

/// A TLS server for `localhost` that has the account `cacc_1`, and its certificate as PEM.
fn tls_server() -> (String, String) {
    let cert = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(cert.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
                head.push(byte[0]);
            }
            // The client may have gone away already.
            let _ = stream.write_all(&json(&account("cacc_1")));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (format!("https://localhost:{port}"), cert.cert.pem())
}

#[test]
fn no_variable_makes_it_tell_or_keep_more() {
    let home = Home::new();
    let (url, certificate) = tls_server();
    let plain = server();
    let garbage = Wire::answers(b"garbage\r\n\r\n".to_vec());
    home.config("");
    home.file(
        home.config_path().with_file_name("ca.pem"),
        certificate,
        0o600,
    );
    for (url, code) in [
        (url.as_str(), 0),
        (plain.url(), 0),
        (garbage.url(), 9),
        ("http://127.0.0.1:1", 7),
    ] {
        home.config(format!(
            "[profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\nca_file = \"ca.pem\"\n"
        ));
        let mut before = BTreeSet::new();
        files(home.path(), &mut before);
        for args in [
            "-vvv",
            "-vvv -o json",
            "--verbose --verbose",
            "-v --retries 0",
        ] {
            let ended = home
                .acctq(&format!("-p test cacc get cacc_1 {args}"))
                .env("RUST_LOG", "trace")
                .env("RUST_BACKTRACE", "full")
                .env("RUST_LIB_BACKTRACE", "1")
                .env("SSLKEYLOGFILE", home.path().join("keys"))
                .run();
            assert_eq!(
                (ended.code, ended.stdout.is_empty()),
                (code, code != 0),
                "{ended:#?}"
            );
            assert!(
                ended.stderr.contains("/api/v1/connected-accounts/cacc_1"),
                "{ended:#?}"
            );
        }
        let mut after = BTreeSet::new();
        files(home.path(), &mut after);
        assert_eq!(before, after);
    }
    assert_eq!(bearers(&plain), [TOKEN; 4]);
}
