//! What a terminal changes, on a pseudo-terminal.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::{Home, Run};
use crate::wire::{Do, Wire, json, serves};

/// A terminal of that width: the side of who looks at it, and that of programs.
pub fn terminal(width: u16) -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap();
    let terminal = open(
        path.as_c_str(),
        OFlags::RDWR | OFlags::NOCTTY,
        Mode::empty(),
    )
    .unwrap();
    let size = Winsize {
        ws_row: 50,
        ws_col: width,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).unwrap();
    (File::from(master), File::from(terminal))
}

/// Runs the program with standard output and standard error on a terminal of that width; the exit code and what the
/// terminal was sent.
fn on_terminal(run: Run, width: u16) -> (Option<i32>, String) {
    let (mut master, terminal) = terminal(width);
    // Only the program holds the terminal's end then, which must close for the reader to see the end.
    let mut started = run.start_with(|command| {
        command
            .stdin(Stdio::null())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal)
    });
    let reader = thread::spawn(move || {
        let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
        // Linux ends a terminal that nobody holds any more with an error.
        while let Ok(length @ 1..) = master.read(&mut buffer) {
            sent.extend_from_slice(&buffer[..length]);
        }
        sent
    });
    let status = started.wait();
    let sent = String::from_utf8(reader.join().unwrap()).unwrap();
    (status.code(), sent.replace("\r\n", "\n"))
}

/// On a terminal that shows colour.
fn shown(home: &Home, args: &str, width: u16) -> String {
    let run = home.acctq(args).env("TERM", "xterm-256color");
    let (code, sent) = on_terminal(run, width);
    assert_eq!(code, Some(0), "{sent}");
    sent
}

fn without_bold(text: &str) -> String {
    text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "")
}

/// The widest line, in characters: only where each is one column wide.
fn widest(text: &str) -> usize {
    text.lines()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0)
}

#[test]
fn an_account_on_80_columns() {
    let expected = "\
UID               ending
Account type      F
Activation token  ••••••••  (--reveal shows it)
Domain            b5test.eu
Status            provisioned
Deployed members  5
Created           2023-01-23T15:55:58.000Z  (AGO)
Updated           2023-01-23T15:58:22.000Z  (AGO)
Ends              2099-12-31T23:59:59.000Z  (AGO)
";
    let sent = shown(&Home::new(), "-p sandbox get ending", 80);
    assert!(
        sent.lines()
            .all(|line| line.starts_with("\u{1b}[1m") && line.matches('\u{1b}').count() == 2),
        "{sent}"
    );
    let mut told = String::new();
    for line in without_bold(&sent).lines() {
        let (time, ago) = line.split_once("Z  (").unwrap_or((line, ""));
        told += time;
        if !ago.is_empty() {
            let right = if line.starts_with("Ends") {
                ago.starts_with("in ") && ago.ends_with(" years)")
            } else {
                ago.ends_with(" years ago)")
            };
            assert!(right, "{line}");
            told += "Z  (AGO)";
        }
        told += "\n";
    }
    assert_eq!(told, expected);
}

#[test]
fn several_accounts_keep_their_ids_whole() {
    let home = Home::new();
    let ids = "-p sandbox -q cacc get cacc_activestandard cacc_pendingexpress cacc_7n42DGM5Tflk9n8mt7Fhc7";
    let narrow = shown(&home, ids, 80);
    let header = "\u{1b}[1mID\u{1b}[0m                           \u{1b}[1mStatus\u{1b}[0m   \u{1b}[1mConnection type\u{1b}[0m  \u{1b}[1mCreated\u{1b}[0m\n";
    assert!(narrow.starts_with(header), "{narrow}");
    let narrow = without_bold(&narrow);
    assert!(widest(&narrow) <= 80, "{narrow}");
    for id in ids.split(' ').skip(5) {
        assert!(narrow.contains(&format!("\n{id} ")), "{narrow}");
    }
    // Where there is no room for both, a time says how long ago it is.
    assert_eq!(
        (
            narrow.matches(" years ago\n").count(),
            narrow.matches("2023-11-07").count()
        ),
        (3, 0),
        "{narrow}"
    );
    let wide = without_bold(&shown(&home, ids, 200));
    assert_eq!(
        (
            wide.lines().count(),
            wide.matches("2023-11-07T05:31:56Z  (").count()
        ),
        (4, 3),
        "{wide}"
    );
    assert!(widest(&wide) <= 200, "{wide}");
}

