//! Makes text of machines and people harmless: one line, no control characters, nothing that turns or hides the writing; HTML escaped.

/// One line of at most `most` characters that can end no header and no record, and looks like what it says.
pub(super) fn line(text: &str, most: usize) -> String {
    let shown = text.trim().chars().map(|c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => ' ',
        c if c.is_control() || misleads(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    });
    let mut line: String = shown.take(most + 1).collect();
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Characters that turn the writing direction, have no width, or are tags.
fn misleads(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text within HTML, or within a quoted attribute.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What a hostile machine may call itself or its software.
    pub(in crate::notify) const HOSTILE: &str = "PC\r\nBcc: all@school.example\r\n\r\n<script>x</script> [free](https://evil.example) <!channel> <https://evil.example|ok>\u{202e}\u{0}\u{1b}[2J";

    #[test]
    fn a_line_stays_one_line_and_says_what_it_says() {
        let check = |text: &str, want: &str| assert_eq!(line(text, 8), want);
        check("plain é", "plain é");
        check("a\r\nb", "a  b");
        check("a\u{2028}b\u{85}c", "a b c");
        check("a\u{202e}b\u{0}\u{200b}", "a\u{fffd}b\u{fffd}\u{fffd}");
        check("123456789", "12345678…");
        check("  12345678  ", "12345678");
        let hostile = line(HOSTILE, 1000);
        assert!(!hostile.chars().any(char::is_control) && !hostile.contains('\u{202e}'), "{hostile:?}");
    }

    #[test]
    fn html_is_text() {
        assert_eq!(html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }
}
