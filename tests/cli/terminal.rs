//! What a terminal changes, on a pseudo-terminal.

use std::io::Read as _;
use std::thread;

use serde_json::Value;

use crate::harness::{Home, Run, terminal};
use crate::wire::{Do, Wire, json, response, serves};

const TERM: (&str, &str) = ("TERM", "xterm-256color");

/// Runs the program with standard output and standard error on a terminal of that width; the exit code and what the
/// terminal was sent.
pub fn on_terminal(run: Run, width: u16) -> (Option<i32>, String) {
    let (mut master, terminal) = terminal(width);
    // Only the program holds the terminal's end then, which must close for the reader to see the end.
    let stdout = terminal.try_clone().unwrap();
    let mut started = run.start_with(|command| command.stdout(stdout).stderr(terminal));
    let reader = thread::spawn(move || {
        let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
        // Linux ends a terminal that no process holds any more with an error.
        while let Ok(length @ 1..) = master.read(&mut buffer) {
            sent.extend_from_slice(&buffer[..length]);
        }
        sent
    });
    let status = started.wait();
    let sent = String::from_utf8(reader.join().unwrap()).unwrap();
    (status.code(), sent.replace("\r\n", "\n"))
}

/// What a terminal that shows colour is sent, without the colour.
fn shown(home: &Home, args: &str, width: u16) -> String {
    let (code, sent) = on_terminal(home.acctq(args).envs(&[TERM]), width);
    assert_eq!(code, Some(0), "{sent}");
    plain(&sent)
}

/// The text without bold and colours; any other control sequence is a failure.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |plain, part| {
        let (code, rest) = part.split_once('m').expect(text);
        assert!(code.chars().all(|c| "[;0123456789".contains(c)), "{text:?}");
        plain + rest
    })
}

/// The width of the widest line, for text whose characters are all one column wide.
fn widest(text: &str) -> usize {
    let widths = text.lines().map(|line| line.chars().count());
    widths.max().unwrap_or(0)
}

#[test]
fn labels_are_bold_and_times_say_how_long_ago() {
    let home = Home::new();
    let run = home.acctq("-p sandbox get ending -q").envs(&[TERM]);
    let (_, sent) = on_terminal(run, 80);
    let is_bold = |line: &str| line.starts_with("\u{1b}[1m");
    assert!(sent.lines().all(is_bold), "{sent}");
    let piped = home.run("-p sandbox get ending -q").stdout;
    let sent = plain(&sent);
    assert_eq!(sent.lines().count(), piped.lines().count());
    for (line, piped) in sent.lines().zip(piped.lines()) {
        let more = line.strip_prefix(piped).expect(&sent);
        let is_relative = match line.split(' ').next().unwrap() {
            "Created" | "Updated" => more.starts_with("  (") && more.ends_with(" years ago)"),
            "Ends" => more.starts_with("  (in ") && more.ends_with(" years)"),
            _ => more.is_empty(),
        };
        assert!(is_relative, "{line}");
    }
}

#[test]
fn headings_of_help_are_bold_where_there_is_colour() {
    for (args, bold) in [
        ("get --help", true),
        ("help output", true),
        ("get --help --color never", false),
        ("help output --color never", false),
    ] {
        let (_, sent) = on_terminal(Home::new().acctq(args).envs(&[TERM]), 80);
        assert_eq!(sent.contains("\u{1b}[1mExamples:\u{1b}[0m"), bold, "{sent}");
        assert_eq!(sent.contains('\u{1b}'), bold, "{sent}");
    }
    let forced = Home::new().run("--color=always get --help").stdout;
    assert!(forced.contains("\u{1b}[1mUsage:\u{1b}[0m acctq get"), "{forced}");
}

#[test]
fn a_look_up_that_lasts_says_what_it_waits_for_and_leaves_nothing_of_it() {
    for (args, is_shown) in
        [("get cacc_slow --timeout 1500ms", true), ("-q get cacc_slow --timeout 1500ms", false), ("get ending", false)]
    {
        let home = Home::new();
        let run = home.shell(&format!("exec setsid --ctty acctq -p sandbox {args} <&1")).envs(&[TERM]);
        let (_, sent) = on_terminal(run, 80);
        assert_eq!(sent.contains("looking up the connected account cacc_slow"), is_shown, "{sent:?}");
        let after = sent.rsplit("looking up").next().unwrap();
        assert!(!is_shown || after.contains("\r\u{1b}[K"), "{sent:?}");
    }
}

#[test]
fn notes_and_errors_are_for_who_sits_at_the_terminal_and_break_between_words() {
    let home = Home::new();
    let link = "`acctq -p sandbox partner account redeem-url entitled-family`";
    let get = |args: &str, width| {
        let (_, sent) = on_terminal(home.acctq(&format!("-p sandbox {args}")).envs(&[TERM]), width);
        plain(&sent)
    };
    assert!(get("get entitled-family", 40).contains(link));
    for args in ["get entitled-family -q", "get entitled-family -o yaml", "get entitled-family ending"] {
        assert!(!get(args, 80).contains("note: "), "{args}");
    }
    home.acctq("-p sandbox get entitled-family -F status").run().prints("Status  entitled (sign-up not completed)\n");
    let told = get("get cacc_notfound", 50);
    assert!(told.lines().count() > 3 && told.contains("`acctq -p sandbox config show`"), "{told}");
    let words = "is not found either; is sandbox the right profile? lists them";
    assert!(words.split(' ').all(|word| told.split_whitespace().any(|told| told == word)), "{told}");
}

