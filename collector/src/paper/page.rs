//! What stands on a page, and where.

use super::face::Face;

/// The size of a sheet, millimetres: width and height.
pub type Size = (f64, f64);

/// North America's sheet, 8.5 by 11 inches.
pub const LETTER: Size = (215.9, 279.4);
/// The sheet of most of the world.
pub const A4: Size = (210.0, 297.0);

/// An upright rectangle, millimetres: its upper left corner and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// From the left edge of the page.
    pub x: f64,
    /// From the upper edge of the page.
    pub y: f64,
    /// To the right.
    pub width: f64,
    /// Down.
    pub height: f64,
}

impl Area {
    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The area without a margin all around it.
    #[must_use]
    pub fn within(&self, margin: f64) -> Self {
        Self { x: self.x + margin, y: self.y + margin, width: self.width - 2.0 * margin, height: self.height - 2.0 * margin }
    }
}

/// On which side of its place a line of text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    #[default]
    Left,
    /// Its middle is there.
    Middle,
    /// It ends there.
    Right,
}

/// How and where a line of text is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Print {
    /// The place of [`Print::align`], from the left edge; millimetres.
    pub x: f64,
    /// The line on which the letters stand, from the upper edge; millimetres.
    pub base: f64,
    /// The size of the type, points.
    pub size: f64,
    /// The type.
    pub face: Face,
    /// On which side of `x` it stands.
    pub align: Align,
}

/// One thing on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Black areas, which may touch each other without a seam: the bars of one code.
    Fill(Vec<Area>),
    /// The outline of an area; its middle runs along the edge, so many millimetres thick.
    Outline(Area, f64),
    /// A straight line between two places, so many millimetres thick.
    Line {
        /// From here: x, y.
        from: (f64, f64),
        /// To there: x, y.
        to: (f64, f64),
        /// Thickness, millimetres.
        thick: f64,
    },
    /// A line of text. What the type has no letter for is shown as "?".
    Text(Print, String),
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Width and height, millimetres.
    pub size: Size,
    /// What stands on it, in the order in which it is printed.
    pub marks: Vec<Mark>,
}

impl Page {
    /// An empty page of so many millimetres.
    pub fn new(size: Size) -> Self {
        Self { size, marks: Vec::new() }
    }

    /// Prints a line of text.
    pub fn text(&mut self, print: Print, text: impl Into<String>) {
        self.marks.push(Mark::Text(print, text.into()));
    }

    /// Draws a straight line, so many millimetres thick.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), thick: f64) {
        self.marks.push(Mark::Line { from, to, thick });
    }

    /// Fills areas with black.
    pub fn fill(&mut self, areas: Vec<Area>) {
        self.marks.push(Mark::Fill(areas));
    }

    /// Draws the outline of an area, so many millimetres thick.
    pub fn outline(&mut self, area: Area, thick: f64) {
        self.marks.push(Mark::Outline(area, thick));
    }
}
