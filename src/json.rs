//! JSON as text: checked once, then walked as tokens that borrow from it.
//!
//! Nothing here turns a number into a binary one or a document into a tree, so no digit and no order can be lost, and no
//! key is special. [`Tokens`] only finds the pieces; [`read`] checks each of them, and what stands between them, once.

mod check;
pub mod elements;

use std::borrow::Cow;
use std::io::{self, Write};

use memchr::memchr;

use crate::escape::Escapes;

pub use check::{Flaw, MAX_DEPTH, Step, check, read};

/// A piece of a checked JSON text. Strings and keys come without their quotes, still escaped: see [`decode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// A member's name.
    Key(&'a str),
    /// A string that is a value.
    String(&'a str),
    /// A number, `true`, `false` or `null`, to the letter.
    Scalar(&'a str),
}

/// The tokens of a checked JSON text, in order. On a text that [`check()`] refuses they are meaningless, but finite.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Tokens { text, at: 0 }
    }

    /// Steps over the value that comes next and returns its text.
    pub fn value(&mut self) -> &'a str {
        self.skip_blanks();
        let start = self.at;
        let mut depth = 0_usize;
        for token in self.by_ref() {
            match token {
                Token::ObjectStart | Token::ArrayStart => depth += 1,
                Token::ObjectEnd | Token::ArrayEnd => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        &self.text[start..self.at]
    }

    #[inline]
    fn skip_blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest
            .iter()
            .take_while(|b| is_blank(**b) || matches!(b, b',' | b':'))
            .count();
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let bytes = self.text.as_bytes();
        let start = self.at;
        let first = *bytes.get(start)?;
        self.at += 1;
        Some(match first {
            b'{' => Token::ObjectStart,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayStart,
            b']' => Token::ArrayEnd,
            b'"' => {
                let end = StringEnd::find(bytes, self.at).at;
                let raw = self.text.get(start + 1..end).unwrap_or_default();
                self.at = (end + 1).min(bytes.len());
                if bytes.get(after_blanks(bytes, self.at)) == Some(&b':') {
                    Token::Key(raw)
                } else {
                    Token::String(raw)
                }
            }
            _ => {
                self.at = scalar_end(bytes, self.at);
                Token::Scalar(self.text.get(start..self.at).unwrap_or_default())
            }
        })
    }
}

/// Where a string ends.
struct StringEnd {
    /// The place of its last quote, or of the end of the text.
    at: usize,
    /// Whether something in it is escaped.
    has_escapes: bool,
    /// Whether a control character stands in it, which no string of JSON has.
    has_controls: bool,
}

impl StringEnd {
    /// Looks for it from `at` on.
    #[inline]
    fn find(bytes: &[u8], at: usize) -> Self {
        let mut end = StringEnd {
            at,
            has_escapes: false,
            has_controls: false,
        };
        loop {
            end.at = plain_end(bytes, end.at);
            match bytes.get(end.at) {
                Some(b'"') | None => break,
                Some(b'\\') => {
                    end.has_escapes = true;
                    end.at = (end.at + 2).min(bytes.len());
                }
                Some(_) => {
                    end.has_controls = true;
                    end.at += 1;
                }
            }
        }
        end
    }
}

/// The first place from `at` on where a string ends, or needs a closer look: a quote, a backslash, a control character, or
/// the end. Eight bytes are looked at at once.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Subtracted, they borrow the high bit of each byte that is less: of the first such byte, at least.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let ends = (below(word, b' ') | is(word, b'"') | is(word, b'\\')) & (ONES << 7);
        if ends != 0 {
            return at + ends.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes
        .get(at)
        .is_some_and(|b| *b >= b' ' && !matches!(b, b'"' | b'\\'))
    {
        at += 1;
    }
    at
}

/// What may stand between tokens (RFC 8259 2).
#[inline]
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The first place from `at` on that holds no blank.
#[inline]
fn after_blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|b| is_blank(*b)) {
        at += 1;
    }
    at
}

/// The first place from `at` on that is no part of a number or a word.
#[inline]
fn scalar_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes
        .get(at)
        .is_some_and(|b| !is_blank(*b) && !matches!(b, b',' | b']' | b'}'))
    {
        at += 1;
    }
    at
}

