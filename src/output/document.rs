//! JSON documents: the server's text laid out anew.
//!
//! Only blanks change and how a string is escaped. Members keep their order and numbers are copied to the letter; what the
//! redactor hides is left out, at any depth.

use crate::account::Redactor;
use crate::json::{self, Json, View};
use crate::text::is_harmless;

/// Containers deeper than this stay on one line: a body of deep brackets would grow a hundredfold by its indentation.
pub(super) const DEEPEST: usize = 16;

pub(super) struct Writer<'a> {
    pub out: &'a mut Vec<u8>,
    pub redactor: &'a Redactor,
    /// The blanks before the outermost closing bracket; `None` to stay on one line, without any blank.
    pub indent: Option<usize>,
}

impl Writer<'_> {
    /// Writes an object; `depth` containers are open around it.
    pub fn object<'a>(&mut self, members: impl Iterator<Item = (&'a str, Json<'a>)>, depth: usize) {
        self.container(*b"{}", members, depth + 1, |writer, (name, value)| {
            if writer.redactor.escapes_nothing() {
                writer.out.push(b'"');
                writer.out.extend_from_slice(name.as_bytes());
                writer.out.push(b'"');
            } else {
                writer.string(name);
            }
            writer.out.extend_from_slice(if writer.indent.is_some() { b": " } else { b":" });
            writer.value(value, depth + 1);
        });
    }

    /// Writes a value; `depth` containers are open around it.
    pub fn value(&mut self, value: Json<'_>, depth: usize) {
        let is_laid_out = self.indent.is_none() || !value.is_container();
        let is_tight = |b| matches!(b, b'!'..=b'[' | b']'..=b'~');
        let is_as_it_stands = self.redactor.escapes_nothing() && !value.is_container();
        if is_as_it_stands || is_laid_out && self.redactor.changes_nothing() && is_harmless(value.text(), is_tight) {
            return self.out.extend_from_slice(value.text().as_bytes());
        }
        if let Some(text) = value.as_str() {
            return self.string(&text);
        }
        match value.view() {
            View::Object(members) => self.object(visible(&members, self.redactor), depth),
            View::Array(elements) => {
                let visible = elements.into_iter().filter(|element| !self.redactor.hides_value(*element));
                self.container(*b"[]", visible, depth + 1, |writer, element| writer.value(element, depth + 1));
            }
            _ => self.out.extend_from_slice(value.text().as_bytes()),
        }
    }

    fn string(&mut self, text: &str) {
        json::write_string(self.out, &self.redactor.reported(text));
    }

    /// Writes the container at `depth`, with a comma before each item but the first.
    fn container<T>(
        &mut self,
        [open, close]: [u8; 2],
        items: impl Iterator<Item = T>,
        depth: usize,
        write: impl Fn(&mut Self, T),
    ) {
        let line = |writer: &mut Self, level: usize| {
            if let Some(indent) = writer.indent.filter(|_| depth <= DEEPEST) {
                writer.out.push(b'\n');
                writer.out.resize(writer.out.len() + indent + 2 * level, b' ');
            }
        };
        self.out.push(open);
        let mut is_empty = true;
        for item in items {
            if !is_empty {
                self.out.push(b',');
            }
            is_empty = false;
            line(self, depth);
            write(self, item);
        }
        if !is_empty {
            line(self, depth - 1);
        }
        self.out.push(close);
    }
}

pub(super) fn visible<'a>(
    members: &'a [(std::borrow::Cow<'a, str>, Json<'a>)],
    redactor: &Redactor,
) -> impl Iterator<Item = (&'a str, Json<'a>)> {
    let members = members.iter().map(|(name, value)| (&**name, *value));
    members.filter(|(name, value)| !redactor.hides(name, *value))
}

/// A value on one line; empty if all of it is hidden.
pub(crate) fn compact(value: Json<'_>, redactor: &Redactor) -> String {
    let mut out = Vec::with_capacity(value.text().len());
    if !redactor.hides_value(value) {
        Writer { out: &mut out, redactor, indent: None }.value(value, 0);
    }
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::redact::Tokens;
    use crate::account::{Account, CONNECTED, Document};
    use crate::json::check;

    /// The object as several lines and as one.
    fn written(text: &str, indent: usize, reveal: bool) -> (String, String) {
        let account = Account { resource: &CONNECTED, document: Document::parse(text.to_owned()).expect("object") };
        let redactor = Redactor::new(reveal, Tokens::default()).for_account(&account);
        let entries = account.entries(None, &redactor).expect("all");
        let write = |indent| {
            let mut out = Vec::new();
            let mut writer = Writer { out: &mut out, redactor: &redactor, indent };
            writer.object(entries.iter().filter_map(|entry| Some((entry.name, entry.value?))), 0);
            String::from_utf8(out).expect("UTF-8")
        };
        (write(Some(indent)), write(None))
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
        ] {
            assert_eq!(written(text, 0, true), (lines.to_owned(), line.to_owned()));
        }
    }

    #[test]
    fn a_value_fits_on_one_line() {
        let document = Document::parse(r#"{"activation_token":"PNS-12345"}"#.to_owned());
        let account = Account { resource: &CONNECTED, document: document.expect("object") };
        let redactor = Redactor::default().for_account(&account);
        for (value, line, report) in [
            (" { \"a\" : [ 1.0 , \"\\u001b\" ] } ", r#"{"a":[1.0,"\u001b"]}"#, r#"{"a":[1.0,"\u001b"]}"#),
            (r#"[["PNS-12345"],{"activation_token":1}]"#, "[[],{}]", "[[],{}]"),
            (r#"{"ghp_a1":["sk_live_1"]}"#, r#"{"ghp_a1":["sk_live_1"]}"#, r#"{"••••••••":["••••••••"]}"#),
            (r#""PNS-12345""#, "", ""),
            ("\"x\"", "\"x\"", "\"x\""),
            ("1e400", "1e400", "1e400"),
        ] {
            let value = check(value).expect("JSON");
            assert_eq!((&*compact(value, &redactor), &*compact(value, &redactor.for_reports())), (line, report));
        }
    }
}
