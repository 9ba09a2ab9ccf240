//! JSON documents: the server's text laid out anew.
//!
//! Only blanks change and how a string is escaped. Members keep their order and numbers are copied to the letter; what the
//! redactor hides is left out, at any depth.

use crate::account::Redactor;
use crate::json::{self, Json, View};

/// Containers deeper than this stay on one line: a body of deep brackets would grow a hundredfold by its indentation.
pub(super) const DEEPEST: usize = 16;

/// Writes JSON into `out`.
pub(super) struct Writer<'a> {
    pub out: &'a mut Vec<u8>,
    pub redactor: &'a Redactor,
    /// The blanks before the outermost closing bracket; `None` to stay on one line, without any blank.
    pub indent: Option<usize>,
}

impl Writer<'_> {
    /// Writes an object; `depth` containers are open around it.
    pub fn object<'a>(&mut self, members: impl Iterator<Item = (&'a str, Json<'a>)>, depth: usize) {
        self.out.push(b'{');
        let mut is_empty = true;
        for (name, value) in members {
            self.begin(is_empty, depth + 1);
            is_empty = false;
            self.string(name);
            self.out.push(b':');
            if self.indent.is_some() {
                self.out.push(b' ');
            }
            self.value(value, depth + 1);
        }
        self.end(is_empty, depth + 1, b'}');
    }

    /// Writes a value; `depth` containers are open around it.
    pub fn value(&mut self, value: Json<'_>, depth: usize) {
        if let Some(text) = value.as_str() {
            return self.string(&text);
        }
        match value.view() {
            View::Object(members) => self.object(visible(&members, self.redactor), depth),
            View::Array(elements) => {
                self.out.push(b'[');
                let mut is_empty = true;
                for element in elements {
                    if !self.redactor.hides_value(element) {
                        self.begin(is_empty, depth + 1);
                        is_empty = false;
                        self.value(element, depth + 1);
                    }
                }
                self.end(is_empty, depth + 1, b']');
            }
            _ => self.out.extend_from_slice(value.text().as_bytes()),
        }
    }

    fn string(&mut self, text: &str) {
        json::write_string(self.out, &self.redactor.reported(text));
    }

    /// Begins a member or an element of the container at `depth`.
    fn begin(&mut self, is_first: bool, depth: usize) {
        if !is_first {
            self.out.push(b',');
        }
        self.line(depth, depth);
    }

    fn end(&mut self, is_empty: bool, depth: usize, bracket: u8) {
        if !is_empty {
            self.line(depth, depth - 1);
        }
        self.out.push(bracket);
    }

    /// Begins a line in the container at `depth`, `level` levels in.
    fn line(&mut self, depth: usize, level: usize) {
        if let Some(indent) = self.indent.filter(|_| depth <= DEEPEST) {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + indent + 2 * level, b' ');
        }
    }
}

/// The members that are not hidden.
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
