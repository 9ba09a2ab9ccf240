//! Objects as YAML in block style, what is very deep or large in flow style, written so that every reader, of YAML 1.1 or 1.2,
//! reads the server's own document.
//!
//! - A string is plain only if it starts with a letter, holds nothing that means something in YAML, and is no word or
//!   number of either version; else it stands in double quotes, where all that `escape` forbids is escaped. That covers
//!   what YAML's printable set excludes. Lines are never folded.
//! - A number is copied to the letter. With an exponent, YAML 1.1 takes it for one only if it has a point and the
//!   exponent a sign; the others bear the tag `!!float`, which says so and leaves the digits alone.
//! - A key that is too long for `key: value` is written as `? key`.
//! - In flow style, which stays on one line, all strings stand in double quotes.
//!
//! Nothing is parsed into a tree and nothing recurses, so depth costs no stack.

use std::io::{self, Write};

use super::json::{indent, laid_out};
use crate::account::{Concealment, Entry};
use crate::escape::Escapes;
use crate::json::{Token, decode};

/// How long a key may be before its colon. YAML counts characters; bytes are never fewer.
const LONGEST_KEY: usize = 1024;

/// What YAML 1.1, or a careless reader, takes for something else than a string, in any case.
const WORDS: [&str; 12] = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity",
];

/// Writes one object of entries, without those that are concealed, as a block mapping; with `item`, as an item of
/// a sequence: `- ` before the first key, two spaces before the others. Ends with a newline.
///
/// # Errors
/// Those of `out`.
pub fn write_object(
    out: &mut impl Write,
    entries: &[Entry<'_>],
    concealment: &Concealment,
    item: bool,
) -> io::Result<()> {
    let mut emitter = Emitter {
        out,
        open: Vec::with_capacity(8),
        key: Vec::with_capacity(32),
        after: After::Nothing,
        laid_out: laid_out(entries) + usize::from(item),
    };
    if item {
        // The caller's sequence, which this call does not end.
        emitter.token(Token::ArrayStart)?;
    }
    emitter.token(Token::ObjectStart)?;
    for (name, value) in entries.iter().filter_map(|e| Some((e.name, e.value?))) {
        emitter.key(name)?;
        for token in concealment.visible(value) {
            emitter.token(token)?;
        }
    }
    emitter.token(Token::ObjectEnd)
}

enum Container {
    Mapping,
    Sequence,
}

/// What was written last. A container writes nothing when it opens: whether it is empty shows with the next token.
enum After {
    Nothing,
    /// A whole line.
    Line,
    /// A key and its colon.
    Key,
    /// The dash of an item.
    Dash,
    /// The opening bracket of a container on one line.
    Bracket,
    /// A member or item of one.
    Sibling,
}

struct Emitter<'o, W> {
    out: &'o mut W,
    open: Vec<Container>,
    /// The key that is being written.
    key: Vec<u8>,
    after: After,
    /// Containers deeper than this stay on one line, in flow style.
    laid_out: usize,
}

