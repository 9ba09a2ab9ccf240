//! Whether a text is one JSON document that every reader reads alike: the grammar, and what it leaves open.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use super::{StringEnd, Token, after_blanks, decode, plain_end, scalar_end};

/// How deep a document may nest: the limit of common readers, `serde_json` among them.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not one JSON document that every reader reads alike (RFC 8259, RFC 7493).
#[derive(Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The grammar is broken before the end.
    Syntax,
    /// The text begins with a byte order mark, which is no part of JSON (RFC 8259 8.1).
    ByteOrderMark,
    /// The text ends too early.
    Incomplete,
    /// Something follows the document.
    Trailing,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// An object names a member twice.
    DuplicateMember,
    /// A string holds half of a surrogate pair.
    LoneSurrogate,
}

impl Flaw {
    /// In words that follow "the answer".
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Flaw::Syntax => "is not JSON",
            Flaw::ByteOrderMark => "begins with a byte order mark, which JSON must not",
            Flaw::Incomplete => "ends in the middle of its JSON",
            Flaw::Trailing => "goes on after the end of its JSON",
            Flaw::TooDeep => "nests deeper than 128 levels",
            Flaw::DuplicateMember => "names a member of an object twice",
            Flaw::LoneSurrogate => "holds half of a surrogate pair",
        }
    }
}

/// Checks that `text` is exactly one JSON document, no deeper than [`MAX_DEPTH`], without duplicate members (names compared
/// decoded) and without lone surrogates.
///
/// # Errors
/// The first flaw found.
pub fn check(text: &str) -> Result<(), Flaw> {
    read(text, |_| {})
}

/// A token of a text that is being checked, and where it stands.
#[derive(Debug)]
pub struct Step<'a> {
    /// The token.
    pub token: Token<'a>,
    /// The string that it stands for, if it is one.
    pub decoded: Cow<'a, str>,
    /// How many objects and arrays are open around it.
    pub depth: usize,
    /// Its place in the text, with the quotes of a string.
    pub place: Range<usize>,
    /// Whether there are no blanks before it.
    pub is_close: bool,
}

/// [`check`], telling every token on the way: what is found of a text with a flaw is worth nothing.
///
/// # Errors
/// The first flaw found.
pub fn read<'a>(text: &'a str, found: impl FnMut(&Step<'a>)) -> Result<(), Flaw> {
    // One pass tells that a text has no flaw, as nearly all have none. Of one that has, `serde_json` says what is wrong
    // with the grammar: that comes first.
    pass(text, found).map_err(|flaw| grammar(text).err().unwrap_or(flaw))
}

/// Checks the grammar alone.
fn grammar(text: &str) -> Result<(), Flaw> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(|_| ())
        .map_err(|e| match e.classify() {
            serde_json::error::Category::Eof => Flaw::Incomplete,
            _ if trailing(text) => Flaw::Trailing,
            _ if text.starts_with('\u{feff}') => Flaw::ByteOrderMark,
            _ => Flaw::Syntax,
        })
}

/// What may come next within the container that is open.
#[derive(Clone, Copy)]
enum Expected {
    Value,
    Name,
    /// The first element or the first member, or the end.
    FirstOrEnd,
    Colon,
    CommaOrEnd,
}

/// An object or an array that is open.
struct Open {
    is_object: bool,
    /// Where its members' names begin among all names.
    names: usize,
}

