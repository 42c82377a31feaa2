//! What labels are printed on, with exact sizes.

use crate::paper::{A4, Area, LETTER};
use rollcall_site::Refusal;

/// A sheet of labels, or a tape of which each page is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stock {
    /// As it is named in commands and addresses.
    pub name: &'static str,
    /// As people know it.
    pub title: &'static str,
    /// The page, millimetres: width and height.
    pub page: (f64, f64),
    /// Labels beside each other.
    pub columns: usize,
    /// Labels below each other.
    pub rows: usize,
    /// The first label, millimetres.
    pub first: Area,
    /// From the corner of one label to that of the next to the right and of the next below, millimetres.
    pub pitch: (f64, f64),
    /// What stays free within a label at its sides and above and below, millimetres: cutting is never exact, and tapes have edges that
    /// can't be printed.
    pub margin: (f64, f64),
    /// One dot of the printer, millimetres: bars are whole dots wide, or a printer makes some of them wider than others.
    pub dot: f64,
    /// Where its sizes are from.
    pub source: &'static str,
}

/// A dot at so many to the inch.
const fn dots(per_inch: f64) -> f64 {
    25.4 / per_inch
}

/// Everything that labels can be printed on; by name.
pub const STOCKS: &[Stock] = &[
    Stock {
        name: "avery-5160",
        title: "Avery 5160: 30 on a letter sheet, 66.7 × 25.4 mm (1 × 2⅝ in)",
        page: LETTER,
        columns: 3,
        rows: 10,
        first: Area { x: 4.7625, y: 12.7, width: 66.675, height: 25.4 },
        pitch: (69.85, 25.4),
        margin: (3.0, 2.0),
        dot: dots(600.0),
        source: "Avery's template 5160: margins 0.1875 and 0.5 in, labels 2.625 × 1 in, every 2.75 and 1 in",
    },
    Stock {
        name: "brother-24",
        title: "Brother TZe tape, 24 mm: each 70 mm long",
        page: (70.0, 24.0),
        columns: 1,
        rows: 1,
        first: Area { x: 0.0, y: 0.0, width: 70.0, height: 24.0 },
        pitch: (70.0, 24.0),
        margin: (3.2, 3.2),
        dot: dots(180.0),
        source: "Brother, Raster Command Reference PT-E550W/P750W/P710BT: the head has 128 pins at 180 dpi, 18.06 mm of a 24 mm tape",
    },
    Stock {
        name: "dymo-30252",
        title: "Dymo LabelWriter 30252 (99010), 28 × 89 mm",
        page: (89.0, 28.0),
        columns: 1,
        rows: 1,
        first: Area { x: 0.0, y: 0.0, width: 89.0, height: 28.0 },
        pitch: (89.0, 28.0),
        margin: (6.0, 1.6),
        dot: dots(300.0),
        source: "Dymo: address labels 30252, 1⅛ × 3½ in; its driver leaves 6 mm at the ends and 1.3 mm at the sides",
    },
    Stock {
        name: "l7160",
        title: "Avery L7160: 21 on an A4 sheet, 63.5 × 38.1 mm",
        page: A4,
        columns: 3,
        rows: 7,
        first: Area { x: 7.21, y: 15.15, width: 63.5, height: 38.1 },
        pitch: (66.04, 38.1),
        margin: (3.0, 2.5),
        dot: dots(600.0),
        source: "Avery's template L7160 (C2160): labels 63.5 × 38.1 mm, every 66.04 and 38.1 mm, in the middle of the sheet",
    },
];

/// The stock with this name.
///
/// # Errors
/// There is none: says which there are.
pub fn stock(name: &str) -> Result<&'static Stock, Refusal> {
    let names = || STOCKS.iter().map(|stock| stock.name).collect::<Vec<_>>().join(", ");
    let found = STOCKS.iter().find(|stock| stock.name == name.trim().to_lowercase());
    found.ok_or_else(|| Refusal::not_found(format!("there are no labels called {name:?}; known are {}", names())))
}

impl Stock {
    /// Labels of one page.
    pub fn per_page(&self) -> usize {
        self.columns * self.rows
    }

    /// Where a label lies, counted from 0 along the rows.
    pub fn place(&self, number: usize) -> Area {
        let (column, row) = (number % self.columns, number / self.columns);
        let far = |count: usize, pitch: f64| u32::try_from(count).map_or(0.0, f64::from) * pitch;
        Area { x: self.first.x + far(column, self.pitch.0), y: self.first.y + far(row, self.pitch.1), ..self.first }
    }

    /// What of a label may be printed on.
    pub fn inner(&self, place: Area) -> Area {
        let (x, y) = self.margin;
        Area { x: place.x + x, y: place.y + y, width: place.width - 2.0 * x, height: place.height - 2.0 * y }
    }
}