impl<W: Write> Emitter<'_, W> {
    fn token(&mut self, token: Token<'_>) -> io::Result<()> {
        match token {
            Token::ObjectEnd | Token::ArrayEnd => return self.close(),
            // A checked document's strings all decode.
            Token::Key(raw) => return self.key(&decode(raw).unwrap_or_default()),
            _ => {}
        }
        if let Some(Container::Sequence) = self.open.last() {
            self.begin_entry()?;
            if !self.is_on_one_line() {
                self.out.write_all(b"-")?;
                self.after = After::Dash;
            }
        }
        match token {
            Token::ObjectStart => self.open(Container::Mapping),
            Token::ArrayStart => self.open(Container::Sequence),
            Token::String(raw) => {
                self.begin_value()?;
                // A checked document's strings all decode.
                let text = decode(raw).unwrap_or_default();
                if self.is_on_one_line() {
                    write_quoted(self.out, &text)?;
                } else {
                    write_string(self.out, &text)?;
                }
                self.end_value()
            }
            Token::Scalar(raw) => {
                self.begin_value()?;
                if needs_tag(raw) {
                    self.out.write_all(b"!!float ")?;
                }
                self.out.write_all(raw.as_bytes())?;
                self.end_value()
            }
            Token::Key(_) | Token::ObjectEnd | Token::ArrayEnd => Ok(()),
        }
    }

    fn key(&mut self, name: &str) -> io::Result<()> {
        self.begin_entry()?;
        self.key.clear();
        if self.is_on_one_line() {
            write_quoted(&mut self.key, name)?;
        } else {
            write_string(&mut self.key, name)?;
        }
        let is_long = self.key.len() > LONGEST_KEY;
        if is_long {
            self.out.write_all(b"? ")?;
        }
        self.out.write_all(&self.key)?;
        match (is_long, self.is_on_one_line()) {
            (true, true) => self.out.write_all(b" ")?,
            (true, false) => {
                self.out.write_all(b"\n")?;
                self.indent()?;
            }
            (false, _) => {}
        }
        self.after = After::Key;
        self.out.write_all(b":")
    }

    /// Whether the innermost container is in flow style.
    fn is_on_one_line(&self) -> bool {
        self.open.len() > self.laid_out
    }

    fn open(&mut self, container: Container) -> io::Result<()> {
        let bracket: &[u8] = match container {
            Container::Mapping => b"{",
            Container::Sequence => b"[",
        };
        self.open.push(container);
        if self.is_on_one_line() {
            self.begin_value()?;
            self.out.write_all(bracket)?;
            self.after = After::Bracket;
        }
        Ok(())
    }

    /// Goes to where the next member or item of the innermost container stands: behind the dash if the container is an
    /// item itself and this its first, for a dash and a space are as wide as a level.
    fn begin_entry(&mut self) -> io::Result<()> {
        match self.after {
            After::Nothing | After::Bracket => return Ok(()),
            After::Dash => return self.out.write_all(b" "),
            After::Sibling => return self.out.write_all(b", "),
            After::Key => self.out.write_all(b"\n")?,
            After::Line => {}
        }
        self.indent()
    }

    fn begin_value(&mut self) -> io::Result<()> {
        match self.after {
            After::Key | After::Dash => self.out.write_all(b" "),
            After::Nothing | After::Line | After::Bracket | After::Sibling => Ok(()),
        }
    }

    fn close(&mut self) -> io::Result<()> {
        let was_on_one_line = self.is_on_one_line();
        let closed = self.open.pop();
        if was_on_one_line {
            self.out.write_all(match closed {
                Some(Container::Sequence) => b"]",
                _ => b"}",
            })?;
            return self.end_value();
        }
        if let After::Line = self.after {
            return Ok(());
        }
        self.begin_value()?;
        self.out.write_all(match closed {
            Some(Container::Sequence) => b"[]",
            _ => b"{}",
        })?;
        self.end_value()
    }

    fn end_value(&mut self) -> io::Result<()> {
        if self.is_on_one_line() {
            self.after = After::Sibling;
            return Ok(());
        }
        self.after = After::Line;
        self.out.write_all(b"\n")
    }

    fn indent(&mut self) -> io::Result<()> {
        indent(self.out, 2 * self.open.len().saturating_sub(1))
    }
}

/// Whether a reader of YAML 1.1 would take a JSON number for a string.
fn needs_tag(scalar: &str) -> bool {
    let is_number = !scalar.starts_with(['t', 'f', 'n']);
    is_number
        && scalar
            .split_once(['e', 'E'])
            .is_some_and(|(digits, exponent)| {
                !digits.contains('.') || !exponent.starts_with(['+', '-'])
            })
}

fn write_string(out: &mut impl Write, text: &str) -> io::Result<()> {
    if is_plain(text) {
        return out.write_all(text.as_bytes());
    }
    write_quoted(out, text)
}

