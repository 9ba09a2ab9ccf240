//! Objects as JSON: the server's text, laid out anew.
//!
//! Only blanks change, and how a string is escaped: members keep their order, numbers are copied to the letter, and what
//! `escape` forbids is written as `\uXXXX`. Nothing is parsed into a tree and nothing recurses, so depth costs no stack.

use std::io::{self, Write};

use crate::account::{Concealment, Entry};
use crate::json::{Token, Tokens, decode, write_string};

/// Writes one object of entries, without those that are concealed, each on a line of its own, two spaces deeper
/// than `indent`, which is the number of spaces before the closing brace. No newline at the end.
///
/// # Errors
/// Those of `out`.
pub fn write_object(
    out: &mut impl Write,
    entries: &[Entry<'_>],
    concealment: &Concealment,
    indent: usize,
) -> io::Result<()> {
    let mut writer = Writer::new(out, Some(indent));
    writer.laid_out = laid_out(entries);
    writer.object(entries, concealment)
}

/// Writes one object on one line, without blanks: `{"a":1,"b":[1,2]}`. No newline at the end.
///
/// # Errors
/// Those of `out`.
pub fn write_line(
    out: &mut impl Write,
    entries: &[Entry<'_>],
    concealment: &Concealment,
) -> io::Result<()> {
    Writer::new(out, None).object(entries, concealment)
}

/// One value (JSON text) on one line; empty if all of it is concealed.
#[must_use]
pub fn compact(value: &str, concealment: &Concealment) -> String {
    let mut out = Vec::with_capacity(value.len());
    let mut writer = Writer::new(&mut out, None);
    for token in concealment.visible(value) {
        // Writing to a Vec cannot fail.
        let _ = writer.token(token);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes `count` spaces.
pub(super) fn indent(out: &mut impl Write, mut count: usize) -> io::Result<()> {
    const SPACES: [u8; 64] = [b' '; 64];
    while count > 0 {
        let some = count.min(SPACES.len());
        out.write_all(&SPACES[..some])?;
        count -= some;
    }
    Ok(())
}

/// What stands before the place where a key or value comes next.
enum Before {
    /// A key's colon, or nothing at all.
    Colon,
    /// A bracket that was just opened.
    Bracket,
    /// Another member or element.
    Sibling,
}

/// What is deeper than this stays on one line: indented, a body of deep brackets would grow a hundredfold.
const LAID_OUT: usize = 16;

/// Accounts up to this size, in bytes, may take what they will.
const SMALL: usize = 32 * 1024;

/// Larger ones grow by so much for each of their bytes: what would take more stays on one line from a smaller depth on.
const GROWTH: usize = 4;

/// To which depth an object of these entries is laid out: what is deeper stays on one line.
pub(super) fn laid_out(entries: &[Entry<'_>]) -> usize {
    let values = || entries.iter().filter_map(|entry| entry.value);
    let size: usize = values().map(str::len).sum();
    if size <= SMALL {
        return LAID_OUT;
    }
    let mut lines = [0; LAID_OUT + 1];
    for value in values() {
        let mut depth = 1;
        for token in Tokens::new(value) {
            if let Token::ArrayEnd | Token::ObjectEnd = token {
                depth -= 1;
            } else if let Some(lines) = lines.get_mut(depth) {
                // A key shares the line of its value.
                *lines += usize::from(!matches!(token, Token::Key(_)));
            }
            if let Token::ArrayStart | Token::ObjectStart = token {
                depth += 1;
            }
        }
    }
    let mut left = GROWTH * size;
    let fits = lines.iter().enumerate().take_while(|&(depth, lines)| {
        let blanks = lines * 2 * (depth + 1);
        left.checked_sub(blanks).is_some_and(|rest| {
            left = rest;
            true
        })
    });
    fits.last().map_or(1, |(depth, _)| depth.max(1))
}

struct Writer<'o, W> {
    out: &'o mut W,
    /// The indentation of the outermost bracket; `None` to stay on one line.
    indent: Option<usize>,
    /// What is deeper stays on one line, too.
    laid_out: usize,
    depth: usize,
    before: Before,
}

impl<'o, W: Write> Writer<'o, W> {
    fn new(out: &'o mut W, indent: Option<usize>) -> Self {
        Writer {
            out,
            indent,
            laid_out: LAID_OUT,
            depth: 0,
            before: Before::Colon,
        }
    }

    fn object(&mut self, entries: &[Entry<'_>], concealment: &Concealment) -> io::Result<()> {
        self.token(Token::ObjectStart)?;
        for (name, value) in entries.iter().filter_map(|e| Some((e.name, e.value?))) {
            self.separate()?;
            if !self.copied(name)? {
                write_string(self.out, name)?;
            }
            self.colon()?;
            self.value(value, concealment)?;
        }
        self.token(Token::ObjectEnd)
    }

    /// Writes a member's value, which is not hidden itself.
    fn value(&mut self, value: &str, concealment: &Concealment) -> io::Result<()> {
        // A value without an inside is a token by itself.
        if let Some(raw) = value
            .strip_prefix('"')
            .and_then(|raw| raw.strip_suffix('"'))
        {
            return self.token(Token::String(raw));
        }
        if !value.starts_with(['{', '[']) {
            return self.token(Token::Scalar(value));
        }
        for token in concealment.visible(value) {
            self.token(token)?;
        }
        Ok(())
    }

    fn token(&mut self, token: Token<'_>) -> io::Result<()> {
        if let Token::ObjectEnd | Token::ArrayEnd = token {
            let inside = self.depth;
            self.depth = self.depth.saturating_sub(1);
            if let Before::Sibling = self.before {
                self.break_line(inside)?;
            }
            self.before = Before::Sibling;
        } else {
            self.separate()?;
        }
        if let Token::ObjectStart | Token::ArrayStart = token {
            self.depth += 1;
            self.before = Before::Bracket;
        }
        match token {
            Token::ObjectStart => self.out.write_all(b"{"),
            Token::ObjectEnd => self.out.write_all(b"}"),
            Token::ArrayStart => self.out.write_all(b"["),
            Token::ArrayEnd => self.out.write_all(b"]"),
            Token::Key(raw) => {
                self.string(raw)?;
                self.colon()
            }
            Token::String(raw) => self.string(raw),
            Token::Scalar(raw) => self.out.write_all(raw.as_bytes()),
        }
    }

    /// Goes to where the next key or value stands.
    fn separate(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.before, Before::Sibling) {
            Before::Colon => Ok(()),
            Before::Bracket => self.break_line(self.depth),
            Before::Sibling => {
                self.out.write_all(b",")?;
                self.break_line(self.depth)
            }
        }
    }

    /// Begins a line, if what stands so deep `inside` has lines of its own.
    fn break_line(&mut self, inside: usize) -> io::Result<()> {
        let Some(base) = self.indent.filter(|_| inside <= self.laid_out) else {
            return Ok(());
        };
        self.out.write_all(b"\n")?;
        indent(self.out, base + 2 * self.depth)
    }

    fn colon(&mut self) -> io::Result<()> {
        self.before = Before::Colon;
        let colon: &[u8] = if self.indent.is_some() { b": " } else { b":" };
        self.out.write_all(colon)
    }

    /// Writes a string that is still escaped as the server did it.
    fn string(&mut self, raw: &str) -> io::Result<()> {
        if self.copied(raw)? {
            return Ok(());
        }
        // A checked document's strings all decode.
        write_string(self.out, &decode(raw).unwrap_or_default())
    }

    /// Writes `text` if it is the same decoded and escaped, as most are: the short way for them.
    fn copied(&mut self, text: &str) -> io::Result<bool> {
        // Without a way out of the loop it runs over many bytes at once.
        let same = |b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
        if !text.bytes().fold(true, |all, b| all & same(b)) {
            return Ok(false);
        }
        self.out.write_all(b"\"")?;
        self.out.write_all(text.as_bytes())?;
        self.out.write_all(b"\"")?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::account::{Account, CONNECTED, Document};
    use crate::escape::is_forbidden;

    /// The object as several lines and as one.
    fn written(text: &str, base: usize, reveal: bool) -> (String, String) {
        let document = Document::parse(text.to_owned()).expect("object");
        let concealment = Concealment::of(&document, reveal);
        let account = Account {
            resource: &CONNECTED,
            document,
        };
        let shown = account.entries(None, &concealment).expect("all");
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        write_object(&mut lines, &shown, &concealment, base).expect("a Vec");
        write_line(&mut line, &shown, &concealment).expect("a Vec");
        if let Some(whole) = account.document.as_line() {
            assert_eq!(line, whole.as_bytes());
        }
        (
            String::from_utf8(lines).expect("UTF-8"),
            String::from_utf8(line).expect("UTF-8"),
        )
    }

    #[test]
    fn only_blanks_and_escapes_change() {
        for (text, lines, line) in [
            (" { } ", "{}", "{}"),
            (
                r#"{ "b" : 1.50, "a":-0 ,"c":1E400,"d":null,"e":true}"#,
                "{\n  \"b\": 1.50,\n  \"a\": -0,\n  \"c\": 1E400,\n  \"d\": null,\n  \"e\": true\n}",
                r#"{"b":1.50,"a":-0,"c":1E400,"d":null,"e":true}"#,
            ),
            (
                r#"{"a":[ ],"b":[{ },[1 ,[]]],"c":{"d":{"e":"f"}}}"#,
                "{\n  \"a\": [],\n  \"b\": [\n    {},\n    [\n      1,\n      []\n    ]\n  ],\n  \"c\": {\n    \"d\": {\n      \"e\": \"f\"\n    }\n  }\n}",
                r#"{"a":[],"b":[{},[1,[]]],"c":{"d":{"e":"f"}}}"#,
            ),
            (
                "{\"a\":\"q\\\"b\\\\s\\/\\u0041\u{7f}\u{9b}\\n\",\"\\u0062\u{202e}\":\"é😀\u{e0041}\"}",
                "{\n  \"a\": \"q\\\"b\\\\s/A\\u007f\\u009b\\n\",\n  \"b\\u202e\": \"é😀\\udb40\\udc41\"\n}",
                "{\"a\":\"q\\\"b\\\\s/A\\u007f\\u009b\\n\",\"b\\u202e\":\"é😀\\udb40\\udc41\"}",
            ),
            (
                r#"{"a":{"\u002f\u200b":1},"$serde_json::private::RawValue":"[1]"}"#,
                "{\n  \"a\": {\n    \"/\\u200b\": 1\n  },\n  \"$serde_json::private::RawValue\": \"[1]\"\n}",
                r#"{"a":{"/\u200b":1},"$serde_json::private::RawValue":"[1]"}"#,
            ),
        ] {
            assert_eq!(written(text, 0, true), (lines.to_owned(), line.to_owned()));
        }
    }

    #[test]
    fn an_element_of_an_array_is_indented_as_a_whole() {
        let (lines, _) = written(r#"{"a":[1],"b":{}}"#, 2, true);
        assert_eq!(
            lines,
            "{\n    \"a\": [\n      1\n    ],\n    \"b\": {}\n  }"
        );
    }

    #[test]
    fn what_is_concealed_leaves_no_trace() {
        let text = r#"{"activation_token":"PNS-12345","a":{"activationToken":[1,{}]},"b":["x PNS-12345","y"],"c":"PNS-12345"}"#;
        assert_eq!(written(text, 0, false).1, r#"{"a":{},"b":["y"]}"#);
        assert_eq!(written(text, 0, true).1, text);
    }

    #[test]
    fn a_value_fits_on_one_line() {
        let document =
            Document::parse(r#"{"activation_token":"PNS-12345"}"#.to_owned()).expect("object");
        let concealment = Concealment::of(&document, false);
        for (value, line) in [
            (
                " { \"a\" : [ 1.0 , \"\u{1b}\" ] } ",
                r#"{"a":[1.0,"\u001b"]}"#,
            ),
            (r#"[["PNS-12345"],{"activation_token":1}]"#, "[[],{}]"),
            (r#""PNS-12345""#, ""),
            ("\"x\"", "\"x\""),
            ("1e400", "1e400"),
        ] {
            assert_eq!(compact(value, &concealment), line);
        }
    }

    #[test]
    fn depth_needs_no_stack() {
        let text = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
        let (lines, line) = written(&text, 0, true);
        assert_eq!(line, text);
        // The sixteenth bracket has a line of its own, and what is in it has none.
        let last = format!("{}{}", "[".repeat(112), "]".repeat(112));
        assert!(lines.contains(&format!("\n{}{last}\n", " ".repeat(2 * 16))));
    }

    #[test]
    fn every_string_comes_back_and_none_is_dangerous() {
        let mut state = 1_u64;
        let mut random = move |below: u32| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u32::try_from(state >> 33).expect("31 bits") % below
        };
        for _ in 0..2000 {
            let strings: Vec<String> = (0..4)
                .map(|_| {
                    let range = [0x80, 0x300, 0x3000, 0x1_0000, 0x11_0000][random(5) as usize];
                    (0..random(12))
                        .filter_map(|_| char::from_u32(random(range)))
                        .collect()
                })
                .collect();
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| {
                let plain = serde_json::to_string(&strings[i]).expect("JSON");
                if random(2) == 0 {
                    return plain;
                }
                let units = strings[i].encode_utf16();
                let escaped = units.fold(String::new(), |mut text, unit| {
                    write!(text, "\\u{unit:04X}").expect("a String");
                    text
                });
                format!("\"{escaped}\"")
            });
            let text = format!("{{\"x\":[{a},{{{b}:{c}}}],\"y\":{d}}}");
            let (lines, line) = written(&text, 4, true);
            assert!(!line.chars().any(is_forbidden), "{line:?}");
            assert!(
                !lines.chars().any(|c| c != '\n' && is_forbidden(c)),
                "{lines:?}"
            );
            let expected: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for written in [lines, line] {
                let got: serde_json::Value = serde_json::from_str(&written).expect("JSON");
                assert_eq!(got, expected, "{text:?}");
            }
        }
    }
}
