//! Whether a text is one JSON document that every reader reads alike: the grammar, and what it leaves open.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use super::{Token, Tokens, decode};

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

/// Checks everything at once. Whatever breaks the grammar is [`Flaw::Syntax`].
fn pass<'a>(text: &'a str, mut found: impl FnMut(&Step<'a>)) -> Result<(), Flaw> {
    let bytes = text.as_bytes();
    // Most texts have none.
    let is_control = |b: u8| b < b' ';
    let has_controls = may_have_controls(bytes);
    // Every open container, with its start in `keys`; arrays own none of them.
    let mut open: Vec<(Token<'_>, usize)> = Vec::with_capacity(8);
    let mut keys: Vec<Cow<'_, str>> = Vec::with_capacity(32);
    let mut before = None;
    let mut end = 0;
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next() {
        let place = tokens.start..tokens.at;
        let inside = open.last().map(|(start, _)| *start);
        let separator = separator(before, token, inside).ok_or(Flaw::Syntax)?;
        let gap = &bytes[end..place.start];
        if !is_gap(gap, separator) {
            return Err(Flaw::Syntax);
        }
        end = place.end;
        before = Some(token);
        let decoded = match token {
            Token::Key(raw) | Token::String(raw) => {
                let is_closed = raw.len() + 2 == place.len() && bytes[place.end - 1] == b'"';
                if !is_closed
                    || has_controls && raw.bytes().any(is_control)
                    || tokens.has_escapes && !has_good_escapes(raw)
                {
                    return Err(Flaw::Syntax);
                }
                if tokens.has_escapes {
                    decode(raw).ok_or(Flaw::LoneSurrogate)?
                } else {
                    Cow::Borrowed(raw)
                }
            }
            Token::Scalar(raw) if !matches!(raw, "null" | "true" | "false") && !is_number(raw) => {
                return Err(Flaw::Syntax);
            }
            _ => Cow::Borrowed(""),
        };
        if let Token::ObjectEnd | Token::ArrayEnd = token {
            let start = open.pop().map_or(0, |(_, start)| start);
            // In whatever order equals meet; most names differ in length already.
            keys[start..].sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
            if keys[start..].windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(Flaw::DuplicateMember);
            }
            keys.truncate(start);
        }
        let step = Step {
            token,
            decoded,
            depth: open.len(),
            place,
            is_close: gap.len() == separator.len(),
        };
        found(&step);
        match token {
            Token::ObjectStart | Token::ArrayStart => {
                open.push((token, keys.len()));
                if open.len() > MAX_DEPTH {
                    return Err(Flaw::TooDeep);
                }
            }
            Token::Key(_) => keys.push(step.decoded),
            _ => {}
        }
    }
    let is_whole = before.is_some() && open.is_empty() && is_gap(&bytes[end..], "");
    if is_whole { Ok(()) } else { Err(Flaw::Syntax) }
}

/// Whether there may be bytes below the blank, looking at eight of them at once; there are none if not.
fn may_have_controls(bytes: &[u8]) -> bool {
    const BLANKS: u64 = 0x2020_2020_2020_2020;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = bytes.as_chunks::<8>();
    // A byte below the blank borrows, and has no high bit of its own; so may the one above it, which only costs a closer look.
    let below = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        word.wrapping_sub(BLANKS) & !word & HIGH
    };
    words.iter().fold(0, |any, word| any | below(word)) != 0 || rest.iter().any(|b| *b < b' ')
}

/// What must stand between two tokens within the container that is open; `None` if the one cannot follow the other.
#[inline]
fn separator(
    before: Option<Token<'_>>,
    token: Token<'_>,
    inside: Option<Token<'_>>,
) -> Option<&'static str> {
    use Token::{ArrayEnd, ArrayStart, Key, ObjectEnd, ObjectStart};
    let is_end = matches!(token, ObjectEnd | ArrayEnd);
    match before {
        // The value of the whole text, or of a member.
        None | Some(Key(_)) if is_end || matches!(token, Key(_)) => None,
        None => Some(""),
        Some(Key(_)) => Some(":"),
        // A member or an element, or the end of them.
        Some(before) => {
            let of_object = matches!(token, Key(_) | ObjectEnd);
            let fits = of_object == (inside? == ObjectStart);
            let is_first = matches!(before, ObjectStart | ArrayStart);
            fits.then_some(if is_first || is_end { "" } else { "," })
        }
    }
}

/// Whether `gap` is that separator, with blanks around it or without.
#[inline]
fn is_gap(gap: &[u8], separator: &str) -> bool {
    match (gap, separator.as_bytes()) {
        ([], []) => true,
        ([b], [separator]) if b == separator => true,
        (_, separator) => gap
            .iter()
            .filter(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            .eq(separator),
    }
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

    #[test]
    fn a_control_character_is_seen_wherever_it_stands() {
        for length in 0..40 {
            let mut bytes = vec![b' '; length];
            for at in 0..length {
                for control in [0, 1, b'\n', 0x1f] {
                    bytes[at] = control;
                    assert!(may_have_controls(&bytes), "{bytes:?}");
                }
                bytes[at] = 0xff;
            }
            assert!(!may_have_controls(&bytes), "{bytes:?}");
        }
    }

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