#[test]
fn a_pipe_has_neither_colour_nor_relative_times_nor_a_width() {
    let home = Home::new();
    home.acctq("-p sandbox partner account get ending ending -q")
        .env("TERM", "xterm-256color")
        .env("COLUMNS", "20")
        .run()
        .prints(
            "UID     Status       Account type  Ends\n\
             ending  provisioned  F             2099-12-31T23:59:59.000Z\n\
             ending  provisioned  F             2099-12-31T23:59:59.000Z\n",
        );
}

#[test]
fn documents_are_the_same_on_a_terminal() {
    let home = Home::new();
    for format in ["json", "yaml", "ndjson"] {
        for ids in ["ending", "ending entitled-family"] {
            let args = format!("-p sandbox get {ids} -o {format} -q");
            let piped = home.acctq(&args).run();
            let (code, sent) = on_terminal(home.acctq(&args).env("TERM", "xterm"), 20);
            piped.is(0, &sent, "");
            assert_eq!(code, Some(0));
        }
    }
}

#[test]
fn json_on_a_terminal_has_nothing_between_its_lines() {
    let home = Home::new();
    let account = |args: &str| home.acctq(&format!("-p sandbox {args} -q")).run().stdout;
    let indented = account("get ending -o json")
        .trim_end()
        .replace('\n', "\n  ");
    let line = account("get ending -o ndjson");
    let args = "-p sandbox get ending notfound ending -o";
    for (format, before, after) in [
        (
            "json",
            format!("[\n  {indented}\n{{\"error\":"),
            format!(",\n  {indented}\n]\n"),
        ),
        ("ndjson", format!("{line}{{\"error\":"), line.clone()),
    ] {
        // Many enough to be told how far it has come.
        let run = home.acctq(&format!("{args} {format} --jobs 1 -"));
        let (code, sent) = on_terminal(run.env("TERM", "xterm"), 80);
        assert_eq!(code, Some(5), "{sent}");
        let error = sent.strip_prefix(before.as_str());
        let (error, rest) = error.and_then(|rest| rest.split_once('\n')).expect(&sent);
        assert!(error.ends_with("}}"), "{sent}");
        assert_eq!(rest, after);
    }
}

#[test]
fn colour_is_only_where_it_may_be() {
    let home = Home::new();
    for (env, flags, colour) in [
        (&[("TERM", "xterm")][..], "", true),
        (&[("TERM", "dumb")], "", false),
        (&[], "", false),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], "", false),
        (&[("TERM", "xterm"), ("NO_COLOR", "")], "", true),
        (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], "", true),
        (&[("TERM", "xterm")], "--color never", false),
        (
            &[("TERM", "dumb"), ("NO_COLOR", "1")],
            "--color always",
            true,
        ),
    ] {
        // A table, a warning and an error.
        for (args, code) in [
            ("get drift -F nonsense", 2),
            ("get drift -F domain", 0),
            ("get gone", 5),
        ] {
            let run = home.acctq(&format!("-p sandbox {args} {flags}"));
            let run = env
                .iter()
                .fold(run, |run, (name, value)| run.env(name, value));
            let (ended, sent) = on_terminal(run, 80);
            assert_eq!(ended, Some(code), "{sent}");
            assert_eq!(sent.contains('\u{1b}'), colour, "{env:?} {flags}: {sent}");
        }
    }
}

