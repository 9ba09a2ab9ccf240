//! The elements of an array that is a member of an object, `{"data": [ … ]}`, while its text arrives.
//!
//! This finds where values begin and end, by brackets and quotes alone, and hands them out as they came. It is strict about
//! what stands between values, and leaves what is inside them to a reader that sees them whole: the inside of an element to
//! whoever asked for it, that of anything else to [`check()`]. Where a value's brackets do not match, that reader tells.
//! So the text is accepted if and only if it would be as a whole, however it is cut; and what is held of it is bounded.

use std::collections::BTreeSet;
use std::mem;

use memchr::memchr2;

use super::{Flaw, check, decode, is_blank};

/// Why a text is no object with such an array.
#[derive(Debug, PartialEq, Eq)]
pub enum Broken {
    /// Nothing came.
    Empty,
    /// It is not JSON.
    Flaw(Flaw),
    /// Some value's text is not UTF-8.
    NotUtf8,
    /// It is not an object.
    NotAnObject,
    /// The object has no such member, or it is no array.
    NoArray,
    /// An element is too long, or what stands between elements is.
    TooLong,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Object,
    /// A member's name, or the object's end if none must follow.
    Name {
        may_end: bool,
    },
    Colon,
    /// A member's value.
    Value,
    AfterValue,
    /// An element, or the array's end if none must follow.
    Element {
        may_end: bool,
    },
    AfterElement,
    /// Nothing.
    End,
}

/// How far into a value it has come.
#[derive(Clone, Copy, Debug, Default)]
struct Inside {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
}

/// The elements of one text.
#[derive(Debug)]
pub struct Elements {
    /// The array's name.
    name: &'static str,
    /// How long an element may be, and what stands between two of them, in bytes.
    most: usize,
    place: Place,
    /// The value that has begun.
    inside: Option<Inside>,
    value: Vec<u8>,
    /// How many bytes have come since an element began or ended.
    since: usize,
    /// The names of the object's members so far.
    names: BTreeSet<String>,
    /// That of the last one.
    last: String,
    beside: Vec<String>,
}

impl Elements {
    /// Of the array of that name; no element and nothing between elements is longer than `most` bytes.
    #[must_use]
    pub fn new(name: &'static str, most: usize) -> Self {
        Elements {
            name,
            most,
            place: Place::Object,
            inside: None,
            value: Vec::new(),
            since: 0,
            names: BTreeSet::new(),
            last: String::new(),
            beside: Vec::new(),
        }
    }

    /// The names of the members beside the array that have come and say something: `null`, `false` and what is empty do not.
    #[must_use]
    pub fn beside(&self) -> &[String] {
        &self.beside
    }

    /// Whether the value that comes next is the array.
    fn is_wanted(&self) -> bool {
        self.last == self.name
    }

