//! Text that has to fit: made smaller, cut, or broken into lines.

use super::face::Face;

/// Stands for what was cut off.
const CUT: char = '…';

/// A text that fits, and how large it is printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The text; its end is "…" where it had to be cut.
    pub text: String,
    /// Points.
    pub size: f64,
}

/// A text in a width of so many millimetres: at most `largest` points, smaller where it must be, and cut where `smallest` is still too large.
pub fn fit(text: &str, face: Face, width: f64, (smallest, largest): (f64, f64)) -> Fitted {
    let natural = face.width(text, 1.0);
    let size = if natural > 0.0 { (width / natural).min(largest) } else { largest };
    if size >= smallest {
        return Fitted { text: text.to_owned(), size };
    }
    Fitted { text: cut(text, face, width, smallest), size: smallest }
}

/// As much of a text as fits into a width, millimetres, at a size of so many points, with "…" for what does not.
fn cut(text: &str, face: Face, width: f64, size: f64) -> String {
    let mut kept = String::new();
    for letter in text.chars() {
        let longer = format!("{kept}{letter}");
        if face.width(&format!("{longer}{CUT}"), size) > width {
            break;
        }
        kept = longer;
    }
    kept.truncate(kept.trim_end().len());
    kept.push(CUT);
    kept
}

/// A text as lines of at most so many millimetres at a size of so many points; a word that is wider than a line is cut.
pub fn wrap(text: &str, face: Face, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut full = String::new();
        for word in line.split_whitespace() {
            let longer = if full.is_empty() { word.to_owned() } else { format!("{full} {word}") };
            if full.is_empty() || face.width(&longer, size) <= width {
                full = longer;
            } else {
                lines.push(std::mem::replace(&mut full, word.to_owned()));
            }
        }
        lines.push(full);
    }
    let fits = |line: &String| face.width(line, size) <= width;
    lines.into_iter().map(|line| if fits(&line) { line } else { cut(&line, face, width, size) }).collect()
}