#[test]
fn several_accounts_keep_their_ids_whole() {
    let home = Home::new();
    let ids = ["cacc_activestandard", "cacc_pendingexpress", "cacc_7n42DGM5Tflk9n8mt7Fhc7"];
    let args = format!("-p sandbox -q cacc get {}", ids.join(" "));
    for width in [80, 200] {
        let sent = shown(&home, &args, width);
        assert!(widest(&sent) <= usize::from(width), "{sent}");
        assert!(ids.iter().all(|id| sent.contains(&format!("\n{id} "))));
        assert_eq!(sent.matches("2023-11-07T05:31:56Z\n").count(), 3, "{sent}");
    }
}

#[test]
fn documents_are_the_same_on_a_terminal() {
    let home = Home::new();
    for format in ["json", "yaml", "ndjson"] {
        for ids in ["ending", "ending entitled-family"] {
            let args = format!("-p sandbox get {ids} -o {format} -q");
            let (_, sent) = on_terminal(home.acctq(&args).envs(&[TERM]), 20);
            home.run(args).prints(&sent);
        }
    }
}

#[test]
fn json_and_errors_on_a_terminal_have_nothing_between_their_lines() {
    let home = Home::new();
    // The `-` makes the progress of many ids show, where there is one.
    let args = "-p sandbox get ending notfound ending --jobs 1 - -F status -o ndjson";
    let (code, sent) = on_terminal(home.acctq(args).envs(&[TERM]), 80);
    let lines: Vec<_> = sent.split_inclusive('\n').collect();
    let found = "{\"status\":\"provisioned\"}\n";
    assert_eq!((code, lines.len(), lines[0], lines[2]), (Some(5), 3, found, found));
    let error: Value = serde_json::from_str(lines[1]).expect(&sent);
    assert_eq!(error["error"]["id"], "notfound");
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
        (&[("TERM", "dumb"), ("NO_COLOR", "1")], "--color always", true),
    ] {
        // An error, a table with a warning, and another error.
        for (args, code) in [("drift -F nonsense", 2), ("drift -F domain", 0), ("gone", 5)] {
            let run = home.acctq(&format!("-p sandbox get {args} {flags}"));
            let (ended, sent) = on_terminal(run.envs(env), 80);
            assert_eq!(ended, Some(code), "{sent}");
            assert_eq!(sent.contains('\u{1b}'), colour, "{env:?} {flags}: {sent}");
        }
    }
}

#[test]
fn every_width_is_kept_to_or_survived() {
    let home = Home::new();
    let fields = "metadata,id,connected_organization_id,platform_organization_id,created_at";
    for args in [
        "-p sandbox get cacc_activeexpress",
        "-p sandbox get drift -q",
        "-p sandbox cacc get cacc_activeexpress cacc_newfield",
        &format!("-p sandbox get cacc_activeexpress ending -F {fields}"),
        "-p sandbox get hostile cacc_hostile -q",
        "config show -p sandbox",
        "sandbox --help",
    ] {
        for width in [0, 1, 19, 20, 80, 200, 65_535] {
            let sent = shown(&home, args, width);
            let fits = widest(&sent) <= usize::from(width) || args.contains("hostile");
            assert!(fits || width < 80, "{args} on {width}: {sent}");
        }
    }
    // COLUMNS counts where it makes sense.
    let args = "-p sandbox get cacc_hostile -q";
    let (narrow, wide) = (shown(&home, args, 40), shown(&home, args, 100));
    for columns in ["40", "0", "-1", "", "65536", "99999999999999999999"] {
        let run = home.acctq(args).envs(&[TERM, ("COLUMNS", columns)]);
        let (code, sent) = on_terminal(run, 100);
        let expected = if columns == "40" { &narrow } else { &wide };
        assert_eq!((code, &plain(&sent)), (Some(0), expected), "{columns}");
    }
}

/// A home whose profile is at a server that knows accounts of this name only, which also has a member of this name.
fn named(name: &str) -> Home {
    let name = serde_json::to_string(name).unwrap();
    let home = Home::new();
    home.profile(&serves(move |path| {
        let id = path.rsplit('/').next().unwrap();
        json(&format!("{{\"id\":\"{id}\",\"pending_organization_name\":{name},{name}:{name},\"status\":\"active\"}}"))
    }));
    home
}

