//! Text that tries everything a stranger's text can do to a terminal and to its reader.

/// Two hundred combining marks.
macro_rules! marks {
    () => {
        marks!(marks!(
            "\u{301}\u{30a}\u{327}\u{336}\u{489}\u{301}\u{30a}\u{327}"
        ))
    };
    ($text:expr) => {
        concat!($text, $text, $text, $text, $text)
    };
}

/// A JSON string with control sequences that clear, colour, link and write to the clipboard (C0 and C1), DEL,
/// bidirectional controls, zero-width and tag characters, a byte order mark, noncharacters, a forged second line, and marks
/// that pile up. What JSON lets stand raw stands raw.
macro_rules! hostile {
    () => {
        concat!(
            "\"Acme\\u001b[2J\\u001b[31m\\u001b]0;title\\u0007",
            "\\u001b]8;;https://evil.test\\u0007bank\\u001b]8;;\\u0007",
            "\\u001b]52;c;cm0gLXJmIH4K\\u0007\\u0000\u{9b}32m\\u0085\u{7f}\\b\\r",
            "\u{202e}gnp.exe\u{202c}\u{2066}\u{2069} pay\u{200b}pal\u{200d}\u{feff}\u{ad} ",
            "\u{e0041}\u{e0042}\u{e007f}\u{2028}\u{fffe}\u{ffff}",
            "\\nstatus\\tactive ",
            "e",
            marks!(),
            " 漢字😀\""
        )
    };
}
