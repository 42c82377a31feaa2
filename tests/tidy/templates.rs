//! Pages: what an agent says is hostile text, so nothing is unescaped and no script or style stands in a page.

use crate::tree::{File, check};

/// What no template may hold, with the reason.
const REFUSED: [(&str, &str); 7] = [
    ("|safe", "agent text is hostile text: it is always escaped"),
    ("| safe", "agent text is hostile text: it is always escaped"),
    ("escape none", "agent text is hostile text: it is always escaped"),
    (" style=", "the content security policy refuses inline style"),
    ("<style", "the content security policy refuses inline style"),
    ("javascript:", "the content security policy refuses inline script"),
    ("http://", "a page loads nothing from elsewhere"),
];

fn wrong_in(line: &str) -> Option<&'static str> {
    if let Some((_, why)) = REFUSED.iter().find(|(text, _)| line.contains(text)) {
        return Some(why);
    }
    let inline = line.contains("<script") && !line.contains(" src=");
    let handler = line
        .split([' ', '\t'])
        .any(|word| word.starts_with("on") && word.split('=').nth(1).is_some_and(|rest| rest.starts_with(['"', '\''])));
    (inline || handler).then_some("the content security policy refuses inline script")
}

#[test]
fn pages_hold_no_unescaped_text_and_no_inline_script_or_style() {
    check(
        |file: &File| file.path.ends_with(".html"),
        |file| file.lines().filter_map(|(number, line)| Some(format!("{}:{number}: {}", file.path, wrong_in(line)?))).collect(),
    );
}

#[test]
fn the_check_sees_what_it_looks_for() {
    let bad = ["{{ name|safe }}", "<p style=\"x\">", "<script>", "<a onclick=\"x()\">", "<a href=\"javascript:x\">"];
    for line in bad {
        assert!(wrong_in(line).is_some(), "{line}");
    }
    for line in ["<script src=\"/x.js\" defer></script>", "<p class=\"on-loan\">only={{ x }}</p>", "<input name=\"on\">"] {
        assert!(wrong_in(line).is_none(), "{line}");
    }
}
