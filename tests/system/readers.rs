//! What is printed, read by others: jq, a JSON Schema validator, and the readers of YAML 1.1 and 1.2.

use serde_json::{Map, Value, json};

use crate::harness::{Home, Run};
use crate::programs::{perl, program, python};
use crate::readme_commands;
use crate::wire::{self, Wire};

/// Reads YAML and prints it as JSON, or fails on what JSON cannot hold: a date, a set, a number that is none.
type Reader = fn(&Home) -> Run;

/// Each with the version of YAML that it reads.
const READERS: [(&str, Reader); 4] = [
    ("PyYAML, 1.1", |home| {
        let script = "import json, sys, yaml\nprint(json.dumps(yaml.safe_load(sys.stdin.buffer), allow_nan=False))";
        python(home, "yaml", "python3-yaml", script)
    }),
    ("ruamel.yaml, 1.1", |home| ruamel(home, "(1, 1)")),
    ("ruamel.yaml, 1.2", |home| ruamel(home, "(1, 2)")),
    ("YAML::PP, 1.2", |home| {
        let script = "use YAML::PP; use JSON::PP; binmode STDIN, ':utf8'; local $/; \
                      my $yaml = YAML::PP->new(schema => ['Core'], boolean => 'JSON::PP'); \
                      print JSON::PP->new->ascii->allow_nonref->encode($yaml->load_string(<STDIN>))";
        perl(home, "YAML::PP", "libyaml-pp-perl", script)
    }),
];

fn ruamel(home: &Home, version: &str) -> Run {
    let script = format!(
        "import json, sys, warnings\nfrom ruamel.yaml import YAML\nwarnings.simplefilter('ignore')  # that 1e+3 is odd in 1.1\nyaml = YAML(typ='safe', pure=True)\nyaml.version = {version}\n\
         print(json.dumps(yaml.load(sys.stdin.buffer), allow_nan=False))"
    );
    python(home, "ruamel.yaml", "python3-ruamel.yaml", &script)
}

/// Has each of them read it, and compares with what it should be.
#[track_caller]
fn read_alike(home: &Home, yaml: &str, expected: &Value) {
    for (name, reader) in READERS {
        let read = reader(home).stdin(yaml).run();
        let told = (read.code, read.stderr.as_str());
        assert_eq!(told, (0, ""), "{name}: {read:#?}");
        let value = serde_json::from_str(&read.stdout).expect(name);
        assert_eq!(difference("", &value, expected), None, "{name}");
    }
}

/// Where two values differ first. Whether 1000.0 is written so or 1000 is a matter of who prints it.
fn difference(at: &str, read: &Value, expected: &Value) -> Option<String> {
    match (read, expected) {
        (Value::Array(read), Value::Array(expected)) if read.len() == expected.len() => {
            let mut pairs = read.iter().zip(expected).enumerate();
            pairs.find_map(|(i, (r, e))| difference(&format!("{at}/{i}"), r, e))
        }
        (Value::Object(read), Value::Object(expected)) if read.keys().eq(expected.keys()) => {
            let mut pairs = read.iter().zip(expected.values());
            pairs.find_map(|((name, r), e)| difference(&format!("{at}/{name:?}"), r, e))
        }
        (Value::Number(r), Value::Number(e)) if e.is_f64() && r.as_f64() == e.as_f64() => None,
        _ => (read != expected).then(|| format!("{at}: {read:?}, not {expected:?}")),
    }
}

/// A connected account with this metadata.
fn account(metadata: &Value) -> Value {
    json!({
        "id": "cacc_1", "connection_type": "standard", "onboarding_mode": "full", "status": "active",
        "platform_organization_id": "org_1", "created_at": "2023-11-07T05:31:56Z", "metadata": metadata,
    })
}

/// Looks the account up and has its YAML read.
#[track_caller]
fn is_read_alike(metadata: &Value) {
    let home = Home::new();
    let account = account(metadata);
    let server = Wire::answers(wire::json(&account.to_string()));
    home.profile(server.url());
    let run = home.acctq("cacc get cacc_1 -o yaml").run();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:#?}");
    read_alike(&home, &run.stdout, &account);
}

