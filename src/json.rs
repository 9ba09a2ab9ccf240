//! JSON as the server wrote it, and the one escaper of the JSON that acctq writes.
//!
//! A document stays text: it is checked once ([`parse`]) and then viewed one level at a time ([`Json::view`]), so that no digit
//! and no order is lost and no key is special. `serde_json` reads each level, what is below it as [`RawValue`]. All JSON that
//! acctq writes passes `SafeFormatter`, which escapes what must not reach a terminal.

use std::borrow::Cow;
use std::fmt;
use std::io;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::ser::{Formatter, Serializer};
use serde_json::value::RawValue;

use crate::text::{is_harmless, marked};

/// The deepest nesting that is accepted (RFC 8259 leaves it to the reader).
pub const MAX_DEPTH: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It ends in the middle of a value.
    Incomplete,
    /// Anything else, in words that follow "the answer …".
    Invalid(&'static str),
}

impl Flaw {
    /// What `serde_json`'s error means.
    fn new(error: &serde_json::Error) -> Self {
        match error.classify() {
            Category::Eof => Flaw::Incomplete,
            Category::Data => Flaw::Invalid("names a member of an object twice"),
            Category::Syntax | Category::Io => Flaw::Invalid("is not valid JSON"),
        }
    }
}

/// A JSON value as text, already checked. Copying it copies a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// One level of a JSON value: strings decoded, numbers to the letter, members in the server's order.
#[derive(Clone, Debug, PartialEq)]
pub enum View<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// [`parse`], for the value's text.
pub fn check(text: &str) -> Result<Json<'_>, Flaw> {
    parse(text, &mut |_| ()).map(|_| Json(text.trim_matches(BLANKS)))
}

/// Checks that `text` is one JSON value: RFC 8259, at most [`MAX_DEPTH`] levels, no duplicate member names, no lone surrogate,
/// nothing after it. Returns its first level; `on_name` hears the names of members at every level.
pub(crate) fn parse<'a>(text: &'a str, on_name: &mut dyn FnMut(&str)) -> Result<View<'a>, Flaw> {
    parse_at(text, 1, on_name)
}

fn parse_at<'a>(text: &'a str, depth: usize, on_name: &mut dyn FnMut(&str)) -> Result<View<'a>, Flaw> {
    if depth > MAX_DEPTH && Json(text).is_container() {
        return Err(Flaw::Invalid("nests deeper than 128 levels"));
    }
    let view = level(text).map_err(|error| Flaw::new(&error))?;
    let check = |value: &Json<'_>, on_name: &mut dyn FnMut(&str)| match value.0.as_bytes() {
        [b'{' | b'[', ..] => parse_at(value.0, depth + 1, on_name).map(drop),
        [b'"', ..] if has_escapes(value.0) => parse_at(value.0, depth, on_name).map(drop),
        _ => Ok(()),
    };
    match &view {
        View::Array(elements) => elements.iter().try_for_each(|value| check(value, on_name))?,
        View::Object(members) => members.iter().try_for_each(|(name, value)| {
            on_name(name);
            check(value, on_name)
        })?,
        _ => {}
    }
    Ok(view)
}

const BLANKS: [char; 4] = [' ', '\n', '\r', '\t'];

/// Reads one level; what is below it is only skipped over.
fn level(text: &str) -> serde_json::Result<View<'_>> {
    Ok(match text.trim_start_matches(BLANKS).bytes().next() {
        Some(b'{') => View::Object(serde_json::from_str::<Members<'_>>(text)?.0),
        Some(b'[') => View::Array(serde_json::from_str(text)?),
        Some(b'"') => View::String(serde_json::from_str::<Text<'_>>(text)?.0),
        // serde_json's own numbers end where `f64` does.
        _ => match serde_json::from_str::<Json<'_>>(text)?.0 {
            "null" => View::Null,
            word @ ("true" | "false") => View::Bool(word == "true"),
            number => View::Number(number),
        },
    })
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Json(raw.get()))
    }
}

struct Members<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(Vec::with_capacity(16)))
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((Text(name), value)) = map.next_entry()? {
            self.0.push((name, value));
        }
        if has_twins(&self.0) { Err(A::Error::custom("a name twice")) } else { Ok(self) }
    }
}

fn has_twins(members: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    // To compare each with each takes less than to sort a few.
    if members.len() <= 32 {
        let mut names = members.iter().enumerate();
        return names.any(|(at, (name, _))| members[..at].iter().any(|(other, _)| other == name));
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

impl<'a> Json<'a> {
    /// The text to the letter, without surrounding blanks.
    pub fn text(self) -> &'a str {
        self.0
    }

    pub fn view(self) -> View<'a> {
        level(self.0).unwrap_or(View::Null)
    }

    /// The string that it is, decoded; `None` for any other type.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if !has_escapes(inner) {
            return Some(Cow::Borrowed(inner));
        }
        serde_json::from_str::<Text<'a>>(self.0).ok().map(|text| text.0)
    }

    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub fn is_number(self) -> bool {
        self.0.starts_with(|c: char| c == '-' || c.is_ascii_digit())
    }

    pub fn is_container(self) -> bool {
        self.0.starts_with(['{', '['])
    }

    pub(crate) fn checked(text: &'a str) -> Self {
        Json(text)
    }
}