#[test]
fn any_width_will_do() {
    let home = Home::new();
    let args = [
        "-p sandbox get cacc_hostile",
        "-p sandbox get hostile cacc_hostile",
        "-p sandbox cacc get cacc_hostile cacc_activeexpress",
        "-p sandbox get cacc_activestandard ending -F id,status,metadata,created_at,customer_account_uid,domain,ends_at,pending_email",
        "config show -p sandbox",
        "--help",
        "sandbox --help",
    ];
    for args in args {
        for width in [0, 1, 2, 19, 20, 21, 80, 200, 65_535] {
            let sent = without_bold(&shown(&home, args, width));
            assert!(
                !sent.contains("panicked") && !sent.contains('\u{1b}'),
                "{args} on {width}: {sent}"
            );
        }
        for columns in [
            "0",
            "1",
            "20",
            "65535",
            "65536",
            "-1",
            "garbage",
            "",
            " 80",
            "99999999999999999999",
        ] {
            let (code, sent) = on_terminal(home.acctq(args).env("COLUMNS", columns), 80);
            assert_eq!(code, Some(0), "{args} with COLUMNS={columns}: {sent}");
        }
    }
    // What is asked for counts; what makes no sense does not.
    let args = "-p sandbox get cacc_hostile";
    for (columns, width) in [
        ("40", 40),
        ("0", 100),
        ("garbage", 100),
        ("65536", 100),
        ("", 100),
    ] {
        let run = home
            .acctq(args)
            .env("TERM", "xterm-256color")
            .env("COLUMNS", columns);
        let (code, sent) = on_terminal(run, 100);
        assert_eq!(
            (code, sent),
            (Some(0), shown(&home, args, width)),
            "{columns}"
        );
    }
}

#[test]
fn lines_fit_the_screen() {
    let home = Home::new();
    for width in [80, 200] {
        for args in [
            "get cacc_activeexpress",
            "get drift -q",
            "cacc get cacc_activeexpress cacc_newfield",
            "partner account get ending aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
            "get cacc_activeexpress ending",
            "get cacc_activeexpress ending -F metadata,id,connected_organization_id,platform_organization_id,created_at",
        ] {
            let sent = without_bold(&shown(&home, &format!("-p sandbox {args}"), width));
            assert!(widest(&sent) <= usize::from(width), "{args}: {sent}");
        }
    }
}

/// A hostile name, and the harmless text that it is shown as.
const NAMES: [(&str, &str); 6] = [
    (
        "a\u{1b}[2J\u{1b}[H\u{9b}31mb",
        r"a\u{1b}[2J\u{1b}[H\u{9b}31mb",
    ),
    ("a\nStatus  active\r\u{8}\t", r"a\nStatus  active\r\u{8}\t"),
    (
        "\u{1b}]0;title\u{7}\u{1b}]52;c;cm0K\u{7}\u{1b}P\u{1b}\\",
        r"\u{1b}]0;title\u{7}\u{1b}]52;c;cm0K\u{7}\u{1b}P\u{1b}\",
    ),
    (
        "\u{202e}moc.elpmaxe\u{2066}",
        r"\u{202e}moc.elpmaxe\u{2066}",
    ),
    (
        "\u{200b}\u{200d}\u{feff}\u{e0041}\u{7f}\u{0}",
        r"\u{200b}\u{200d}\u{feff}\u{e0041}\u{7f}\u{0}",
    ),
    (
        "\u{1b}c\u{1b}[?1049h\u{85}\u{84}\u{2028}",
        r"\u{1b}c\u{1b}[?1049h\u{85}\u{84}\u{2028}",
    ),
];

#[test]
fn a_hostile_name_leaves_every_other_cell_as_it_is() {
    for (hostile, harmless) in NAMES {
        let home_of = |name: &str| {
            let name = serde_json::to_string(name).unwrap();
            let home = Home::new();
            home.profile(&serves(move |path| {
                let id = path.rsplit('/').next().unwrap();
                json(&format!("{{\"id\":\"{id}\",\"pending_organization_name\":{name},{name}:{name},\"status\":\"active\"}}"))
            }));
            home
        };
        let (one, other) = (home_of(hostile), home_of(harmless));
        for args in [
            "get cacc_1 -q",
            "get cacc_1 cacc_2 -q -F pending_organization_name,status",
        ] {
            for width in [20, 80, 200] {
                let sent = shown(&one, args, width);
                assert_eq!(sent, shown(&other, args, width));
                assert_eq!(
                    without_bold(&sent)
                        .chars()
                        .find(|c| c.is_control() && *c != '\n'),
                    None
                );
            }
        }
        // Nor does one in an error.
        let body = serde_json::json!({"message": hostile}).to_string();
        let server = Wire::answers(crate::wire::response("400 Bad", "", &body));
        one.profile(server.url());
        let (code, sent) = on_terminal(one.acctq("get cacc_1"), 80);
        assert_eq!((code, sent.lines().count()), (Some(9), 2));
        assert!(sent.contains(harmless), "{sent}");
    }
}

