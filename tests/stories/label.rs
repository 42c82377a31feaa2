//! Labels: every one of every sheet is read by Debian's zbar from the printed page, and lies at its millimetre.

use rollcall_tests::site::TestSite;
use std::path::Path;
use std::process::Command;

/// Dots to the inch at which pages are looked at.
const DPI: f64 = 300.0;

/// A page as grey values.
struct Picture {
    width: usize,
    grey: Vec<u8>,
}

impl Picture {
    /// The pages of a PDF.
    fn of(pdf: &Path) -> Vec<(std::path::PathBuf, Self)> {
        let root = pdf.with_extension("");
        let made = Command::new("pdftoppm").args(["-r", "300", "-gray"]).arg(pdf).arg(&root).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let name = root.file_name().unwrap().to_string_lossy().into_owned();
        let files = std::fs::read_dir(pdf.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
        let mut pages: Vec<_> = files
            .filter(|file| {
                file.extension().is_some_and(|kind| kind == "pgm") && file.file_name().unwrap().to_string_lossy().starts_with(&name)
            })
            .collect();
        pages.sort();
        pages.into_iter().map(|file| (file.clone(), Self::read(&file))).collect()
    }

    fn read(file: &Path) -> Self {
        let bytes = std::fs::read(file).unwrap();
        let head: Vec<usize> = bytes
            .split(|byte| byte.is_ascii_whitespace())
            .skip(1)
            .take(2)
            .map(|word| std::str::from_utf8(word).unwrap().parse().unwrap())
            .collect();
        let grey = bytes[bytes.len() - head[0] * head[1]..].to_vec();
        Self { width: head[0], grey }
    }

    /// What zbar reads in an area, millimetres: as a scanner does, one label at a time. (Of a page with sixty codes at 300 dots to the inch
    /// it takes corners of one square code for those of another.)
    fn scan(&self, (x, y, width, height): (f64, f64, f64, f64), beside: &Path) -> Vec<String> {
        let dot = |mm: f64| (mm / 25.4 * DPI).round() as usize;
        let rows = self.grey.chunks(self.width).skip(dot(y)).take(dot(height));
        let part: Vec<&[u8]> = rows.map(|row| &row[dot(x).min(self.width)..dot(x + width).min(self.width)]).collect();
        let mut picture = format!("P5\n{} {}\n255\n", part.first().map_or(0, |row| row.len()), part.len()).into_bytes();
        part.into_iter().for_each(|row| picture.extend_from_slice(row));
        let file = beside.with_extension("label.pgm");
        std::fs::write(&file, picture).unwrap();
        let codes = ["--quiet", "--raw", "-Sdisable", "-Scode128.enable", "-Sqrcode.enable"];
        let ran = Command::new("zbarimg").args(codes).arg(&file).output().unwrap();
        std::fs::remove_file(&file).unwrap();
        String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// The extent of all that is dark within an area, millimetres: left, upper, right and lower edge.
    fn dark(&self, (x, y, width, height): (f64, f64, f64, f64)) -> (f64, f64, f64, f64) {
        let dot = |mm: f64| (mm / 25.4 * DPI).round() as usize;
        let mm = |dot: usize| dot as f64 * 25.4 / DPI;
        let (mut left, mut top, mut right, mut bottom) = (usize::MAX, usize::MAX, 0, 0);
        for row in dot(y)..dot(y + height) {
            for column in dot(x)..dot(x + width) {
                if self.grey.get(row * self.width + column).is_some_and(|grey| *grey < 128) {
                    (left, top, right, bottom) = (left.min(column), top.min(row), right.max(column + 1), bottom.max(row + 1));
                }
            }
        }
        (mm(left), mm(top), mm(right), mm(bottom))
    }
}

/// A sheet: its name, the page, how many labels are beside and below each other, the first of them, and how far the next are; millimetres.
struct Sheet {
    name: &'static str,
    page: (f64, f64),
    columns: usize,
    rows: usize,
    first: (f64, f64, f64, f64),
    pitch: (f64, f64),
}

const SHEETS: &[Sheet] = &[
    Sheet { name: "avery-5160", page: (215.9, 279.4), columns: 3, rows: 10, first: (4.7625, 12.7, 66.675, 25.4), pitch: (69.85, 25.4) },
    Sheet { name: "brother-24", page: (70.0, 24.0), columns: 1, rows: 1, first: (0.0, 0.0, 70.0, 24.0), pitch: (0.0, 0.0) },
    Sheet { name: "dymo-30252", page: (89.0, 28.0), columns: 1, rows: 1, first: (0.0, 0.0, 89.0, 28.0), pitch: (0.0, 0.0) },
    Sheet { name: "l7160", page: (210.0, 297.0), columns: 3, rows: 7, first: (7.21, 15.15, 63.5, 38.1), pitch: (66.04, 38.1) },
];

impl Sheet {
    /// Where a label lies, counted from 0.
    fn place(&self, number: usize) -> (f64, f64, f64, f64) {
        let (x, y, width, height) = self.first;
        (x + (number % self.columns) as f64 * self.pitch.0, y + (number / self.columns) as f64 * self.pitch.1, width, height)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_label_of_every_sheet_is_read_from_the_page() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let tags: Vec<String> =
        (1..=32).map(|number| if number % 3 == 0 { format!("CB-26-{number:03}") } else { format!("LAB1-{number:03}") }).collect();
    let list = site.place("list.csv");
    let rows: String = tags.iter().map(|tag| format!("{tag},laptop,Lenovo,ThinkPad L14 Gen 5\n")).collect();
    std::fs::write(&list, format!("tag,kind,maker,model\n{rows}")).unwrap();
    desk.json(&["asset", "import", &list.to_string_lossy(), "--yes"]).await.unwrap();
    for sheet in SHEETS {
        for (content, codes) in [("both", 2), ("code128", 1), ("qr", 1)] {
            let pdf = site.place(&format!("{}-{content}.pdf", sheet.name));
            let mut line = vec!["label"];
            line.extend(tags.iter().map(String::as_str));
            let place = pdf.to_string_lossy();
            line.extend(["--sheet", sheet.name, "--content", content, "--out", &place]);
            let made = desk.json(&line).await.unwrap();
            let (pages, what) = (Picture::of(&pdf), format!("{} {content}", sheet.name));
            let per_page = sheet.columns * sheet.rows;
            assert_eq!((pages.len(), &made["pages"]), (32_usize.div_ceil(per_page), &pages.len().into()), "{what}");
            assert_eq!(made["without_bars"], serde_json::json!([]), "{what}");
            for (number, tag) in tags.iter().enumerate() {
                let (file, picture) = &pages[number / per_page];
                let height = picture.grey.len() / picture.width;
                let size = (picture.width as f64 * 25.4 / DPI, height as f64 * 25.4 / DPI);
                assert!((size.0 - sheet.page.0).abs() < 0.17 && (size.1 - sheet.page.1).abs() < 0.17, "{what}: {size:?}");
                assert_eq!(picture.scan(sheet.place(number % per_page), file), vec![tag.clone(); codes], "{what}, label {}", number + 1);
            }
        }
    }
    lies_where_the_sheet_has_it(&site.place("avery-5160-both.pdf"));
    moved_as_the_printer_needs(&desk, &site).await;
}

/// Every label's ink begins 3 mm or more from its left edge and 2 mm from its upper and lower edge, at each of thirty places.
fn lies_where_the_sheet_has_it(pdf: &Path) {
    let (_, picture) = Picture::of(pdf).remove(0);
    for number in 0..30_u8 {
        let (column, row) = (f64::from(number % 3), f64::from(number / 3));
        let (x, y) = (4.7625 + column * 69.85, 12.7 + row * 25.4);
        let (left, top, right, bottom) = picture.dark((x, y, 66.675, 25.4));
        let place = format!("label {}: {left} {top} {right} {bottom} of {x} {y}", number + 1);
        assert!(left - x >= 2.9 && left - x <= 3.4, "{place}");
        assert!(top - y >= 1.8 && bottom - y <= 23.5 && x + 66.675 - right >= 2.9, "{place}");
        let gap = picture.dark((x + 66.7, y, 3.1, 25.4));
        assert!(gap.2 == 0.0, "ink between two labels: {place}");
    }
}

async fn moved_as_the_printer_needs(desk: &rollcall_tests::command::Desk, site: &TestSite) {
    let first = |name: &str| Picture::of(&site.place(name)).remove(0).1.dark((0.0, 0.0, 215.9, 279.4));
    let (at, moved) = (site.place("at.pdf"), site.place("moved.pdf"));
    let (at, moved) = (at.to_string_lossy(), moved.to_string_lossy());
    desk.json(&["label", "LAB1-001", "--start", "17", "--out", &at]).await.unwrap();
    desk.json(&["label", "LAB1-001", "--start", "17", "--offset-x", "2.54", "--offset-y", "-1.27", "--out", &moved]).await.unwrap();
    let (at, moved) = (first("at.pdf"), first("moved.pdf"));
    assert!((at.0 - (4.7625 + 69.85 + 3.0)).abs() < 0.4 && at.1 > 12.7 + 5.0 * 25.4, "the seventeenth place: {at:?}");
    assert!((moved.0 - at.0 - 2.54).abs() < 0.1 && (moved.1 - at.1 + 1.27).abs() < 0.1, "{at:?} {moved:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_printed_says_so() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let long = "A".repeat(39);
    desk.json(&["asset", "add", &long, "--kind", "projector"]).await.unwrap();
    let out = site.place("l.pdf");
    let out = out.to_string_lossy();
    let refused = desk.run(&["label", &long, "--content", "code128", "--out", &out]).await.unwrap();
    assert!(refused.code == 2 && refused.err.contains("print a square code (qr)"), "{refused:?}");
    let both = desk.run(&["label", &long, "--out", &out]).await.unwrap();
    assert!(both.code == 0 && both.err.contains("too long for bars here"), "{both:?}");
    let (file, picture) = Picture::of(&site.place("l.pdf")).remove(0);
    assert_eq!(picture.scan(SHEETS[0].place(0), &file), [long]);
    let none = desk.run(&["label", "--room", "Lab 9", "--out", &out]).await.unwrap();
    assert!(none.code != 0 && none.err.contains("no room"), "{none:?}");
    let test = desk.run(&["label", "--test", "--sheet", "l7160", "--out", &out]).await.unwrap();
    assert!(test.code == 0 && test.out.contains("hold it against a sheet"), "{test:?}");
}