/// Serializes on one line through `SafeFormatter`.
pub fn to_string(value: &impl Serialize) -> String {
    let mut out = Vec::with_capacity(128);
    // Our own types serialize, and writing to a Vec cannot fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, SafeFormatter));
    String::from_utf8(out).unwrap_or_default()
}

/// Writes `text` as a JSON string that parses back to the same text.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    if is_harmless(text, |b| matches!(b, b' '..=b'~') & !matches!(b, b'"' | b'\\')) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        return out.push(b'"');
    }
    // Writing to a Vec cannot fail.
    let _ = text.serialize(&mut Serializer::with_formatter(out, SafeFormatter));
}

fn has_escapes(text: &str) -> bool {
    text.bytes().fold(false, |found, b| found | matches!(b, b'\\'))
}

/// The layout of one line, with everything escaped that acts on terminals or CI runners, or deceives readers.
struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, c, _) in marked(fragment).filter(|(.., is_escaped)| *is_escaped) {
            out.write_all(&fragment.as_bytes()[plain..at])?;
            plain = at + c.len_utf8();
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        out.write_all(&fragment.as_bytes()[plain..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::is_forbidden;

    #[test]
    fn one_document_and_no_more() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        for text in [
            "{}",
            " null ",
            r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#,
            r#""\ud83d\ude00\"""#,
            "1e400",
            "-0.10e-07",
            "[true,false,null]",
            "\t{\r\n}\n",
            &nested(128),
        ] {
            assert_eq!(check(text).map(Json::text), Ok(text.trim()), "{text}");
        }
        for text in ["", " ", r#"{"a":"#, "[1,", "\"a", "\"\\\"", "[\"a\\u12", "tru", "{\"a\""] {
            assert_eq!(check(text), Err(Flaw::Incomplete), "{text}");
        }
        let deep = (nested(129), nested(200_000));
        let many: Vec<_> = (0..40).map(|i| format!(r#""m{i}":0"#)).collect();
        let many = format!(r#"{{{},"m20":0}}"#, many.join(","));
        for (text, flaw) in [
            (deep.0.as_str(), "deeper"),
            (deep.1.as_str(), "deeper"),
            (r#"{"a":1,"b":2,"\u0061":3}"#, "twice"),
            (r#"[{"x":[{"a":1,"a":1}]}]"#, "twice"),
            (&many, "twice"),
            (r#"["\udc00x"]"#, "not valid"),
            (r#"{"\ud800":1}"#, "not valid"),
            ("{}x", "not valid"),
            ("\u{feff}{}", "not valid"),
            ("<html>", "not valid"),
            ("\"a\nb\"", "not valid"),
            ("[1,]", "not valid"),
            ("{\"a\" 1}", "not valid"),
        ] {
            let Err(Flaw::Invalid(words)) = check(text) else {
                panic!("{text:.60}: {:?}", check(text));
            };
            assert!(words.contains(flaw), "{text:.60}: {words}");
        }
    }

    #[test]
    fn a_level_at_a_time_to_the_letter() {
        let text = r#" {"b" : 1.50,"\u0061" :[ {"x":[]} ,"y\"" , -0,true , null ] , "c":"\ud83d\ude00"} "#;
        let View::Object(members) = check(text).expect("JSON").view() else {
            panic!("no object");
        };
        let texts: Vec<_> = members.iter().map(|(name, value)| (&**name, value.text())).collect();
        let array = r#"[ {"x":[]} ,"y\"" , -0,true , null ]"#;
        assert_eq!(texts, [("b", "1.50"), ("a", array), ("c", r#""\ud83d\ude00""#)]);
        assert_eq!(members[2].1.as_str().as_deref(), Some("\u{1f600}"));
        assert_eq!(members[0].1.view(), View::Number("1.50"));
        let View::Array(elements) = members[1].1.view() else {
            panic!("no array");
        };
        let texts: Vec<_> = elements.iter().map(|element| element.text()).collect();
        assert_eq!(texts, [r#"{"x":[]}"#, r#""y\"""#, "-0", "true", "null"]);
        assert_eq!(elements[3].view(), View::Bool(true));
        assert!(elements[4].is_null());
    }

    #[test]
    fn strings_go_out_safe_and_come_back() {
        for text in ["", "plain", "q\"b\\s/", "\0\u{8}\n\u{7f}\u{9b}", "a\u{202e}b\u{e0041}c\u{ffff}", "漢😀"] {
            let quoted = to_string(&text);
            assert!(!quoted.contains(is_forbidden), "{quoted}");
            assert_eq!(check(&quoted).expect("JSON").as_str().as_deref(), Some(text));
        }
        let marks = to_string(&format!("e{}", "\u{301}".repeat(6)));
        assert_eq!(marks.matches("\\u0301").count(), 2);
    }
}