#[test]
fn a_hostile_name_leaves_every_other_cell_as_it_is() {
    #[rustfmt::skip]
    let names = [
        ("a\u{1b}[2J\u{1b}[H\u{9b}31mb", r"a\u{1b}[2J\u{1b}[H\u{9b}31mb"),
        ("a\nStatus  active\r\u{8}\t", r"a\nStatus  active\r\u{8}\t"),
        ("\u{1b}]0;t\u{7}\u{1b}]52;c;cm0K\u{7}\u{1b}P\u{1b}\\", r"\u{1b}]0;t\u{7}\u{1b}]52;c;cm0K\u{7}\u{1b}P\u{1b}\"),
        ("\u{202e}moc.elpmaxe\u{2066}", r"\u{202e}moc.elpmaxe\u{2066}"),
        ("\u{200b}\u{feff}\u{e0041}\u{7f}\u{0}\u{2028}", r"\u{200b}\u{feff}\u{e0041}\u{7f}\u{0}\u{2028}"),
    ];
    for (hostile, harmless) in names {
        let (one, other) = (named(hostile), named(harmless));
        for args in ["get cacc_1 -q", "get cacc_1 cacc_2 -q -F pending_organization_name,status"] {
            for width in [20, 80, 200] {
                let sent = shown(&one, args, width);
                assert_eq!(sent, shown(&other, args, width));
                assert!(!sent.contains(|c: char| c.is_control() && c != '\n'));
            }
        }
        let body = serde_json::json!({"message": hostile}).to_string();
        one.profile(Wire::answers(response("400 Bad", "", &body)).url());
        let (code, sent) = on_terminal(one.acctq("get cacc_1"), 80);
        assert!(code == Some(9) && sent.contains(harmless), "{sent}");
    }
}

/// Whatever a name in the first column holds, a line that begins at the left is a row of its own.
#[test]
fn a_name_that_wraps_forges_no_row() {
    for name in [
        &format!("Acme Ltd{}cacc_forged  active", " ".repeat(71)),
        &format!("Acme Ltd{}cacc_forged  active", "\u{3000}".repeat(36)),
        &"cacc_forged ".repeat(40),
        &"漢".repeat(200),
    ] {
        for (args, rows) in [
            ("cacc get cacc_1 cacc_1 -q -F pending_organization_name,status", 3),
            // The name of a member, too.
            ("cacc get cacc_1 -q", 4),
        ] {
            for width in [20, 40, 80] {
                let sent = shown(&named(name), args, width);
                let begun = sent.lines().filter(|line| !line.starts_with("  "));
                assert_eq!(begun.count(), rows, "{args} on {width}: {sent}");
            }
        }
    }
}

#[test]
fn a_word_of_any_length_is_shown_whole() {
    let word = "x".repeat(900_000);
    let home = Home::new();
    let body = format!("{{\"id\":\"cacc_1\",\"metadata\":\"{word}\"}}");
    home.profile(Wire::answers(json(&body)).url());
    let sent = shown(&home, "get cacc_1 -q -F metadata", 80);
    assert!(widest(&sent) <= 80);
    assert!(sent.split_whitespace().collect::<String>() == format!("Metadata{word}"));
}

/// What `wait` waits for shows on one line while it waits, however wide a terminal takes its characters to be, and is gone
/// when it is over.
#[cfg(target_os = "linux")]
#[test]
fn a_wait_shows_what_it_waits_for_on_one_line() {
    let is_tick = |c| ('\u{2801}'..='\u{28ff}').contains(&c);
    for (name, width) in [
        ("一般社団法人日本自動車工業会".repeat(10), 20_u16),
        ("\u{1fae8}".repeat(60), 80),
        ("Zo\u{eb} e\u{301}".to_owned(), 200),
        ("status is pending ".repeat(30), 80),
    ] {
        let answer = |name: &str| {
            let account = serde_json::json!({"id": "cacc_1", "status": "pending", "pending_organization_name": name});
            vec![Do::Read, Do::Write(json(&account.to_string())), Do::Finish]
        };
        let wait = |flags: &str| {
            let home = Home::new();
            home.profile(Wire::new(vec![answer(&name), answer("x")]).url());
            let args = "wait cacc_1 --for pending_organization_name=x --interval 150ms -F id";
            // The terminal must be the process's own.
            let run = home.shell(&format!("exec setsid --ctty acctq {args} {flags} <&1")).envs(&[TERM]);
            let (code, sent) = on_terminal(run, width);
            assert_eq!(code, Some(0), "{sent}");
            sent
        };
        let sent = wait("");
        // The cursor does not go up.
        assert!(!sent.contains("\u{1b}[1A"), "{sent:?}");
        let lines = sent.split(['\r', '\n', '\u{1b}']);
        let drawn = lines.filter_map(|text| text.split_once(is_tick));
        let drawn: Vec<_> = drawn.map(|(_, text)| text.trim_end()).collect();
        for text in &drawn {
            let fits = text.is_ascii() && text.len() < usize::from(width);
            assert!(fits, "{width}: {text:?}");
        }
        let told = |text: &&str| text.contains("pending");
        assert!(width == 20 || drawn.iter().any(told), "{sent:?}");
        assert!(sent.ends_with("  cacc_1\n"), "{sent:?}");
        assert_eq!(plain(&wait("-q")), "ID  cacc_1\n");
    }
}
