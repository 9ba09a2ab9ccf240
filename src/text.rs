//! Text from outside, made safe to show; and words, numbers and times for people.
//!
//! Never shown as they are: control characters (C0, DEL, C1), bidirectional controls, everything invisible (Unicode's
//! `Default_Ignorable_Code_Point`), line and paragraph separators, interlinear annotation and noncharacters; and combining marks
//! from the fifth in a row on; and the beginning of what a CI runner takes for a command when it reads the log. This one rule
//! ([`marked`]) serves tables, JSON, YAML and messages; the notations differ.

use std::borrow::Cow;
use std::time::Duration;

use unicode_width::UnicodeWidthChar as _;

/// How much of a server's text an error message shows, in characters.
pub const EXCERPT: usize = 200;

/// How much of a name, an id or a value, in characters.
pub const SHOWN: usize = 60;

/// How many combining marks may follow one another; more of them paint over other lines.
const MARKS: usize = 4;

/// Whether `c` acts on terminals or deceives readers.
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

/// Whether `c` is a dash that word processors and web pages put in the place of a hyphen.
pub fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// A character as people can find it: itself if it is ASCII, else its code point and what it is, if it is easily overlooked.
pub fn named(c: char) -> String {
    let what = match c {
        '!'..='~' => return format!("`{c}`"),
        '\u{a0}' => "NO-BREAK SPACE",
        '\u{300}'..='\u{36f}' => "COMBINING MARK",
        '\u{400}'..='\u{52f}' => "CYRILLIC LETTER",
        '\u{200b}' => "ZERO WIDTH SPACE",
        '\u{2013}' => "EN DASH",
        '\u{2014}' => "EM DASH",
        '\u{2212}' => "MINUS SIGN",
        c if is_dash(c) => "DASH",
        c if is_forbidden(c) => "INVISIBLE",
        c if c.is_whitespace() => "SPACE",
        _ => "",
    };
    format!("U+{:04X} {what}", u32::from(c)).trim_end().to_owned()
}

/// What the text looks like: the same for texts that differ in case, blanks, invisible characters, look-alikes or the way accents
/// are written (the skeleton of UTS 39).
pub fn skeleton(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // `I` looks like `l`, and is `i` in capitals.
    unicode_security::skeleton(&words).collect::<String>().to_lowercase().replace('i', "l")
}

/// The first character by name, with an accent after it.
pub fn first_named(text: impl Iterator<Item = char>) -> String {
    let is_accent = |c: &char| matches!(c, '\u{300}'..='\u{36f}');
    let names: Vec<_> =
        text.take(2).enumerate().filter(|(at, c)| *at == 0 || is_accent(c)).map(|(_, c)| named(c)).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
}

/// Whether these bytes begin like UTF-16, which PowerShell writes: with its byte order mark, or every second one is NUL.
pub fn is_utf16(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(64)];
    let is_nul = |odd| start.iter().skip(odd).step_by(2).all(|b| *b == 0);
    start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") || start.len() > 3 && (is_nul(0) != is_nul(1))
}

/// How text in UTF-16 becomes usable.
pub const UTF16_HINT: &str = "`iconv -f UTF-16 -t UTF-8` converts it, in PowerShell `Set-Content -Encoding utf8`";

/// The characters of a text with their places, and whether each is escaped.
pub fn marked(text: &str) -> impl Iterator<Item = (usize, char, bool)> {
    let mut marks = 0;
    text.char_indices().map(move |(at, c)| {
        if matches!(c, ' '..='~') {
            marks = 0;
            return (at, c, matches!(c, '#' | ':') && begins_command(&text[..at], &text[at..]));
        }
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        (at, c, is_forbidden(c) || marks > MARKS)
    })
}

/// Whether a CI runner would take `rest` for a command: `##[…`, `##vso[…` and `##teamcity[…` anywhere on a line (Azure Pipelines,
/// `TeamCity`, GitHub), `::error …` first on a line but for blanks (GitHub). A line may begin with any text, and wrap at any blank.
fn begins_command(before: &str, rest: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let is_first = before.chars().next_back().is_none_or(char::is_whitespace);
    rest.strip_prefix("##").is_some_and(|name| name.trim_start_matches(is_letter).starts_with('['))
        || is_first && rest.strip_prefix("::").is_some_and(|name| name.starts_with(is_letter))
}

/// Whether all of a text's bytes are `safe`, and no command can begin in it: as in most.
pub fn is_harmless(text: &str, safe: impl Fn(u8) -> bool) -> bool {
    // Without a way out of the loops, many bytes are looked at at once.
    let pairs = text.bytes().zip(text.bytes().skip(1));
    text.bytes().fold(true, |all, b| all & safe(b))
        && !pairs.fold(false, |found, (a, b)| found | ((a == b) & matches!(a, b'#' | b':')))
}

/// The text as it may stand in a table or a message: on one line, `\n`, `\t` and `\u{202e}` for what is forbidden.
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_harmless(text, |b| matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (_, c, is_escaped) in marked(text) {
        match c {
            '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            c if is_escaped => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// [`escape`], and no longer than `limit` characters: an ellipsis stands for the rest.
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
            *likeness > 0.8 || (word.len() > 2 && strsim::osa_distance(&word, &candidate.to_lowercase()) == 1)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `1,234,567`
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",")
}

/// `1 h 3 m 12 s`, `5 m`, and tenths of seconds where they say something.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 10 {
        let tenths = format!("{:.1}", time.as_secs_f64());
        return format!("{} s", tenths.trim_end_matches(".0"));
    }
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, unit)| format!("{number} {unit}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_one_line_with_escapes() {
        assert_eq!(escape("Zoë & Söhne 漢字"), "Zoë & Söhne 漢字");
        assert_eq!(escape("a\nb\x1b[31m\u{202e}c"), "a\\nb\\u{1b}[31m\\u{202e}c");
        assert_eq!(escape(&format!("e{}", "\u{301}".repeat(6))).matches("\\u{301}").count(), 2);
    }

    #[test]
    fn an_excerpt_is_bounded_after_escaping() {
        assert_eq!(excerpt("short", 10), "short");
        assert_eq!(excerpt("0123456789x", 10), "012345678…");
        assert!(excerpt(&"\x1b".repeat(200), 200).chars().count() <= 200);
    }

    #[test]
    fn numbers_and_times_for_people() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (seconds, text) in
            [(0.0, "0 s"), (9.94, "9.9 s"), (59.9, "59 s"), (300.0, "5 m"), (3_792.0, "1 h 3 m 12 s")]
        {
            assert_eq!(span(Duration::from_secs_f64(seconds)), text);
        }
    }

    #[test]
    fn the_nearest_word() {
        for (word, expected) in
            [("statsu", Some("status")), ("STATUS", Some("status")), ("di", None), ("Id", Some("id")), ("xyz", None)]
        {
            assert_eq!(nearest(word, ["status", "id", "created_at"]), expected, "{word}");
        }
    }
}