/// What some reader of YAML might take for something else than a string.
#[rustfmt::skip]
const AMBIGUOUS: &[&str] = &[
    "", " ", "  two", "two  ", "y", "Y", "n", "N", "yes", "No", "NO", "on", "Off", "true", "False", "TRUE", "null",
    "Null", "NULL", "~", "=", "<<", "-", "--", "---", "...", "--- x", "?", "? x", ":", ": x", "x: y", "x:", "a #b",
    "#", "# x", "&a", "*a", "!a", "!!str x", "%YAML", "@x", "`x", "|", ">", "|-", "'", "\"", "''", "\"x\"", "it's",
    "[", "]", "{", "}", "[]", "{}", ",", "a,b", "0", "007", "08", "0o7", "0x1F", "0b1", "1_000", "1e3", "1E3", "e3",
    "1.", ".5", "1.5", "+1", "-1", "+.inf", "-.INF", ".nan", ".NaN", "1:30", "190:20:30", "190:20:30.15",
    "2001-12-14", "2001-12-14T21:59:43Z", "2001-12-14 21:59:43.10 -5", "12e03", "-2E+05", "0.", "685.230_15e+03",
    "\\", "\\n", "a\\", "a\nb", "\n", "a\n", "\na", "a\tb", "\t", "\r\n", "a\r", "\u{85}", "\u{a0}", "\u{2028}",
    "\u{2029}", "\u{feff}", "\u{feff}x", "\u{1b}[31m", "\0", "\u{7f}", "\u{9b}", "\u{200b}", "\u{202e}x", "\u{e0041}",
    "\u{fffe}", "\u{ffff}", "\u{fffd}", "\u{10ffff}", "é", "e\u{301}", "漢字", "😀", "- x", "-x", "x -", "?x", ":x", "!",
    "&", "*", "%", "@", "a: ", "a :b", "key: |", "0x", "0b", "0o", "._", "+", "+-1", "1,000",
];

#[test]
fn ambiguous_strings_stay_strings_as_values_and_as_keys() {
    let values: Vec<_> = AMBIGUOUS.iter().map(|word| json!(word)).collect();
    let keys: Map<_, _> = AMBIGUOUS.iter().map(|word| ((*word).to_owned(), json!(1))).collect();
    is_read_alike(&json!({"values": values, "keys": keys, "nested": [[values.clone()], {"in": [{"deep": values}]}]}));
}

/// Characters that mean something to some reader of YAML, and some that do not.
const PARTS: &str =
    "aZ019_.-+eExo: #,'\"\\\n\t\r[]{}&*!|>%@`?=<~/$Té漢😀\u{85}\u{2028}\u{feff}\u{202e}\u{1b}\0\u{e0041}";

#[test]
fn strings_put_together_by_chance_stay_the_same() {
    let parts: Vec<_> = PARTS.chars().map(String::from).collect();
    let words = ["no", "null", "true", "inf", "nan", "12:30", "2001-01-01"];
    let parts: Vec<_> = parts.iter().map(String::as_str).chain(words).collect();
    // The same strings each time.
    let mut chance = fastrand::Rng::with_seed(0x00ac_c7e9);
    let mut word = || -> String { (0..chance.usize(1..7)).map(|_| parts[chance.usize(..parts.len())]).collect() };
    let values: Vec<_> = (0..3000).map(|_| json!(word())).collect();
    let keys: Map<_, _> = (0..1000).map(|_| (word(), json!(word()))).collect();
    is_read_alike(&json!({"values": values, "keys": keys}));
}

#[test]
fn numbers_and_shapes_stay_what_they_are() {
    is_read_alike(&json!({
        "integers": [0, -0, 1, -1, 7, 123_456_789, 9_007_199_254_740_993_i64, i64::MIN, u64::MAX],
        "floats": [0.5, -1.25, 1e3, 1e21, 1.5e-7, 1e300, 2.5e-300],
        "words": [null, true, false],
        "empty": [{}, [], "", [[]], [{}], {"a": {}, "b": []}],
        "k".repeat(1500): {"é".repeat(1100): ["x".repeat(5000)]},
    }));
}

