//! A window on a long list: one page of its rows, and where that lies among all that were found.

use std::ops::Range;

/// Most pages that an address can ask for.
const MOST_PAGES: usize = 100_000;
/// Longest text that is searched for, characters.
const LONGEST: usize = 100;

/// One page of a list; `pager.html` leads to the others.
pub struct Window<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// How many there are on all pages.
    pub found: usize,
    /// The place of its first row, from 0.
    pub first: usize,
    /// Its number, from 1.
    pub page: usize,
    /// How many pages there are, 1 at least.
    pub pages: usize,
}

impl<T> Window<T> {
    /// The page that an address asks for, or the last one; `part` gives some of the rows and how many there are.
    pub fn of(asked: Option<usize>, size: usize, part: impl Fn(Range<usize>) -> (Vec<T>, usize)) -> Self {
        let part = |page: usize| part((page - 1) * size..page * size);
        let asked = asked.unwrap_or(1).clamp(1, MOST_PAGES);
        let (rows, found) = part(asked);
        let pages = found.div_ceil(size).max(1);
        let page = asked.min(pages);
        let rows = if page == asked { rows } else { part(page).0 };
        Self { rows, found, first: (page - 1) * size, page, pages }
    }
}

/// The text that a list is searched for; `None`: none was given.
pub fn wanted(text: &str) -> Option<String> {
    Some(text.trim().chars().take(LONGEST).collect::<String>()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: Option<usize>, all: usize, rows: &[usize], page: usize, pages: usize) {
        let part = |range: Range<usize>| ((0..all).skip(range.start).take(range.len()).collect(), all);
        let window = Window::of(asked, 3, part);
        assert_eq!((window.rows.as_slice(), window.found, window.page, window.pages), (rows, all, page, pages), "{asked:?} of {all}");
        assert_eq!(window.first, (page - 1) * 3);
    }

    #[test]
    fn a_page_beyond_the_last_is_the_last() {
        check(None, 7, &[0, 1, 2], 1, 3);
        check(Some(3), 7, &[6], 3, 3);
        check(Some(4), 7, &[6], 3, 3);
        check(Some(usize::MAX), 6, &[3, 4, 5], 2, 2);
        check(Some(0), 7, &[0, 1, 2], 1, 3);
        check(Some(9), 0, &[], 1, 1);
    }

    #[test]
    fn a_text_is_cut_and_blanks_are_none() {
        assert_eq!((wanted("  "), wanted(" dell ")), (None, Some("dell".to_owned())));
        assert_eq!(wanted(&"é".repeat(200)).map(|text| text.chars().count()), Some(100));
    }
}