/// Checks everything at once. Whatever breaks the grammar is [`Flaw::Syntax`].
fn pass<'a>(text: &'a str, mut found: impl FnMut(&Step<'a>)) -> Result<(), Flaw> {
    let bytes = text.as_bytes();
    let mut open: Vec<Open> = Vec::with_capacity(8);
    let mut names: Vec<Cow<'_, str>> = Vec::with_capacity(32);
    let mut is_object = false;
    let mut expected = Expected::Value;
    let mut at = 0;
    loop {
        let (end, mut start) = (at, after_blanks(bytes, at));
        let mut is_close = start == end;
        let separator = match expected {
            Expected::Colon => Some((b':', Expected::Value)),
            Expected::CommaOrEnd if is_object => Some((b',', Expected::Name)),
            Expected::CommaOrEnd => Some((b',', Expected::Value)),
            _ => None,
        };
        if let Some((sign, behind)) = separator
            && bytes.get(start) == Some(&sign)
        {
            expected = behind;
            start = after_blanks(bytes, start + 1);
            is_close = start == end + 1;
        }
        let first = *bytes.get(start).ok_or(Flaw::Syntax)?;
        let mut decoded = Cow::Borrowed("");
        at = start + 1;
        let token = match (expected, first) {
            (Expected::FirstOrEnd | Expected::CommaOrEnd, b'}') if is_object => Token::ObjectEnd,
            (Expected::FirstOrEnd | Expected::CommaOrEnd, b']') if !is_object => Token::ArrayEnd,
            (Expected::Colon | Expected::CommaOrEnd, _) => return Err(Flaw::Syntax),
            (_, b'"') => {
                let (raw, text) = string(text, at)?;
                at += raw.len() + 1;
                decoded = text;
                match expected {
                    Expected::Value => Token::String(raw),
                    Expected::FirstOrEnd if !is_object => Token::String(raw),
                    _ => Token::Key(raw),
                }
            }
            (Expected::Name, _) => return Err(Flaw::Syntax),
            (Expected::FirstOrEnd, _) if is_object => return Err(Flaw::Syntax),
            (_, b'{') => Token::ObjectStart,
            (_, b'[') => Token::ArrayStart,
            _ => {
                at = scalar_end(bytes, at);
                let raw = text.get(start..at).ok_or(Flaw::Syntax)?;
                if !matches!(raw, "null" | "true" | "false") && !is_number(raw) {
                    return Err(Flaw::Syntax);
                }
                Token::Scalar(raw)
            }
        };
        if let Token::ObjectEnd | Token::ArrayEnd = token {
            let closed = open.pop().map_or(0, |open| open.names);
            if has_equals(&mut names[closed..]) {
                return Err(Flaw::DuplicateMember);
            }
            names.truncate(closed);
            is_object = open.last().is_some_and(|open| open.is_object);
        }
        let step = Step {
            token,
            decoded,
            depth: open.len(),
            place: start..at,
            is_close,
        };
        found(&step);
        expected = match token {
            Token::Key(_) => {
                names.push(step.decoded);
                Expected::Colon
            }
            Token::ObjectStart | Token::ArrayStart => {
                is_object = token == Token::ObjectStart;
                open.push(Open {
                    is_object,
                    names: names.len(),
                });
                if open.len() > MAX_DEPTH {
                    return Err(Flaw::TooDeep);
                }
                Expected::FirstOrEnd
            }
            _ if open.is_empty() => break,
            _ => Expected::CommaOrEnd,
        };
    }
    if after_blanks(bytes, at) == bytes.len() {
        Ok(())
    } else {
        Err(Flaw::Syntax)
    }
}

/// The string whose first quote stands before `at`: as it is written, and what it stands for.
#[inline]
fn string(text: &str, at: usize) -> Result<(&str, Cow<'_, str>), Flaw> {
    let end = plain_end(text.as_bytes(), at);
    if text.as_bytes().get(end) == Some(&b'"')
        && let Some(raw) = text.get(at..end)
    {
        return Ok((raw, Cow::Borrowed(raw)));
    }
    unusual_string(text, at)
}

/// The same for one that is not just bytes between quotes.
#[cold]
fn unusual_string(text: &str, at: usize) -> Result<(&str, Cow<'_, str>), Flaw> {
    let end = StringEnd::find(text.as_bytes(), at);
    let raw = text.get(at..end.at).ok_or(Flaw::Syntax)?;
    if end.at == text.len() || end.has_controls || end.has_escapes && !has_good_escapes(raw) {
        return Err(Flaw::Syntax);
    }
    let decoded = if end.has_escapes {
        decode(raw).ok_or(Flaw::LoneSurrogate)?
    } else {
        Cow::Borrowed(raw)
    };
    Ok((raw, decoded))
}

/// Whether two of the names are equal. Their order is of no use to anybody.
fn has_equals(names: &mut [Cow<'_, str>]) -> bool {
    /// So many are not sorted, but compared each with each, as far as another of that length has been seen: most differ in
    /// that already.
    const FEW: usize = 32;
    if names.len() <= FEW {
        let mut lengths = 0_u64;
        return (0..names.len()).any(|i| {
            let length = 1 << (names[i].len() % 64);
            let is_new = lengths & length == 0;
            lengths |= length;
            !is_new && names[..i].contains(&names[i])
        });
    }
    names.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Whether every escape of a string is one that JSON has.
fn has_good_escapes(raw: &str) -> bool {
    let mut rest = raw.as_bytes();
    while let Some(at) = memchr(b'\\', rest) {
        rest = match &rest[at + 1..] {
            [
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                rest @ ..,
            ] => rest,
            [b'u', a, b, c, d, rest @ ..] if [a, b, c, d].iter().all(|b| b.is_ascii_hexdigit()) => {
                rest
            }
            _ => return false,
        };
    }
    true
}

/// Whether `text` is a number as JSON writes it.
fn is_number(text: &str) -> bool {
    // How many digits there are at the beginning, of which there must be one.
    let digits = |text: &str| {
        let count = text.bytes().take_while(u8::is_ascii_digit).count();
        (count > 0).then_some(count)
    };
    let parts = || {
        let text = text.strip_prefix('-').unwrap_or(text);
        let (whole, mut rest) = text.split_at(digits(text)?);
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = &fraction[digits(fraction)?..];
        }
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            rest = &exponent[digits(exponent)?..];
        }
        Some(rest)
    };
    parts() == Some("")
}