#[test]
fn long_keys_depth_and_numbers_by_chance_stay_what_they_are() {
    let mut chance = fastrand::Rng::with_seed(0x00ac_c7e9);
    let numbers: Vec<Value> = (0..500)
        .map(|_| match chance.u8(..3) {
            0 => json!(chance.i64(..)),
            1 => json!(chance.u64(..)),
            // No more digits than the readers' way back to us, by Perl's JSON::PP and `serde_json`, keeps exactly.
            _ => json!(f64::from(chance.i32(..)) / 10_f64.powi(chance.i32(0..5))),
        })
        .collect();
    // Around the length from which a key needs a form of its own, of every kind of text.
    let keys: Map<_, _> = [1020_usize, 1021, 1022, 1023, 1024, 1025, 1026, 5000]
        .into_iter()
        .flat_map(|length| ["k", "é", "😀", "\n", "\"", ": ", "\u{202e}", "no"].map(|c| c.repeat(length)))
        .map(|key| (key, json!([{"a": 1}, "x"])))
        .collect();
    let deep = (0..60).fold(json!("end"), |inner, depth| match depth % 3 {
        0 => json!([inner]),
        1 => json!({"a: b": inner, "z": []}),
        _ => json!([1, [inner], {}]),
    });
    is_read_alike(&json!({"numbers": numbers, "keys": keys, "deep": deep}));
}

#[test]
fn hostile_text_of_the_sandbox_is_read_alike_in_both_formats() {
    let ids = "cacc_hostile hostile cacc_activeexpress ending newfield";
    for id in ids.split(' ') {
        let home = Home::new();
        let printed = |format: &str| {
            let run = home.acctq(&format!("-p sandbox get {id} -o {format}")).run();
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:#?}");
            run.stdout
        };
        let expected: Value = serde_json::from_str(&printed("json")).unwrap();
        read_alike(&home, &printed("yaml"), &expected);
    }
    // Several accounts are one document, too.
    let home = Home::new();
    let run = home.acctq("-p sandbox get cacc_hostile hostile -o yaml").run();
    let count = Run::of({
        let mut jq = program(&home, "jq", "jq");
        jq.arg("-c").arg("[length, .[0].status, .[1].status]");
        jq
    });
    let read = (READERS[0].1)(&home).stdin(&run.stdout).run();
    count.stdin(read.stdout).run().prints("[2,\"pending\",\"provisioned\"]\n");
}

#[test]
fn a_spreadsheet_reads_records_and_runs_no_formula() {
    let names = [
        "=cmd|' /C calc'!A0",
        "+49 30 1234",
        "-3",
        "+49",
        "@SUM(A1)",
        "\tx",
        "a \"b\", c",
        "a\nb\r\nc",
        "漢😀",
        "-",
        "",
    ];
    let home = Home::new();
    // What stands in the cells: a text that would be run gets an apostrophe, and a line end or a tab is an escape.
    let cells = [
        "'=cmd|' /C calc'!A0",
        "'+49 30 1234",
        "-3",
        "+49",
        "'@SUM(A1)",
        "'\\tx",
        "a \"b\", c",
        "a\\nb\\r\\nc",
        "漢😀",
        "'-",
        "",
    ];
    for (name, cell) in names.iter().zip(cells) {
        let account =
            json!({"id": "cacc_1", "status": "pending", "pending_organization_name": name, "metadata": [name]});
        let wire = Wire::answers(wire::json(&account.to_string()));
        home.profile(wire.url());
        let fields = "-F status,pending_organization_name,metadata -o csv -q";
        let ended = home.run(format!("cacc get cacc_1 cacc_1 {fields}"));
        let script = "import csv, json, sys\nprint(json.dumps(list(csv.reader(open(0, newline='')))))";
        let read = python(&home, "csv", "python3", script).stdin(&*ended.stdout).run();
        let rows: Value = serde_json::from_str(&read.stdout).unwrap();
        let head = json!(["id", "status", "pending_organization_name", "metadata", "error"]);
        assert_eq!((&rows[0], rows.as_array().unwrap().len()), (&head, 3), "{ended:#?}");
        assert_eq!(rows[1], rows[2]);
        assert_eq!([&rows[1][0], &rows[1][2], &rows[1][4]], ["cacc_1", cell, ""], "{name:?}");
        assert_eq!(serde_json::from_str::<Value>(rows[1][3].as_str().unwrap()).unwrap(), json!([name]));
    }
}

