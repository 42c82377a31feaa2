//! A requisition, or an order, as a file: CSV for other systems, PDF to be printed and signed.

mod sheet;
#[cfg(test)]
mod tests;

pub use sheet::pdf;

use crate::csv_file::Writer;
use rollcall_site::order::OrderPage;

/// The columns of the CSV file.
const COLUMNS: [&str; 15] = [
    "order",
    "number",
    "title",
    "vendor",
    "funding",
    "line",
    "kind",
    "maker",
    "model",
    "count",
    "price",
    "cost",
    "room",
    "warranty_months",
    "replaces",
];

/// The lines of an order as CSV.
pub fn csv(page: &OrderPage) -> Vec<u8> {
    let mut writer = Writer::for_spreadsheets(COLUMNS);
    let row = &page.row;
    for line in &page.lines {
        let said = &line.line;
        let text = |known: Option<String>| known.unwrap_or_default();
        writer.row([
            row.id.to_string(),
            row.number.clone(),
            row.title.clone(),
            row.vendor.clone(),
            row.funding.clone(),
            line.number.to_string(),
            said.kind.word().to_owned(),
            said.maker.clone(),
            said.model.clone(),
            said.count.to_string(),
            text(said.price.map(|price| price.to_string())),
            line.cost.clone(),
            text(said.room.as_ref().map(ToString::to_string)),
            text(said.warranty_months.map(|months| months.to_string())),
            line.replaced.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        ]);
    }
    writer.finish()
}

/// The name that the file gets, without its ending.
pub fn file_name(page: &OrderPage) -> String {
    let what = if page.row.ordered_on.is_some() { "order" } else { "requisition" };
    format!("{what}-{}", page.row.id)
}
