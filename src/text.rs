//! Text from outside, made safe to show; and words, numbers and times for people.
use std::borrow::Cow;
use std::fmt::Write as _;

use std::time::Duration;

use unicode_width::UnicodeWidthChar as _;

/// How much of a stranger's text an error message shows, in characters.
pub const EXCERPT: usize = 200;

/// How many combining marks may follow one another; more of them paint over other lines.
const MARKS: usize = 4;

/// Whether `c` acts on terminals or deceives readers.
#[must_use]
pub fn is_forbidden(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{a0}'..='\u{33f}' => c == '\u{ad}',
        _ => {
            matches!(c,
            '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
                || (c as u32) & 0xfffe == 0xfffe
        }
    }
}

/// Which characters of a text are written as escapes, told of one after the other.
#[derive(Debug, Default)]
pub struct Escapes {
    /// How many marks came last.
    marks: usize,
}

impl Escapes {
    /// Whether the next character is.
    pub fn escapes(&mut self, c: char) -> bool {
        if matches!(c, ' '..='~') {
            self.marks = 0;
            return false;
        }
        self.marks = if c.width() == Some(0) { self.marks + 1 } else { 0 };
        is_forbidden(c) || self.marks > MARKS
    }
}

/// The text as it may stand in a table or a message: on one line, `\n`, `\t` and `\u{202e}` for what is forbidden.
/// Meant for eyes; it does not parse back. JSON and YAML have notations of their own, which do.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut escapes = Escapes::default();
    for c in text.chars() {
        let is_escaped = escapes.escapes(c);
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_escaped => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// [`escape`], and no longer than `limit` characters: what is cut is told by an ellipsis.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let cut: String = text.chars().take(limit).collect();
    let shown = escape(&cut);
    if shown.chars().count() <= limit && cut.len() == text.len() {
        return shown.into_owned();
    }
    shown.chars().take(limit - 1).chain(['…']).collect()
}

/// The candidate that `word` is most likely a slip of; `None` if none is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        // Two letters the wrong way round are one slip, which counts for much in a short word.
        .filter(|(likeness, candidate)| {
            *likeness > 0.8
                || (word.len() > 2 && strsim::osa_distance(&word, &candidate.to_lowercase()) == 1)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
/// `1,234,567`
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 h 3 m 12 s`, and tenths of seconds where they say something.
#[must_use]
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} m {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} m {} s", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}