    /// Takes from the beginning of `bytes`, the next ones of the text, until an element is complete. It is JSON if
    /// whoever reads it whole finds so. `None` if all of them are taken.
    ///
    /// # Errors
    /// What is wrong, as soon as it is seen: nothing may be asked for after that.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<String>, Broken> {
        while let Some(&byte) = bytes.first() {
            let taken = if self.inside.is_some() {
                let (amount, is_whole) = self.scan(bytes);
                self.value.extend_from_slice(&bytes[..amount]);
                if is_whole {
                    *bytes = &bytes[amount..];
                    self.count(amount)?;
                    self.inside = None;
                    if let Some(element) = self.complete()? {
                        return Ok(Some(element));
                    }
                    continue;
                }
                amount
            } else {
                usize::from(is_blank(byte) || self.step(byte)?)
            };
            *bytes = &bytes[taken..];
            self.count(taken)?;
        }
        Ok(None)
    }

    /// That the text has ended.
    ///
    /// # Errors
    /// It ends too early.
    pub fn end(&self) -> Result<(), Broken> {
        match self.place {
            Place::End => Ok(()),
            Place::Object => Err(Broken::Empty),
            _ => Err(Broken::Flaw(Flaw::Incomplete)),
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), Broken> {
        self.since += bytes;
        if self.since > self.most {
            return Err(Broken::TooLong);
        }
        Ok(())
    }

    /// Takes a byte between values; whether it is taken, and not the first one of a value.
    fn step(&mut self, byte: u8) -> Result<bool, Broken> {
        let ends_a_value = matches!(byte, b',' | b':' | b']' | b'}');
        self.place = match (self.place, byte) {
            (Place::Object, b'{') => Place::Name { may_end: true },
            (Place::Object, b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                return Err(Broken::NotAnObject);
            }
            (Place::Name { .. }, b'"') => {
                self.inside = Some(Inside::default());
                return Ok(false);
            }
            (Place::Colon, b':') => Place::Value,
            (Place::Value, b'[') if self.is_wanted() => Place::Element { may_end: true },
            (Place::Value, _) if self.is_wanted() && !ends_a_value => return Err(Broken::NoArray),
            (Place::Value | Place::Element { .. }, _) if !ends_a_value => {
                if let Place::Element { .. } = self.place {
                    self.since = 0;
                }
                self.inside = Some(Inside::default());
                return Ok(false);
            }
            (Place::AfterValue, b',') => Place::Name { may_end: false },
            (Place::Name { may_end: true } | Place::AfterValue, b'}') => {
                if !self.names.contains(self.name) {
                    return Err(Broken::NoArray);
                }
                Place::End
            }
            (Place::AfterElement, b',') => Place::Element { may_end: false },
            (Place::Element { may_end: true } | Place::AfterElement, b']') => Place::AfterValue,
            (Place::End, _) => return Err(Broken::Flaw(Flaw::Trailing)),
            _ => return Err(Broken::Flaw(Flaw::Syntax)),
        };
        Ok(true)
    }

    /// How many of `bytes` belong to the value that has begun, and whether it ends with them.
    fn scan(&mut self, bytes: &[u8]) -> (usize, bool) {
        let Some(inside) = &mut self.inside else {
            return (0, true);
        };
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if inside.is_string {
                // Most of a text is strings, and most of a string is of no interest here.
                if !mem::take(&mut inside.is_escaped) {
                    match memchr2(b'"', b'\\', &bytes[at..]) {
                        Some(further) => at += further,
                        None => break,
                    }
                    inside.is_escaped = bytes[at] == b'\\';
                    inside.is_string = inside.is_escaped;
                    if inside.depth == 0 && !inside.is_string {
                        return (at + 1, true);
                    }
                }
                at += 1;
                continue;
            }
            match byte {
                b'"' => inside.is_string = true,
                b'{' | b'[' => inside.depth += 1,
                // A number or a word ends where something else begins.
                b'}' | b']' | b',' | b':' if inside.depth == 0 => return (at, true),
                b'}' | b']' => {
                    inside.depth -= 1;
                    if inside.depth == 0 {
                        return (at + 1, true);
                    }
                }
                byte if inside.depth == 0 && is_blank(byte) => return (at, true),
                _ => {}
            }
            at += 1;
        }
        (bytes.len(), false)
    }

    /// Takes a whole value: it is returned if it is an element.
    fn complete(&mut self) -> Result<Option<String>, Broken> {
        let text = String::from_utf8(mem::take(&mut self.value)).map_err(|_| Broken::NotUtf8)?;
        if let Place::Element { .. } = self.place {
            self.place = Place::AfterElement;
            self.since = 0;
            return Ok(Some(text));
        }
        check(&text).map_err(|flaw| match flaw {
            // It does go on.
            Flaw::Incomplete | Flaw::Trailing => Broken::Flaw(Flaw::Syntax),
            flaw => Broken::Flaw(flaw),
        })?;
        if self.place == Place::Value {
            self.place = Place::AfterValue;
            if !matches!(text.as_str(), "null" | "false" | "\"\"" | "[]" | "{}") {
                self.beside.push(mem::take(&mut self.last));
            }
            return Ok(None);
        }
        let raw = text.get(1..text.len() - 1).unwrap_or_default();
        let name = decode(raw).unwrap_or_default().into_owned();
        self.last.clone_from(&name);
        if !self.names.insert(name) {
            return Err(Broken::Flaw(Flaw::DuplicateMember));
        }
        self.place = Place::Colon;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements before the end or the first flaw, and that, for text that comes in pieces of `size` bytes.
    fn read(text: &[u8], size: usize) -> (Vec<String>, Result<(), Broken>) {
        let mut elements = Elements::new("data", 64);
        let mut found = Vec::new();
        for mut piece in text.chunks(size) {
            loop {
                match elements.next(&mut piece) {
                    Ok(Some(element)) => found.push(element),
                    Ok(None) => break,
                    Err(broken) => return (found, Err(broken)),
                }
            }
        }
        (found, elements.end())
    }

    #[track_caller]
    fn reads(text: &[u8], expected: &[&str], end: &Result<(), Broken>) {
        for size in [1, 2, 3, 7, text.len().max(1)] {
            let (found, ended) = read(text, size);
            let shown = String::from_utf8_lossy(text);
            assert_eq!(found, expected, "{shown} in pieces of {size}");
            assert_eq!(&ended, end, "{shown} in pieces of {size}");
        }
    }

    #[test]
    fn elements_come_as_they_stand_there() {
        for (text, expected) in [
            (r#"{"data":[]}"#, &[][..]),
            (" {\n\"data\" :\t[ ] \r}\n", &[]),
            (
                r#"{"data":[{"a":1},{"b":[2]}]}"#,
                &[r#"{"a":1}"#, r#"{"b":[2]}"#],
            ),
            (
                r#"{"more":{"data":[1]},"data":[ {"a" : "]}\"\\"} , 1.50,"x",[ ],null ],"next":null}"#,
                &[r#"{"a" : "]}\"\\"}"#, "1.50", "\"x\"", "[ ]", "null"],
            ),
            (r#"{"d\u0061ta":["é"]}"#, &["\"é\""]),
            // What does not match inside is found by whoever reads it.
            (r#"{"data":[{],1"x"]}"#, &["{]", "1\"x\""]),
        ] {
            reads(text.as_bytes(), expected, &Ok(()));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_came_before() {
        let flaw = |flaw| Err(Broken::Flaw(flaw));
        for (text, expected, end) in [
            ("", &[][..], Err(Broken::Empty)),
            (" \n", &[], Err(Broken::Empty)),
            ("[1]", &[], Err(Broken::NotAnObject)),
            ("null", &[], Err(Broken::NotAnObject)),
            ("\"data\"", &[], Err(Broken::NotAnObject)),
            ("<html>", &[], flaw(Flaw::Syntax)),
            ("\u{feff}{\"data\":[]}", &[], flaw(Flaw::Syntax)),
            ("{}", &[], Err(Broken::NoArray)),
            (r#"{"date":[]}"#, &[], Err(Broken::NoArray)),
            (r#"{"data":null}"#, &[], Err(Broken::NoArray)),
            (r#"{"data":{"a":[]}}"#, &[], Err(Broken::NoArray)),
            (r#"{"data":,}"#, &[], flaw(Flaw::Syntax)),
            (r#"{"data":[1"#, &[], flaw(Flaw::Incomplete)),
            (r#"{"data":[1,"#, &["1"], flaw(Flaw::Incomplete)),
            (r#"{"data":[1]"#, &["1"], flaw(Flaw::Incomplete)),
            (r#"{"data":[1],"x":tru"#, &["1"], flaw(Flaw::Incomplete)),
            (r#"{"data":[1],"x":tru}"#, &["1"], flaw(Flaw::Syntax)),
            (r#"{"data":[1],"x":[}"#, &["1"], flaw(Flaw::Syntax)),
            (r#"{"data":[1],}"#, &["1"], flaw(Flaw::Syntax)),
            (r#"{"data":[1,]}"#, &["1"], flaw(Flaw::Syntax)),
            (r#"{"data":[,1]}"#, &[], flaw(Flaw::Syntax)),
            (r#"{"data":[1 2]}"#, &["1"], flaw(Flaw::Syntax)),
            (r#"{"data":[{}{}]}"#, &["{}"], flaw(Flaw::Syntax)),
            (r#"{"data":[1:2]}"#, &["1"], flaw(Flaw::Syntax)),
            (r#"{"data":[1}"#, &["1"], flaw(Flaw::Syntax)),
            (r#"{"data"[1]}"#, &[], flaw(Flaw::Syntax)),
            (r"{data:[1]}", &[], flaw(Flaw::Syntax)),
            ("{\"da\nta\":[1]}", &[], flaw(Flaw::Syntax)),
            (r#"{"\ud800":1,"data":[]}"#, &[], flaw(Flaw::LoneSurrogate)),
            (
                r#"{"data":[1],"data":[2]}"#,
                &["1"],
                flaw(Flaw::DuplicateMember),
            ),
            (r#"{"x":1,"\u0078":2}"#, &[], flaw(Flaw::DuplicateMember)),
            (r#"{"data":[1]}{}"#, &["1"], flaw(Flaw::Trailing)),
            (r#"{"data":[1]},"#, &["1"], flaw(Flaw::Trailing)),
        ] {
            reads(text.as_bytes(), expected, &end);
        }
        reads(b"{\"data\":[1,\"\xff\"]}", &["1"], &Err(Broken::NotUtf8));
    }

    #[test]
    fn nothing_is_endless() {
        let long = "x".repeat(62);
        let whole = format!("\"{long}\"");
        let text = format!("{{\"data\":[{whole},{whole}]}}");
        reads(text.as_bytes(), &[&whole, &whole], &Ok(()));
        for (before, endless) in [
            ("", " "),
            ("{\"data\":[1", " "),
            ("{\"data\":[1,", " "),
            ("{\"data\":[1,", "x"),
            ("{\"data\":[1,\"", "x"),
            ("{\"data\":[1,", "["),
            ("{\"data\":[1,{", "\"a\":1,"),
            ("{\"data\":[1],\"", "x"),
            ("{\"data\":[1],\"x\":[", "1,"),
            ("{\"data\":[1]}", "\n"),
        ] {
            let text = format!("{before}{}", endless.repeat(65));
            let expected: &[&str] = if before.contains('1') { &["1"] } else { &[] };
            reads(text.as_bytes(), expected, &Err(Broken::TooLong));
        }
        // Other members have no more room together than one element has.
        let many: Vec<_> = (0..20).map(|i| format!("\"m{i}\":0,")).collect();
        let text = format!("{{{}\"data\":[1]}}", many.concat());
        reads(text.as_bytes(), &[], &Err(Broken::TooLong));
    }
}
