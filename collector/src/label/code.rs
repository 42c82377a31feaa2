//! The two codes of a tag as areas of black.

use crate::paper::Area;
use code128::Code128;
use qrcodegen::{QrCode, QrCodeEcc};

/// The narrowest bar that hand scanners read well, millimetres.
const NARROWEST: f64 = 0.19;
/// The widest that is of use.
const WIDEST: f64 = 0.5;
/// The largest module of a square code, millimetres: more makes it no easier to read, and takes room from the bars beside it.
const LARGEST_MODULE: f64 = 0.6;
/// The smallest that a phone reads well.
const SMALLEST_MODULE: f64 = 0.25;
/// What stays white around a square code, modules.
pub(super) const QUIET: f64 = 4.0;

/// The bars of a tag.
pub(super) struct Bars {
    /// Where each begins and how wide it is, modules; the white before the first among them.
    bars: Vec<(u32, u32)>,
    /// All of it with the white at both ends, modules.
    modules: f64,
}

impl Bars {
    pub(super) fn of(tag: &str) -> Self {
        let code = Code128::encode(tag.as_bytes());
        let bars = code.bar_coordinates().map(|bar| (bar.x, u32::from(bar.width))).collect();
        Self { bars, modules: u32::try_from(code.len()).map_or(f64::INFINITY, f64::from) }
    }

    /// How wide one module is when all of it is to fit into so many millimetres, in whole dots; none: it does not fit.
    pub(super) fn module(&self, width: f64, dot: f64) -> Option<f64> {
        whole_dots((width / self.modules).min(WIDEST), dot).filter(|module| *module >= NARROWEST)
    }

    /// How wide all of it is at the least, millimetres.
    pub(super) fn narrowest(&self, dot: f64) -> f64 {
        (NARROWEST / dot).ceil() * dot * self.modules
    }

    /// The bars in the middle of an area.
    pub(super) fn within(&self, area: Area, module: f64, dot: f64) -> Vec<Area> {
        let begin = area.x + (area.width - self.modules * module) / 2.0;
        let begin = (begin / dot).round() * dot;
        let bar = |(x, width): &(u32, u32)| Area { x: begin + f64::from(*x) * module, width: f64::from(*width) * module, ..area };
        self.bars.iter().map(bar).collect()
    }
}

/// The square code of a tag.
pub(super) struct Square {
    code: QrCode,
    /// Modules of one side, without the white around it.
    pub(super) modules: f64,
}

impl Square {
    /// None: the text is too long for one; no tag is.
    pub(super) fn of(tag: &str) -> Option<Self> {
        let code = QrCode::encode_text(tag, QrCodeEcc::Medium).ok()?;
        let modules = f64::from(code.size());
        Some(Self { code, modules })
    }

    /// How large a module is when the code is to fit into a side of so many millimetres, and its white into another; in whole dots.
    pub(super) fn module(&self, side: f64, with_white: f64, dot: f64) -> Option<f64> {
        let largest = (side / self.modules).min(with_white / (self.modules + 2.0 * QUIET)).min(LARGEST_MODULE);
        whole_dots(largest, dot).filter(|module| *module >= SMALLEST_MODULE)
    }

    /// Its black from an upper left corner: each run of a row is one area.
    pub(super) fn at(&self, x: f64, y: f64, module: f64) -> Vec<Area> {
        let mut areas = Vec::new();
        for row in 0..self.code.size() {
            let mut column = 0;
            while column < self.code.size() {
                let run = (column..self.code.size()).take_while(|column| self.code.get_module(*column, row)).count();
                let run = i32::try_from(run).unwrap_or(1);
                if run > 0 {
                    let (x, y) = (x + f64::from(column) * module, y + f64::from(row) * module);
                    areas.push(Area { x, y, width: f64::from(run) * module, height: module });
                }
                column += run.max(1);
            }
        }
        areas
    }
}

/// The largest size of whole dots that is not above `most`.
fn whole_dots(most: f64, dot: f64) -> Option<f64> {
    let dots = (most / dot + 1e-9).floor();
    (dots >= 1.0).then_some(dots * dot)
}
