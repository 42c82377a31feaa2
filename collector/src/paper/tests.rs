//! What is printed stands where it was put, fits, and is read again by what reads PDF.

use super::*;
use flate2::read::ZlibDecoder;
use std::io::Read;

fn text(align: Align) -> Print {
    Print { x: 100.0, base: 50.0, size: 12.0, face: Face::Plain, align }
}

/// The drawing of each page of a PDF, unpacked.
fn drawings(bytes: &[u8]) -> Vec<String> {
    let find = |from: usize, what: &[u8]| bytes[from..].windows(what.len()).position(|window| window == what).map(|at| from + at);
    let (mut at, mut all) = (0, Vec::new());
    while let Some(begin) = find(at, b"stream\n") {
        let end = find(begin, b"\nendstream").unwrap();
        let mut plain = String::new();
        ZlibDecoder::new(&bytes[begin + 7..end]).read_to_string(&mut plain).unwrap();
        all.push(plain);
        at = end + 10;
    }
    all
}

fn check(mark: Mark, want: &str) {
    let page = Page { size: A4, marks: vec![mark] };
    let bytes = pdf("a test", &[page]);
    let drawn = drawings(&bytes);
    assert_eq!(drawn.len(), 1);
    assert_eq!(drawn[0].replace('\n', " "), want);
}

#[test]
fn every_mark_stands_at_its_millimetre() {
    // 25.4 mm from the left are 72 points, and 25.4 mm from the top of A4 are 841.8898 - 72 from its foot.
    let area = Area { x: 25.4, y: 25.4, width: 50.8, height: 12.7 };
    check(Mark::Fill(vec![area]), "72 733.8898 144 36 re f");
    check(Mark::Outline(area, 0.254), "0.72 w 72 733.8898 144 36 re S");
    check(Mark::Line { from: (25.4, 297.0), to: (50.8, 271.6), thick: 0.254 }, "0.72 w 72 0 m 144 72 l S");
    check(
        Mark::Text(Print { x: 25.4, base: 271.6, size: 9.0, face: Face::Bold, align: Align::Left }, "A(1".to_owned()),
        "BT /F1 9 Tf 72 72 Td (A\\(1) Tj ET",
    );
}

#[test]
fn pages_have_their_true_size() {
    let text = String::from_utf8_lossy(&pdf("two", &[Page::new(LETTER), Page::new((89.0, 28.0))])).into_owned();
    for want in ["/MediaBox [0 0 612 792]", "/MediaBox [0 0 252.28346 79.37008]", "/PrintScaling /None", "/Count 2", "/Title (two)"] {
        assert!(text.contains(want), "{want}: {text}");
    }
    assert_eq!(pdf("two", &[Page::new(LETTER)]), pdf("two", &[Page::new(LETTER)]), "the same pages are the same bytes");
}

#[test]
fn letters_are_as_wide_as_adobe_says() {
    // "Rollcall" at 10 points: R 722, o 556, l 222, l 222, c 500, a 556, l 222, l 222.
    let want = 3.222 * 10.0 * MM_PER_POINT;
    assert!((Face::Plain.width("Rollcall", 10.0) - want).abs() < 1e-9);
    assert!(Face::Bold.width("Rollcall", 10.0) > want);
    assert_eq!(Face::Plain.width("Ł", 10.0), Face::Plain.width("L", 10.0));
}

#[test]
fn text_is_made_to_fit() {
    let check = |text: &str, width: f64, want: (&str, f64)| {
        let fitted = fit(text, Face::Plain, width, (6.0, 12.0));
        assert_eq!((fitted.text.as_str(), (fitted.size * 10.0).round() / 10.0), want, "{text:?} in {width} mm");
        assert!(Face::Plain.width(&fitted.text, fitted.size) <= width + 1e-9, "{text:?} in {width} mm");
    };
    check("Lab 118", 50.0, ("Lab 118", 12.0));
    check("Lincoln Middle School", 30.0, ("Lincoln Middle School", 8.7));
    check("Lincoln Middle School", 15.0, ("Lincoln Middl…", 6.0));
    check("", 15.0, ("", 12.0));
    assert_eq!(wrap("one two three\n\nfour", Face::Plain, 10.0, 14.0), ["one two", "three", "", "four"]);
    assert_eq!(wrap("Donaudampfschiff", Face::Plain, 10.0, 14.0), ["Donau…"]);
}

#[test]
fn a_page_is_seen_before_it_is_printed() {
    let mut page = Page::new((89.0, 28.0));
    page.text(text(Align::Middle), "<b> & \"c\"");
    page.fill(vec![Area { x: 1.0, y: 2.0, width: 0.33, height: 10.0 }]);
    let seen = svg(&page, "a label");
    assert!(seen.contains("viewBox=\"0 0 89 28\"") && seen.contains("M1 2h0.33v10h-0.33z"), "{seen}");
    assert!(seen.contains("&lt;b&gt; &amp; &quot;c&quot;") && seen.contains("text-anchor=\"middle\""), "{seen}");
    assert!(!seen.contains("style"), "the desk's pages have no inline style: {seen}");
}