#[test]
fn rows_after_the_first_hundred_wrap_like_them() {
    let home = Home::new();
    home.profile(&serves(|path| {
        let id = path.rsplit('/').next().unwrap();
        json(&format!(
            "{{\"id\":\"{id}\",\"metadata\":\"{}\",\"status\":\"active\"}}",
            "word ".repeat(30)
        ))
    }));
    let ids: Vec<_> = (100..250).map(|n| format!("cacc_{n}")).collect();
    let sent = without_bold(&shown(
        &home,
        &format!("cacc get {} -q -F id,metadata,status", ids.join(" ")),
        80,
    ));
    let rows: Vec<_> = sent.lines().skip(1).collect();
    assert_eq!(rows.len(), 150 * 3, "{sent}");
    for (row, id) in rows.chunks(3).zip(&ids) {
        let words = "word ".repeat(12);
        let words = words.trim_end();
        assert_eq!(row[0], format!("{id}  {words:62}  active"));
        assert_eq!(row[1], format!("          {words}"));
    }
}

#[test]
fn a_word_of_any_length_wraps_in_no_time() {
    let name = "x".repeat(900_000);
    let home = Home::new();
    home.profile(
        Wire::answers(json(&format!(
            "{{\"id\":\"cacc_1\",\"metadata\":\"{name}\"}}"
        )))
        .url(),
    );
    let sent = without_bold(&shown(&home, "get cacc_1 -q -F id,metadata", 80));
    let rest = format!("          {}\n", "x".repeat(70)).repeat(900_000 / 70 - 1);
    let expected = format!(
        "ID        cacc_1\nMetadata  {}\n{rest}          {}\n",
        "x".repeat(70),
        "x".repeat(900_000 % 70)
    );
    assert!(sent == expected, "{sent:.1000}");
}

/// Whatever a name in the first column holds, what begins a line is a row of its own.
#[test]
fn a_name_that_wraps_forges_no_row() {
    let names = [
        format!("Acme Ltd{}cacc_forged  active", " ".repeat(71)),
        format!("Acme Ltd{}cacc_forged  active", "x".repeat(71)),
        format!("Acme Ltd{}cacc_forged  active", "\u{3000}".repeat(36)),
        "cacc_forged ".repeat(40),
        "漢".repeat(200),
    ];
    for name in names {
        let home = Home::new();
        let body = serde_json::json!({"id": "cacc_1", "status": "active", "pending_organization_name": name, name.as_str(): 1});
        home.profile(Wire::answers(json(&body.to_string())).url());
        for width in [20, 40, 80, 100] {
            for (args, rows) in [
                (
                    "cacc get cacc_1 cacc_1 -q -F pending_organization_name,status",
                    3,
                ),
                (
                    "cacc get cacc_1 cacc_1 -q -F pending_organization_name,status,id,metadata",
                    3,
                ),
                ("cacc get cacc_1 cacc_1 -q -F pending_organization_name", 3),
                // The name of a member, too.
                ("cacc get cacc_1 -q", 4),
            ] {
                let sent = without_bold(&shown(&home, args, width));
                let begun = sent.lines().filter(|line| !line.starts_with("  "));
                assert_eq!(begun.count(), rows, "{args} on {width}: {sent}");
            }
        }
    }
    let home = Home::new();
    let name = format!("Acme Ltd{}cacc_forged  active", " ".repeat(71));
    let body =
        serde_json::json!({"id": "cacc_1", "status": "active", "pending_organization_name": name});
    home.profile(Wire::answers(json(&body.to_string())).url());
    let args = "cacc get cacc_1 cacc_1 -q -F pending_organization_name,id";
    assert_eq!(
        without_bold(&shown(&home, args, 40)),
        "Organization to be                ID\n\
         Acme Ltd                          cacc_1\n  cacc_forged  active\n\
         Acme Ltd                          cacc_1\n  cacc_forged  active\n"
    );
}