/// The string that a raw token stands for; `None` if it holds a lone surrogate, or is of no checked text.
#[must_use]
pub fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if memchr(b'\\', raw.as_bytes()).is_none() {
        return Some(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(i) = rest.find('\\') {
        out.push_str(&rest[..i]);
        let escape = rest.as_bytes().get(i + 1).copied()?;
        // `None` in the middle of a character, which no escape is.
        rest = rest.get(i + 2..)?;
        out.push(match escape {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let unit = hex4(rest)?;
                rest = &rest[4..];
                let code = if (0xd800..0xdc00).contains(&unit) {
                    let low = hex4(rest.strip_prefix("\\u")?)
                        .filter(|low| (0xdc00..0xe000).contains(low))?;
                    rest = &rest[6..];
                    0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    unit
                };
                char::from_u32(code)?
            }
            other => char::from(other),
        });
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

fn hex4(text: &str) -> Option<u32> {
    u32::from_str_radix(text.get(..4)?, 16).ok()
}

/// Writes `text` as a JSON string: quotes and backslashes escaped, and all that is forbidden written as `\uXXXX` (pairs
/// beyond the BMP), so that it parses back to the same string.
///
/// # Errors
/// Those of `out`.
pub fn write_string(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut plain = 0;
    let mut escapes = Escapes::default();
    for (i, c) in text.char_indices() {
        if !escapes.escapes(c) && c != '"' && c != '\\' {
            continue;
        }
        out.write_all(&text.as_bytes()[plain..i])?;
        plain = i + c.len_utf8();
        match c {
            '"' => out.write_all(b"\\\"")?,
            '\\' => out.write_all(b"\\\\")?,
            '\n' => out.write_all(b"\\n")?,
            '\r' => out.write_all(b"\\r")?,
            '\t' => out.write_all(b"\\t")?,
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
    }
    out.write_all(&text.as_bytes()[plain..])?;
    out.write_all(b"\"")
}

/// `text` as a JSON string, for documents of our own.
#[must_use]
pub fn string(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    // Writing to a Vec cannot fail.
    let _ = write_string(&mut out, text);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::is_forbidden;

    #[test]
    fn the_end_of_a_string_is_found_wherever_it_stands() {
        for length in 0..40 {
            for filling in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff] {
                let mut bytes = vec![filling; length];
                assert_eq!(plain_end(&bytes, 0), length, "{filling}");
                for at in 0..length {
                    for end in [0, 1, b'\n', 0x1f, b'"', b'\\'] {
                        bytes[at] = end;
                        for from in 0..=at {
                            assert_eq!(plain_end(&bytes, from), at, "{filling} {end}");
                        }
                    }
                    bytes[at] = filling;
                }
            }
        }
    }

    #[test]
    fn tokens_keep_the_text() {
        let text = r#" { "a" : [1.50, -0, 1e400, "x\"y"], "b":{ } , "c\u0041":null}"#;
        let tokens: Vec<_> = Tokens::new(text).collect();
        assert_eq!(
            tokens,
            [
                Token::ObjectStart,
                Token::Key("a"),
                Token::ArrayStart,
                Token::Scalar("1.50"),
                Token::Scalar("-0"),
                Token::Scalar("1e400"),
                Token::String("x\\\"y"),
                Token::ArrayEnd,
                Token::Key("b"),
                Token::ObjectStart,
                Token::ObjectEnd,
                Token::Key("c\\u0041"),
                Token::Scalar("null"),
                Token::ObjectEnd,
            ]
        );
    }

    #[test]
    fn a_value_is_stepped_over_whole() {
        let mut tokens = Tokens::new(r#"{"a": {"b":[1,{}]} ,"c":2}"#);
        tokens.next();
        tokens.next();
        assert_eq!(tokens.value(), r#"{"b":[1,{}]}"#);
        assert_eq!(tokens.next(), Some(Token::Key("c")));
    }

    #[test]
    fn strings_go_out_and_come_back() {
        for text in [
            "",
            "plain",
            "q\"b\\s/",
            "\u{0}\u{8}\n\u{7f}\u{9b}",
            "a\u{202e}b\u{e0041}c\u{ffff}",
            "漢😀",
        ] {
            let quoted = string(text);
            assert!(!quoted.chars().any(is_forbidden), "{quoted}");
            assert_eq!(serde_json::from_str::<String>(&quoted).expect("JSON"), text);
            assert_eq!(decode(&quoted[1..quoted.len() - 1]).expect("whole"), text);
        }
        assert_eq!(
            decode(r"\ud83d\ude00\/\b\f").expect("whole"),
            "😀/\u{8}\u{c}"
        );
        // Of no checked text, but no panic either.
        for raw in ["\\", "\\é", "\\u12", "\\u12é4", "\\ud800\\u"] {
            assert_eq!(decode(raw), None, "{raw}");
        }
    }
}
