//! Pages as a PDF: the standard types, no picture, printed at its true size by readers that keep to it.

use super::MM_PER_POINT;
use super::face::Face;
use super::letters;
use super::page::{Align, Area, Mark, Page, Print};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use std::io::Write;

/// The names of the types on a page, in the order of [`Face::ALL`].
const NAMES: [Name<'static>; 2] = [Name(b"F0"), Name(b"F1")];
/// The catalogue, the list of pages, what is said of the document; the types come next, and then two for each page.
const CATALOGUE: i32 = 1;
const PAGES: i32 = 2;
const INFO: i32 = 3;
const FIRST_FACE: i32 = 4;
const FIRST_PAGE: i32 = 6;

/// The pages as the bytes of a PDF, which depend on nothing but them and the title.
pub fn pdf(title: &str, pages: &[Page]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let ids: Vec<(Ref, Ref)> = (FIRST_PAGE..).step_by(2).take(pages.len()).map(|id| (Ref::new(id), Ref::new(id + 1))).collect();
    let mut catalogue = pdf.catalog(Ref::new(CATALOGUE));
    catalogue.pages(Ref::new(PAGES));
    // Without it most readers shrink a page a little to keep clear of the printer's margins, and every label is off.
    catalogue.viewer_preferences().display_doc_title(true).pair(Name(b"PrintScaling"), Name(b"None"));
    catalogue.finish();
    pdf.document_info(Ref::new(INFO)).title(TextStr(title)).creator(TextStr("Rollcall"));
    pdf.pages(Ref::new(PAGES)).kids(ids.iter().map(|(id, _)| *id)).count(i32::try_from(pages.len()).unwrap_or(i32::MAX));
    for (face, id) in Face::ALL.into_iter().zip(FIRST_FACE..) {
        pdf.type1_font(Ref::new(id)).base_font(Name(face.name().as_bytes())).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (page, (id, content)) in pages.iter().zip(ids) {
        write_page(&mut pdf, page, id, content);
    }
    pdf.finish()
}

fn write_page(pdf: &mut Pdf, page: &Page, id: Ref, content: Ref) {
    let (width, height) = page.size;
    let mut written = pdf.page(id);
    written.media_box(Rect::new(0.0, 0.0, points(width), points(height))).parent(Ref::new(PAGES)).contents(content);
    let mut resources = written.resources();
    let mut fonts = resources.fonts();
    for (name, id) in NAMES.into_iter().zip(FIRST_FACE..) {
        fonts.pair(name, Ref::new(id));
    }
    fonts.finish();
    resources.finish();
    written.finish();
    let mut drawn = Content::new();
    page.marks.iter().for_each(|mark| draw(&mut drawn, mark, height));
    let plain = drawn.finish();
    match deflated(&plain) {
        Ok(bytes) => drop(pdf.stream(content, &bytes).filter(Filter::FlateDecode)),
        Err(_) => drop(pdf.stream(content, &plain)),
    }
}

fn deflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Draws a mark on a page of that height; a PDF counts from the lower left corner.
fn draw(content: &mut Content, mark: &Mark, height: f64) {
    let rect = |content: &mut Content, area: &Area| {
        content.rect(points(area.x), points(height - area.bottom()), points(area.width), points(area.height));
    };
    match mark {
        Mark::Fill(areas) => {
            areas.iter().for_each(|area| rect(content, area));
            content.fill_nonzero();
        }
        Mark::Outline(area, thick) => {
            content.set_line_width(points(*thick));
            rect(content, area);
            content.stroke();
        }
        Mark::Line { from, to, thick } => {
            content.set_line_width(points(*thick));
            content.move_to(points(from.0), points(height - from.1)).line_to(points(to.0), points(height - to.1)).stroke();
        }
        Mark::Text(print, text) => {
            let name = if print.face == Face::Bold { NAMES[1] } else { NAMES[0] };
            content.begin_text().set_font(name, single(print.size)).next_line(points(begins(print, text)), points(height - print.base));
            content.show(Str(&letters::bytes(text))).end_text();
        }
    }
}

/// Where a text begins, from the left edge; millimetres.
fn begins(print: &Print, text: &str) -> f64 {
    let width = print.face.width(text, print.size);
    match print.align {
        Align::Left => print.x,
        Align::Middle => print.x - width / 2.0,
        Align::Right => print.x - width,
    }
}

/// Millimetres in points.
fn points(millimetres: f64) -> f32 {
    single(millimetres / MM_PER_POINT)
}

/// A place on a sheet of paper in single precision: a PDF holds no more, and it is finer than any printer.
#[expect(clippy::cast_possible_truncation, reason = "places on paper lie within some thousand points")]
fn single(value: f64) -> f32 {
    value as f32
}
