//! A page as SVG, in exact proportion: what a browser shows before it is printed.

use super::MM_PER_POINT;
use super::face::Face;
use super::letters;
use super::page::{Align, Area, Mark, Page};

/// A page as an SVG document of its true size; `alt` says in words what it shows.
pub fn svg(page: &Page, alt: &str) -> String {
    let (width, height) = page.size;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\" role=\"img\">\
         <title>{}</title><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>",
        escaped(alt)
    );
    for mark in &page.marks {
        out.push_str(&drawn(mark));
    }
    out.push_str("</svg>\n");
    out
}

fn drawn(mark: &Mark) -> String {
    match mark {
        Mark::Fill(areas) => {
            let path = areas.iter().fold(String::new(), |path, area| path + &outline(area));
            format!("<path d=\"{path}\"/>")
        }
        Mark::Outline(area, thick) => {
            format!("<path d=\"{}\" fill=\"none\" stroke=\"#000\" stroke-width=\"{}\"/>", outline(area), rounded(*thick))
        }
        Mark::Line { from, to, thick } => format!(
            "<path d=\"M{} {}L{} {}\" stroke=\"#000\" stroke-width=\"{}\"/>",
            rounded(from.0),
            rounded(from.1),
            rounded(to.0),
            rounded(to.1),
            rounded(*thick)
        ),
        Mark::Text(print, text) => {
            let anchor = match print.align {
                Align::Left => "start",
                Align::Middle => "middle",
                Align::Right => "end",
            };
            let weight = if print.face == Face::Bold { " font-weight=\"bold\"" } else { "" };
            // The length keeps another type of the same family within the same room.
            format!(
                "<text x=\"{}\" y=\"{}\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"{}\" text-anchor=\"{anchor}\"{weight} \
                 textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
                rounded(print.x),
                rounded(print.base),
                rounded(print.size * MM_PER_POINT),
                rounded(print.face.width(text, print.size)),
                escaped(&letters::printed(text))
            )
        }
    }
}

fn outline(area: &Area) -> String {
    let [x, y, width, height] = [area.x, area.y, area.width, area.height].map(rounded);
    format!("M{x} {y}h{width}v{height}h-{width}z")
}

/// To a thousandth of a millimetre.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