/// Renders Markdown, each with the script or the flags for it.
fn renderers(home: &Home) -> [Run; 2] {
    let script = "import markdown, sys\nprint(markdown.markdown(sys.stdin.read(), extensions=['tables', 'extra']))";
    let mut github = program(home, "cmark-gfm", "cmark-gfm");
    github.args(["--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tasklist"]);
    [python(home, "markdown", "python3-markdown", script), Run::of(github)]
}

#[test]
fn markdown_is_a_table_and_nothing_in_it_acts() {
    /// What a stranger may be called; each is shown as it is.
    #[rustfmt::skip]
    const NAMES: &[&str] = &[
        "@ann", "see #123, GH-1 and a/b#2", "https://evil.test/x www.evil.test a@b.test", "a|b||c|", "|", "`x`", "a ``b` c", "`|`\\",
        "*b* _i_ __b__ ~~s~~ **", "<script>alert(1)</script> <b>&amp;&lt;&#64;", "[x](http://y.test) ![i](j) [^1]", "- item", "1. one",
        "# head", "+ x", "> q", ":tada:", "$a$", "a\\", "\\`b", "\\|", "a\\\\|b`", "| --- |", "---", "--", "-", "=", "[ ] x", "*[a]: b", "{: .x}",
        "\u{6f22}\u{1f600}", "Zo\u{eb} (Ltd), sign-up", "12345", "4e5f6a7b8c9d0e1f", "\\u{1b}", "a  ", "",
    ];
    let home = Home::new();
    let named = |name: &&str| {
        let mut account = account(&Value::Null);
        account["pending_organization_name"] = json!(name);
        account
    };
    let accounts: Vec<_> = NAMES.iter().map(named).collect();
    let members: Map<_, _> = NAMES.iter().map(|name| ((*name).to_owned(), json!(name))).collect();
    let read = "import html.parser, json, sys\n\
        class Reader(html.parser.HTMLParser):\n\
        \x20   rows, tags, text = [], [], ''\n\
        \x20   def handle_starttag(self, tag, attrs):\n\
        \x20       self.tags += [tag]\n\
        \x20       if tag == 'tr': self.rows += [[]]\n\
        \x20       if tag in ('td', 'th'): self.rows[-1] += ['']\n\
        \x20   def handle_endtag(self, tag): self.tags.remove(tag) if tag == 'code' else None\n\
        \x20   def handle_data(self, data):\n\
        \x20       if 'td' in self.tags and self.rows[-1]: self.rows[-1][-1] += data\n\
        \x20       if 'code' not in self.tags: self.text += data\n\
        reader = Reader(); reader.feed(sys.stdin.read())\n\
        print(json.dumps([[[cell.strip() for cell in row] for row in reader.rows], sorted(set(reader.tags)), reader.text]))";
    let table = json!(["table", "tbody", "td", "th", "thead", "tr"]);
    // As values of several accounts, and as values and labels of one.
    for (answer, args) in [
        (json!({ "data": accounts }), "cacc list -F pending_organization_name"),
        (Value::Object(members), "cacc get cacc_1"),
    ] {
        let server = Wire::answers(wire::json(&answer.to_string()));
        home.profile(server.url());
        let ended = home.run(format!("{args} -q -o markdown"));
        assert_eq!((ended.code, ended.stdout.lines().count()), (0, NAMES.len() + 2), "{ended:#?}");
        for renderer in renderers(&home) {
            let html = renderer.stdin(&*ended.stdout).run().stdout;
            let told = python(&home, "html", "python3", read).stdin(&*html).run().stdout;
            let (rows, tags, text): (Vec<Vec<String>>, Value, String) = serde_json::from_str(&told).unwrap();
            let mut shown: Vec<_> = rows[1..].iter().flatten().map(String::as_str).collect();
            let mut expected: Vec<_> = NAMES.iter().flat_map(|name| vec![name.trim(); rows[0].len()]).collect();
            shown.sort_unstable();
            expected.sort_unstable();
            assert_eq!((shown, tags), (expected, table.clone()), "{html}");
            assert!(!text.contains(['@', '#', ':', '/', '<', '&', '*', '_']), "{text}");
        }
    }
}

