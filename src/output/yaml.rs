//! Objects as YAML that every reader, of YAML 1.1 or 1.2, takes for the server's own document.
//!
//! - A string is plain only if it starts with a letter, has no character that means something in YAML, and is no word or number of
//!   either version; else it is in double quotes, with everything escaped that must not reach a terminal.
//! - A number is copied to the letter. YAML 1.1 takes one with an exponent for a string unless it has a point and the exponent a
//!   sign; `!!float` before the others says that they are numbers. Very deep containers are JSON, on one line.

use std::io::Write as _;

use super::document::{DEEPEST, compact, visible};
use crate::account::Redactor;
use crate::json::{Json, View};
use crate::text::marked;

/// The longest key before a colon. YAML counts characters; bytes are never fewer.
const LONGEST_KEY: usize = 1024;

/// What YAML 1.1, or a careless reader, takes for something else than a string, in any case.
const WORDS: [&str; 12] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];

/// Writes an object as a block mapping or, with `is_item`, as an item of a sequence. Ends with a newline.
pub(super) fn write_object<'a>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (&'a str, Json<'a>)>,
    redactor: &Redactor,
    is_item: bool,
) {
    out.extend(is_item.then_some(b'-'));
    Emitter { out, redactor }.mapping(members, usize::from(is_item));
}

struct Emitter<'a> {
    out: &'a mut Vec<u8>,
    redactor: &'a Redactor,
}

impl Emitter<'_> {
    /// Writes a value with its line's end; `depth` containers are open around it.
    fn value(&mut self, value: Json<'_>, depth: usize) {
        if depth >= DEEPEST || !value.is_container() {
            self.out.push(b' ');
            match value.as_str() {
                Some(text) => write_string(self.out, &text),
                None if value.is_container() => {
                    self.out.extend_from_slice(compact(value, self.redactor).as_bytes());
                }
                None => {
                    let parts = value.text().split_once(['e', 'E']).filter(|_| value.is_number());
                    let needs_tag =
                        |(digits, exponent): (&str, &str)| !digits.contains('.') || !exponent.starts_with(['+', '-']);
                    self.out.extend_from_slice(if parts.is_some_and(needs_tag) { b"!!float " } else { b"" });
                    self.out.extend_from_slice(value.text().as_bytes());
                }
            }
            return self.out.push(b'\n');
        }
        match value.view() {
            View::Object(members) => self.mapping(visible(&members, self.redactor), depth),
            View::Array(elements) => {
                let visible = elements.into_iter().filter(|element| !self.redactor.hides_value(*element));
                self.block(visible, depth, b"[]\n", |emitter, element| {
                    emitter.out.push(b'-');
                    emitter.value(element, depth + 1);
                });
            }
            _ => {}
        }
    }

    fn mapping<'a>(&mut self, members: impl Iterator<Item = (&'a str, Json<'a>)>, depth: usize) {
        self.block(members, depth, b"{}\n", |emitter, (name, value)| {
            let mut key = Vec::new();
            write_string(&mut key, name);
            if key.len() > LONGEST_KEY {
                emitter.out.extend_from_slice(b"? ");
                key.push(b'\n');
                key.resize(key.len() + 2 * depth, b' ');
            }
            emitter.out.append(&mut key);
            emitter.out.push(b':');
            emitter.value(value, depth + 1);
        });
    }

    /// Writes members or items, each on its own line but for the first one after a dash: a dash and a blank are as wide as a level.
    fn block<T>(&mut self, items: impl Iterator<Item = T>, depth: usize, empty: &[u8], write: impl Fn(&mut Self, T)) {
        let mut items = items.peekable();
        // What stands before them on their line: nothing, a key, or a dash.
        let follows_dash = self.out.ends_with(b"-");
        match self.out.last() {
            None => {}
            Some(b':') if items.peek().is_some() => self.out.push(b'\n'),
            Some(_) => self.out.push(b' '),
        }
        if items.peek().is_none() {
            self.out.extend_from_slice(empty);
        }
        for (number, item) in items.enumerate() {
            let indent = if number == 0 && follows_dash { 0 } else { 2 * depth };
            self.out.resize(self.out.len() + indent, b' ');
            write(self, item);
        }
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text) {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    for (_, c, is_escaped) in marked(text) {
        // Writing to a Vec cannot fail.
        let _ = match (c, u32::from(c)) {
            ('"' | '\\', _) => write!(out, "\\{c}"),
            ('\n' | '\r' | '\t', _) => write!(out, "{}", c.escape_default()),
            (_, code @ ..=0xff) if is_escaped => write!(out, "\\x{code:02X}"),
            (_, code @ ..=0xffff) if is_escaped => write!(out, "\\u{code:04X}"),
            (_, code) if is_escaped => write!(out, "\\U{code:08X}"),
            _ => write!(out, "{c}"),
        };
    }
    out.push(b'"');
}