/// What is waited for shows while it is, and is gone when it is over.
#[test]
fn a_wait_shows_the_last_state() {
    let home = Home::new();
    let run = home
        .acctq("-p sandbox wait cacc_onboarding --for status=active --interval 200ms -F status")
        .env("TERM", "xterm-256color");
    let (code, sent) = on_terminal(run, 100);
    assert_eq!(code, Some(0), "{sent}");
    assert!(
        sent.contains("status is pending; waiting for status=active, "),
        "{sent}"
    );
    let last = sent.rsplit('\r').next().unwrap();
    assert!(
        last.ends_with("\u{1b}[1mStatus\u{1b}[0m  active\n"),
        "{sent:?}"
    );
    let quiet = home
        .acctq("-p sandbox wait cacc_onboarding --for status=active --interval 200ms -F status -q")
        .env("TERM", "xterm-256color");
    let (code, sent) = on_terminal(quiet, 100);
    assert_eq!(
        (code, without_bold(&sent).as_str()),
        (Some(0), "Status  active\n")
    );
}

/// A name that is waited for moves nothing on the screen: what shows the progress stays on its line, however wide a terminal
/// takes a stranger's characters to be.
#[test]
fn a_wait_keeps_to_one_line_of_the_screen() {
    let wide = "一般社団法人日本自動車工業会".repeat(10);
    let emoji = "\u{1fae8}".repeat(60);
    let long = "status is pending ".repeat(30);
    for (name, shown) in [
        (wide.as_str(), "pending_organization_name is ??????????"),
        (&emoji, "pending_organization_name is ??????????"),
        (
            "Zo\u{eb} & S\u{f6}hne e\u{301}",
            "pending_organization_name is Zo? & S?hne e?; waiting for ",
        ),
        (&long, "pending_organization_name is status is pending "),
    ] {
        let account = |name: &str, status: &str| {
            json(&serde_json::json!({"id": "cacc_1", "status": status, "pending_organization_name": name}).to_string())
        };
        let scripts = vec![
            vec![Do::Read, Do::Write(account(name, "pending")), Do::Finish],
            vec![Do::Read, Do::Write(account("x", "active")), Do::Finish],
        ];
        for width in [20_u16, 80, 200] {
            let home = Home::new();
            home.profile(Wire::new(scripts.clone()).url());
            let run = home
                .acctq("wait cacc_1 --for pending_organization_name=x --interval 150ms -F id")
                .env("TERM", "xterm-256color");
            let (code, sent) = on_terminal(run, width);
            assert_eq!(code, Some(0), "{sent}");
            // Nothing above is gone to.
            assert!(!sent.contains("\u{1b}[1A"), "{sent:?}");
            let is_tick = |c| ('\u{2801}'..='\u{28ff}').contains(&c);
            let drawn: Vec<_> = sent
                .split(['\r', '\n', '\u{1b}'])
                .filter(|text| text.contains(is_tick))
                .collect();
            assert!(!drawn.is_empty(), "{sent:?}");
            for line in &drawn {
                let line = line.trim_start_matches(|c| !is_tick(c)).trim_end();
                let (tick, text) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
                assert!(tick.starts_with(is_tick) && text.is_ascii(), "{line:?}");
                assert!(
                    line.chars().count() < usize::from(width),
                    "{width}: {line:?}"
                );
            }
            let room = usize::from(width) - 3;
            let shown: String = shown.chars().take(room - 6).collect();
            assert!(
                drawn.iter().any(|line| line.contains(&shown)),
                "{shown:?} in {drawn:?}"
            );
        }
    }
}