#[test]
fn jq_reads_results_and_errors() {
    let home = Home::new();
    #[rustfmt::skip]
    let cases = [
        ("get ending -o json", 0, ".deployed_members + 1", "6\n"),
        ("get cacc_newfield -o json", 0, ".limits.invoices_per_day, .region", "1000\neu-west-1\n"),
        ("get cacc_activestandard ending -o json", 0, "length, .[].status", "2\nactive\nprovisioned\n"),
        ("get cacc_activestandard ending -o ndjson", 0, ".status", "active\nprovisioned\n"),
        ("get gone -o json", 5, ".error | .code, .exit_code, .retryable", "gone\n5\nfalse\n"),
        ("get gone ending ../x -o ndjson", 1, "(.error | objects | .code), .status // empty", "provisioned\ngone\nusage\n"),
    ];
    for (args, code, filter, expected) in cases {
        let run = home.acctq(&format!("-p sandbox {args}")).run();
        assert_eq!(run.code, code, "{run:#?}");
        let mut jq = program(&home, "jq", "jq");
        jq.args(["-r", filter]);
        Run::of(jq).stdin(run.stdout + &run.stderr).run().prints(expected);
    }
}

#[test]
fn the_recipes_of_the_readme_work() {
    let home = Home::new();
    program(&home, "jq", "jq");
    program(&home, "curl", "curl");
    let mut count = 0;
    for command in readme_commands::commands() {
        if command.needs_more() {
            readme_commands::run(&home, &command);
            count += 1;
        }
    }
    assert!(count >= 3, "only {count} commands were found");
}

#[test]
fn the_schema_is_one_and_accepts_what_is_printed() {
    let script = "import json, sys\nfrom jsonschema import Draft202012Validator as V, FormatChecker\n\
                  schema, *documents = [json.loads(line) for line in sys.stdin]\nV.check_schema(schema)\n\
                  for d in documents: print(*sorted(e.json_path for e in V(schema).iter_errors(d)))";
    #[rustfmt::skip]
    let cases = [
        ("cacc", "cacc_7n42DGM5Tflk9n8mt7Fhc7 cacc_activestandard cacc_pendingexpress cacc_revokedexpress cacc_newfield cacc_hostile cacc_drift", "\n\n\n\n\n\n$ $.created_at $.status\n"),
        ("partner-account", "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b entitled-family ending newfield secretive drift", "\n\n\n\n\n$ $.deployed_members $.status\n"),
    ];
    for (resource, ids, expected) in cases {
        let home = Home::new();
        let schema: Value = serde_json::from_str(&home.acctq(&format!("schema {resource}")).run().stdout).unwrap();
        let documents = home.acctq(&format!("-p sandbox get {ids} -o ndjson")).run();
        assert_eq!(documents.code, 0, "{documents:#?}");
        // Whole numbers in every notation, and others: `--strict` and the schema judge alike.
        if resource == "partner-account" {
            for (number, is_whole) in [
                ("1.0", true),
                ("1e2", true),
                ("1.50e1", true),
                ("-0.0", true),
                ("1e22", true),
                ("1.5", false),
                ("15e-1", false),
            ] {
                let of =
                    |line: &str| line.replace("\"deployed_members\":1,", &format!("\"deployed_members\":{number},"));
                let one = documents.stdout.lines().next().map(of).unwrap();
                assert!(one.contains(number), "{one}");
                let wire = Wire::answers(wire::json(&one.replace('{', "{\"activation_token\":\"PNS-DEFG1234\",")));
                home.profile(wire.url());
                let code = home.acctq("get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b --strict").run().code;
                assert_eq!(code, if is_whole { 0 } else { 9 }, "{number}");
                let text = format!("{schema}\n{one}\n");
                let errors = python(&home, "jsonschema", "python3-jsonschema", script).stdin(text).run().stdout;
                assert_eq!(errors.trim_end(), if is_whole { "" } else { "$.deployed_members" }, "{number}");
            }
        }
        let text = format!("{schema}\n{}", documents.stdout);
        python(&home, "jsonschema", "python3-jsonschema", script).stdin(text).run().prints(expected);
    }
}