fn write_quoted(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut plain = 0;
    let mut escapes = Escapes::default();
    for (i, c) in text.char_indices() {
        if !escapes.escapes(c) && c != '"' && c != '\\' {
            continue;
        }
        out.write_all(&text.as_bytes()[plain..i])?;
        plain = i + c.len_utf8();
        match (c, u32::from(c)) {
            ('"', _) => out.write_all(b"\\\"")?,
            ('\\', _) => out.write_all(b"\\\\")?,
            ('\n', _) => out.write_all(b"\\n")?,
            ('\r', _) => out.write_all(b"\\r")?,
            ('\t', _) => out.write_all(b"\\t")?,
            (_, code @ ..=0xff) => write!(out, "\\x{code:02X}")?,
            (_, code @ ..=0xffff) => write!(out, "\\u{code:04X}")?,
            (_, code) => write!(out, "\\U{code:08X}")?,
        }
    }
    out.write_all(&text.as_bytes()[plain..])?;
    out.write_all(b"\"")
}

/// Whether a string needs no quotes. Numbers, dates and times start with a digit, a sign or a point, and `=`, `<<`, `~`
/// with themselves, so that among texts that start with a letter only words are left, and exponents (`e3`).
fn is_plain(text: &str) -> bool {
    let [first, rest @ ..] = text.as_bytes() else {
        return false;
    };
    let is_exponent = || {
        matches!(first, b'e' | b'E')
            && !rest.is_empty()
            && !rest.iter().any(u8::is_ascii_alphabetic)
    };
    first.is_ascii_alphabetic()
        && rest
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b" _-./@+,".contains(b))
        && rest.last() != Some(&b' ')
        && !is_exponent()
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, CONNECTED, Document};
    use crate::escape::is_forbidden;

    fn written(text: &str, item: bool, reveal: bool) -> String {
        let document = Document::parse(text.to_owned()).expect("object");
        let concealment = Concealment::of(&document, reveal);
        let account = Account {
            resource: &CONNECTED,
            document,
        };
        let shown = account.entries(None, &concealment).expect("all");
        let mut out = Vec::new();
        write_object(&mut out, &shown, &concealment, item).expect("a Vec");
        String::from_utf8(out).expect("UTF-8")
    }

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        write_string(&mut out, text).expect("a Vec");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn containers_are_blocks() {
        for (text, mapping, item) in [
            ("{}", "{}\n", "- {}\n"),
            (
                r#"{"b":"x","a":null,"c":true,"d":false}"#,
                "b: x\na: null\nc: true\nd: false\n",
                "- b: x\n  a: null\n  c: true\n  d: false\n",
            ),
            (
                r#"{"a":{},"b":[],"c":{"d":{"e":1}},"f":2}"#,
                "a: {}\nb: []\nc:\n  d:\n    e: 1\nf: 2\n",
                "- a: {}\n  b: []\n  c:\n    d:\n      e: 1\n  f: 2\n",
            ),
            (
                r#"{"a":[1,{"b":2,"c":[3]},[4,[5,{}],[]],{"d":{"e":6}}],"f":7}"#,
                "a:\n  - 1\n  - b: 2\n    c:\n      - 3\n  - - 4\n    - - 5\n      - {}\n    - []\n  - d:\n      e: 6\nf: 7\n",
                "- a:\n    - 1\n    - b: 2\n      c:\n        - 3\n    - - 4\n      - - 5\n        - {}\n      - []\n    - d:\n        e: 6\n  f: 7\n",
            ),
        ] {
            assert_eq!(written(text, false, true), mapping);
            assert_eq!(written(text, true, true), item);
        }
    }

    #[test]
    fn numbers_keep_their_digits_and_are_numbers_to_every_reader() {
        for (number, yaml) in [
            ("0", "0"),
            ("-0", "-0"),
            ("-0.0", "-0.0"),
            ("1.50", "1.50"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("0.1000000000000000000001", "0.1000000000000000000001"),
            ("1.5e+3", "1.5e+3"),
            ("-1.5E-3", "-1.5E-3"),
            ("1.5e3", "!!float 1.5e3"),
            ("1e3", "!!float 1e3"),
            ("1E+3", "!!float 1E+3"),
            ("-0e-1", "!!float -0e-1"),
            ("1e400", "!!float 1e400"),
        ] {
            assert_eq!(
                written(&format!("{{\"a\":[{number}]}}"), false, true),
                format!("a:\n  - {yaml}\n")
            );
        }
    }

    #[test]
    fn plain_are_only_strings_that_are_nothing_else() {
        for text in [
            "a",
            "cacc_7n42DGM5Tflk9n8mt7Fhc7",
            "past_due",
            "Acme, Inc. and Sons",
            "ann+b@example.com",
            "nobody",
            "e3a",
            "x/y-z",
            "No one",
        ] {
            assert_eq!(string(text), text);
        }
        let words = "y Y n N yes Yes YES no No NO nO on On ON off Off OFF true True TRUE false null Null NULL ~ nan NaN \
            Infinity inf .inf -.INF .NaN e3 E3 e+3 e-3 e_1 0 00 007 08 0o7 0x1 0xA 0b1 1_000 +1 -1 1. .5 . .. ... - -- --- \
            -x + +x ? : = << < > | >- |+ & * ! % @ ` # , [ ] { } [] {} ' a: a:b :a a# #a &a *a !a %a 12:30:45 190:20:30.15 \
            2001-12-14 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z https://x/ é _ _1";
        for text in words
            .split_whitespace()
            .chain(["", " ", " a", "a ", "a: b", "a #b", "- a", "? a"])
        {
            assert_eq!(string(text), format!("\"{text}\""));
        }
        assert_eq!(
            written(
                r#"{"no":"no","1e3":"1e3","\u006eull":"nul\u006c"}"#,
                false,
                true
            ),
            "\"no\": \"no\"\n\"1e3\": \"1e3\"\n\"null\": \"null\"\n"
        );
    }

    #[test]
    fn quoted_strings_are_escaped() {
        assert_eq!(
            string("q\"b\\s/\t\r\n\0\u{1b}\u{7f}\u{85}\u{a0}é\u{ad}"),
            "\"q\\\"b\\\\s/\\t\\r\\n\\x00\\x1B\\x7F\\x85\u{a0}é\\xAD\""
        );
        assert_eq!(
            string("漢😀\u{2028}\u{202e}\u{feff}\u{ffff}\u{e0041}"),
            "\"漢😀\\u2028\\u202E\\uFEFF\\uFFFF\\U000E0041\""
        );
        assert_eq!(
            written(r#"{"a":"\ud83d\ude00 \udb40\udc41"}"#, false, true),
            "a: \"😀 \\U000E0041\"\n"
        );
    }

    #[test]
    fn what_yaml_cannot_print_is_escaped() {
        for c in '\0'..=char::MAX {
            let printable = matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
                && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
            assert!(printable || is_forbidden(c), "{:x}", u32::from(c));
        }
    }

    #[test]
    fn long_keys_are_written_apart() {
        let fits = "k".repeat(1024);
        let long = "k".repeat(1025);
        let escapes = "\\u0000".repeat(256);
        let written_escapes = "\\x00".repeat(256);
        assert_eq!(
            written(&format!("{{\"{fits}\":1}}"), false, true),
            format!("{fits}: 1\n")
        );
        assert_eq!(
            written(
                &format!("{{\"{long}\":1,\"a\":[{{\"{long}\":{{\"b\":2}},\"c\":3}}]}}"),
                true,
                true
            ),
            format!("- ? {long}\n  : 1\n  a:\n    - ? {long}\n      :\n        b: 2\n      c: 3\n")
        );
        assert_eq!(
            written(&format!("{{\"{escapes}\":[]}}"), false, true),
            format!("? \"{written_escapes}\"\n: []\n")
        );
    }

    #[test]
    fn what_is_concealed_leaves_no_trace() {
        let text = r#"{"activation_token":"PNS-12345","a":{"activationToken":[1,{}]},"b":["x PNS-12345"],"c":[{"activation_token":1,"d":2}]}"#;
        assert_eq!(written(text, false, false), "a: {}\nb: []\nc:\n  - d: 2\n");
        assert!(written(text, false, true).contains("PNS-12345"));
    }

    #[test]
    fn what_is_deep_stays_on_one_line() {
        for (deep, line) in [
            ("[]", "[]"),
            ("{}", "{}"),
            ("[[]]", "[[]]"),
            (
                r#"{"a":[1e3,-1.50,null],"b c":{},"d":"x, ]\u001b"}"#,
                r#"{"a": [!!float 1e3, -1.50, null], "b c": {}, "d": "x, ]\x1B"}"#,
            ),
            (
                r#"["no",{"1":[]},{"e":2}]"#,
                r#"["no", {"1": []}, {"e": 2}]"#,
            ),
            (r#"["",{"":0}]"#, r#"["", {"": 0}]"#),
        ] {
            // The object, and fifteen arrays.
            let text = format!(
                "{{\"k\":{}{deep},1{},\"m\":2}}",
                "[".repeat(15),
                "]".repeat(15)
            );
            let dashes = "- ".repeat(15);
            let (blanks, more) = (" ".repeat(30), " ".repeat(32));
            assert_eq!(
                written(&text, false, true),
                format!("k:\n  {dashes}{line}\n{blanks}- 1\nm: 2\n")
            );
            assert_eq!(
                written(&text, true, true),
                format!("- k:\n    {dashes}{line}\n{more}- 1\n  m: 2\n")
            );
        }
        let long = "k".repeat(1023);
        let text = format!(
            "{}{{\"{long}\":[1],\"x\":2}}{}",
            "{\"a\":".repeat(16),
            "}".repeat(16)
        );
        let line = format!("a: {{? \"{long}\" : [1], \"x\": 2}}\n");
        assert!(written(&text, false, true).ends_with(&line));
    }

    #[test]
    fn what_is_large_is_laid_out_as_far_as_it_does_not_grow_much() {
        let numbers = format!("0{}", ",0".repeat(20_000));
        let line = numbers.replace(',', ", ");
        let rows = |indent: &str| {
            format!(
                "{indent}- {}\n",
                numbers.replace(',', &format!("\n{indent}- "))
            )
        };
        for (text, yaml) in [
            (
                format!("{{\"a\":[{numbers}]}}"),
                format!("a:\n{}", rows("  ")),
            ),
            (
                format!("{{\"a\":[1,{{\"b\":[{numbers}]}}],\"c\":2}}"),
                format!("a:\n  - 1\n  - b: [{line}]\nc: 2\n"),
            ),
            // Members of some length are laid out deeper.
            (
                format!("{{\"a\":{{\"b\":{{\"c\":[\"{numbers}\",1]}}}}}}"),
                format!("a:\n  b:\n    c:\n      - \"{numbers}\"\n      - 1\n"),
            ),
        ] {
            assert!(
                written(&text, false, true) == yaml,
                "{:.60}",
                written(&text, false, true)
            );
        }
    }

    #[test]
    fn depth_needs_no_stack() {
        let arrays = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
        assert_eq!(
            written(&arrays, false, true),
            format!(
                "a:\n  {}{}{}\n",
                "- ".repeat(15),
                "[".repeat(112),
                "]".repeat(112)
            )
        );
        let objects = format!("{}1{}", "{\"a\":".repeat(128), "}".repeat(128));
        let line = format!("a: {}1{}\n", "{\"a\": ".repeat(112), "}".repeat(112));
        assert!(written(&objects, false, true).ends_with(&format!("{}{line}", " ".repeat(30))));
    }
}