/// Whether a string needs no quotes. Of texts that start with a letter, only words and exponents (`e3`) mean something else.
fn is_plain(text: &str) -> bool {
    let [first, rest @ ..] = text.as_bytes() else {
        return false;
    };
    let is_safe = |b: &u8| b.is_ascii_alphanumeric() || b" _-./@+,".contains(b);
    let is_exponent = matches!(first, b'e' | b'E') && !rest.is_empty() && !rest.iter().any(u8::is_ascii_alphabetic);
    first.is_ascii_alphabetic()
        && rest.iter().all(is_safe)
        && !text.ends_with(' ')
        && !is_exponent
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::redact::Tokens;
    use crate::account::{Account, CONNECTED, Document};

    fn written(text: &str, is_item: bool, reveal: bool) -> String {
        let account = Account { resource: &CONNECTED, document: Document::parse(text.to_owned()).expect("object") };
        let redactor = Redactor::new(reveal, Tokens::default()).for_account(&account);
        let entries = account.entries(None, &redactor).expect("all");
        let members = entries.iter().filter_map(|entry| Some((entry.name, entry.value?)));
        let mut out = Vec::new();
        write_object(&mut out, members, &redactor, is_item);
        String::from_utf8(out).expect("UTF-8")
    }

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        write_string(&mut out, text);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn containers_are_blocks() {
        for (text, mapping, item) in [
            (
                r#"{"b":"x","a":null,"c":true,"d":false}"#,
                "b: x\na: null\nc: true\nd: false\n",
                "- b: x\n  a: null\n  c: true\n  d: false\n",
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
            ("-0.0", "-0.0"),
            ("1.50", "1.50"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("-1.5E-3", "-1.5E-3"),
            ("1.5e3", "!!float 1.5e3"),
            ("1e3", "!!float 1e3"),
            ("1e400", "!!float 1e400"),
        ] {
            assert_eq!(written(&format!("{{\"a\":[{number}]}}"), false, true), format!("a:\n  - {yaml}\n"));
        }
    }

    #[test]
    fn plain_are_only_strings_that_are_nothing_else() {
        for text in ["a", "past_due", "Acme, Inc. and Sons", "ann+b@example.com", "nobody", "e3a"] {
            assert_eq!(string(text), text);
        }
        let words = "y Y n N yes Yes YES no No NO nO on On ON off Off OFF true True TRUE false null Null NULL ~ nan NaN \
            Infinity inf .inf -.INF .NaN e3 E3 e+3 e-3 e_1 0 00 007 08 0o7 0x1 0xA 0b1 1_000 +1 -1 1. .5 . .. ... - -- --- \
            -x + +x ? : = << < > | >- |+ & * ! % @ ` # , [ ] { } [] {} ' a: a:b :a a# #a &a *a !a %a 12:30:45 190:20:30.15 \
            2001-12-14 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z https://x/ é _ _1";
        for text in words.split_whitespace().chain(["", " ", " a", "a ", "a: b", "a #b", "- a", "? a"]) {
            assert_eq!(string(text), format!("\"{text}\""));
        }
        assert_eq!(
            written(r#"{"no":"no","1e3":"1e3","\u006eull":"nul\u006c"}"#, false, true),
            "\"no\": \"no\"\n\"1e3\": \"1e3\"\n\"null\": \"null\"\n"
        );
    }

    #[test]
    fn long_keys_are_written_apart_and_quoted_strings_escaped() {
        let long = "k".repeat(1025);
        let text = format!("{{\"{long}\":1,\"a\":[{{\"{long}\":{{\"b\":2}}}}]}}");
        let expected = format!("- ? {long}\n  : 1\n  a:\n    - ? {long}\n      :\n        b: 2\n");
        assert_eq!(written(&text, true, true), expected);
        let quoted = "\"q\\\"b\\\\s/\\t\\r\\n\\x00\\x1B\\x7F\\x85\u{a0}é\\xAD\\u2028\\U000E0041\"";
        assert_eq!(string("q\"b\\s/\t\r\n\0\u{1b}\u{7f}\u{85}\u{a0}é\u{ad}\u{2028}\u{e0041}"), quoted);
    }

    #[test]
    fn what_is_deep_stays_on_one_line() {
        // The object, and fifteen arrays.
        let text = format!("{{\"k\":{}{{\"a\":[1]}}{}}}", "[".repeat(15), "]".repeat(15));
        let dashes = "- ".repeat(15);
        assert_eq!(written(&text, false, true), format!("k:\n  {dashes}{{\"a\":[1]}}\n"));
    }
}
