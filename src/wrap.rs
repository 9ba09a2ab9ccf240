//! Text that stands in a column.

/// `text` in lines of at most `width` columns, broken at blanks, of which all but the first are indented by `indent`; the
/// first is written behind as many columns.
pub fn wrap(text: &str, indent: usize, width: usize) -> String {
    let mut lines = String::with_capacity(text.len() + 2 * indent);
    let mut column = indent;
    for (number, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if number > 0 && column + 1 + length > width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if number > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn breaks_at_blanks_and_never_inside_a_word() {
        assert_eq!(wrap("one two three", 4, 11), "one two\n    three");
        assert_eq!(wrap("one two", 4, 10), "one\n    two");
        assert_eq!(wrap("unbreakable x", 2, 6), "unbreakable\n  x");
        assert_eq!(wrap("", 4, 10), "");
    }
}