/// Whether a whole document stands at the beginning of `text`.
fn trailing(text: &str) -> bool {
    serde_json::Deserializer::from_str(text)
        .into_iter::<serde::de::IgnoredAny>()
        .next()
        .is_some_and(|r| r.is_ok())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::json::Tokens;

    #[test]
    fn one_document_and_no_more() {
        for text in [
            "{}",
            "[]",
            " null ",
            r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#,
            r#""😀""#,
            "1e400",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        assert_eq!(check(""), Err(Flaw::Incomplete));
        assert_eq!(check(r#"{"a":"#), Err(Flaw::Incomplete));
        assert_eq!(check("{} {}"), Err(Flaw::Trailing));
        assert_eq!(check("{}x"), Err(Flaw::Trailing));
        assert_eq!(check("<html>"), Err(Flaw::Syntax));
        assert_eq!(check("{'a':1}"), Err(Flaw::Syntax));
        assert_eq!(check("\"a\nb\""), Err(Flaw::Syntax));
        assert_eq!(
            check(r#"{"a":1,"b":2,"\u0061":3}"#),
            Err(Flaw::DuplicateMember)
        );
        assert_eq!(
            check(r#"[{"x":[{"a":1,"a":1}]}]"#),
            Err(Flaw::DuplicateMember)
        );
        for lone in [
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800\u0041""#,
            r#"{"\ud800":1}"#,
        ] {
            assert_eq!(check(lone), Err(Flaw::LoneSurrogate), "{lone}");
        }
    }

    #[test]
    fn a_name_is_found_twice_among_few_and_among_many() {
        for count in [2, 3, 32, 33, 34, 200] {
            // As many of the same length as of different ones.
            let mut names: Vec<_> = (0..count)
                .map(|i| format!("{i:0width$}", width = 3 + i % 2 * i))
                .collect();
            let object = |names: &[String]| {
                let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":0")).collect();
                format!("{{{}}}", members.join(","))
            };
            assert_eq!(check(&object(&names)), Ok(()), "{count}");
            for (one, other) in [(0, count - 1), (count / 2, 0), (count - 2, count - 1)] {
                let twice = names[other].clone();
                let kept = std::mem::replace(&mut names[one], twice);
                let expected = if one == other {
                    Ok(())
                } else {
                    Err(Flaw::DuplicateMember)
                };
                assert_eq!(check(&object(&names)), expected, "{count} {one} {other}");
                names[one] = kept;
            }
        }
    }

    #[test]
    fn depth_is_counted_without_recursion() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(check(&nested(128)), Ok(()));
        assert_eq!(check(&nested(129)), Err(Flaw::TooDeep));
        assert_eq!(check(&nested(200_000)), Err(Flaw::TooDeep));
    }

    #[test]
    fn every_token_is_told_with_its_place() {
        let text = r#" {"a\u0041" : [1.50,{}] , "b":"x\"y"} "#;
        let mut steps = Vec::new();
        let read = read(text, |step| {
            steps.push((
                step.depth,
                &text[step.place.clone()],
                step.decoded.to_string(),
            ));
        });
        assert_eq!(read, Ok(()));
        let steps: Vec<_> = steps
            .iter()
            .map(|(depth, text, decoded)| (*depth, *text, decoded.as_str()))
            .collect();
        assert_eq!(
            steps,
            [
                (0, "{", ""),
                (1, r#""a\u0041""#, "aA"),
                (1, "[", ""),
                (2, "1.50", ""),
                (2, "{", ""),
                (2, "}", ""),
                (1, "]", ""),
                (1, r#""b""#, "b"),
                (1, r#""x\"y""#, "x\"y"),
                (0, "}", ""),
            ]
        );
    }

    /// The rules of the grammar one by one; properties against `serde_json` are among the tests of the program.
    #[test]
    fn what_breaks_the_grammar_is_found() {
        for text in [
            "{,}",
            "[,]",
            "[1,]",
            "{\"a\":1,}",
            "[1 2]",
            "[\"a\" 1]",
            "[\"a\"\"b\"]",
            "[1,,2]",
            "[1:2]",
            "[\"a\":1]",
            "{1}",
            "{\"a\"}",
            "{\"a\",1}",
            "{\"a\"::1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":\"b\":1}",
            "{[]}",
            "{{}}",
            "[}",
            "{]",
            "[1}",
            "{\"a\":1]",
            "]",
            ",1",
            ":1",
            "1,",
            "\"a\":1",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1.e1",
            "1e",
            "1e+",
            "--1",
            "1-",
            "0x1",
            "1_0",
            "NaN",
            "nul",
            "nulls",
            "True",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"\\u123\"",
            "[\"\t\"]",
            "[\"\u{0}\"]",
            "\u{feff}{}",
            "\u{a0}1",
            "1\u{c}",
            "'a'",
            "/**/1",
        ] {
            assert!(pass(text, |_| {}).is_err(), "{text}");
            assert_eq!(check(text), Err(grammar(text).expect_err(text)), "{text}");
        }
        for text in [
            "", " ", "[", "{", "{\"a\"", "{\"a\":", "[1,", "\"", "\"a", "\"\\", "\"\\\"", "\"\\u",
            "[\"\\\"]",
        ] {
            assert_eq!(check(text), Err(Flaw::Incomplete), "{text}");
        }
        for text in [
            "0",
            "-0",
            "0.0",
            "-1.50e-07",
            "1E+2",
            "120",
            " [ ] ",
            "\t{\r\n}\n",
            "[ 1 , 2 ]",
            "{ \"a\" : [ ] , \"b\" : { } }",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00aF\"",
            "\"\u{7f}\"",
            "[true,false,null]",
            "\"\"",
        ] {
            assert_eq!(pass(text, |_| {}), Ok(()), "{text}");
        }
    }

    /// The same in one thing after the other: the grammar by `serde_json`, then what it does not look at.
    fn check_slowly(text: &str) -> Result<(), Flaw> {
        grammar(text)?;
        let mut open = Vec::new();
        for token in Tokens::new(text) {
            match token {
                Token::ObjectStart | Token::ArrayStart => {
                    open.push(BTreeSet::new());
                    if open.len() > MAX_DEPTH {
                        return Err(Flaw::TooDeep);
                    }
                }
                Token::ObjectEnd | Token::ArrayEnd => {
                    if open.pop().is_some_and(|keys| keys.contains(&None)) {
                        return Err(Flaw::DuplicateMember);
                    }
                }
                Token::Key(raw) => {
                    let key = decode(raw).ok_or(Flaw::LoneSurrogate)?.into_owned();
                    let keys = open.last_mut().expect("an object");
                    if !keys.insert(Some(key)) {
                        keys.insert(None);
                    }
                }
                Token::String(raw) => drop(decode(raw).ok_or(Flaw::LoneSurrogate)?),
                Token::Scalar(_) => {}
            }
        }
        Ok(())
    }

    #[test]
    fn the_flaw_of_any_text_is_the_one_that_a_slower_look_finds() {
        const PIECES: [&str; 34] = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\n",
            "\"",
            "\\",
            "\\u",
            "\\ud800",
            "\\udc00",
            "0041",
            "a",
            "é",
            "\u{1}",
            "\"a\"",
            "\"a\":",
            "\"\\u0061\":",
            "\"b\":1",
            "\"\"",
            "0",
            "-1.5e3",
            "1",
            ".",
            "e",
            "null",
            "true",
            "[]",
            "{}",
            "{\"a\":",
            "[1,",
            "]}",
        ];
        let mut state = 1_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).expect("31 bits") % below
        };
        let mut good = 0;
        for round in 0..60_000 {
            let mut text = match round % 4 {
                0 => String::new(),
                1 => r#"{"a":[1,{"b":"c"}],"d":null}"#.to_owned(),
                2 => r#" { "a" : "\ud83d\ude00" , "b" : [ ] } "#.to_owned(),
                _ => format!("{}{}", "[".repeat(127), "]".repeat(127)),
            };
            for _ in 0..=random(4) {
                let mut at = random(text.len() + 1);
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                match text[at..].chars().next().filter(|_| random(3) == 0) {
                    Some(_) => drop(text.remove(at)),
                    None => text.insert_str(at, PIECES[random(PIECES.len())]),
                }
            }
            let flaw = check(&text);
            assert_eq!(flaw, check_slowly(&text), "{text:?}");
            good += usize::from(flaw.is_ok());
        }
        assert!(good > 1000, "hardly any was good: {good}");
    }
}
