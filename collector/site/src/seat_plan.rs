//! Where the seats of a room stand: rows from the board to the back, written as one would draw them.

use crate::{Refusal, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Most rows, and most places of one row: a hall.
const MOST: usize = 40;
/// Longest name of a seat, characters: as long as an asset's seat may be.
const LONGEST: usize = 20;
/// Stands for a place without a seat.
const NONE: &str = ".";

/// The seats of a room as they stand, row by row; `None` is an aisle. Every row has as many places as the longest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SeatPlan {
    rows: Vec<Vec<Option<String>>>,
}

impl SeatPlan {
    /// The rows, the one at the board first.
    pub fn rows(&self) -> &[Vec<Option<String>>] {
        &self.rows
    }

    /// A plan of these seats in rows of so many, an aisle in the middle of each.
    pub fn in_rows<'a>(seats: impl IntoIterator<Item = &'a str>, width: usize) -> Self {
        let seats: Vec<&str> = seats.into_iter().take(MOST * MOST / 2).collect();
        let row = |seats: &[&str]| {
            let mut row: Vec<Option<String>> = seats.iter().map(|seat| Some((*seat).to_owned())).collect();
            if row.len() > width / 2 {
                row.insert(width / 2, None);
            }
            row
        };
        Self::of(seats.chunks(width.max(1)).take(MOST).map(row).collect())
    }

    fn of(mut rows: Vec<Vec<Option<String>>>) -> Self {
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        rows.iter_mut().for_each(|row| row.resize(width, None));
        Self { rows }
    }
}

impl FromStr for SeatPlan {
    type Err = Refusal;

    /// Reads a line for each row, seats parted by spaces; by commas or tabs where their names hold spaces. "." and what is empty between
    /// commas is an aisle.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        // A tab before the first seat is an aisle: only empty lines go.
        let drawn = text.trim_end().trim_start_matches(['\r', '\n']);
        let rows: Vec<Vec<Option<String>>> = drawn.lines().take(MOST + 1).map(row).collect();
        if rows.len() > MOST || rows.iter().any(|row| row.len() > MOST) {
            return Err(Refusal::invalid(format!("a seat plan has at most {MOST} rows of {MOST} places")));
        }
        let mut known = BTreeSet::new();
        for (place, seat) in rows.iter().enumerate().flat_map(|(place, row)| row.iter().flatten().map(move |seat| (place + 1, seat))) {
            if seat.chars().count() > LONGEST || seat.chars().any(char::is_control) {
                let seat = words::cut(seat.clone(), 40);
                return Err(Refusal::invalid(format!(
                    "row {place} of the seat plan: {seat:?} is no seat; one has 1 to {LONGEST} characters"
                )));
            }
            if !known.insert(seat) {
                return Err(Refusal::invalid(format!("row {place} of the seat plan: {seat} stands in it twice")));
            }
        }
        Ok(Self::of(rows))
    }
}

fn row(line: &str) -> Vec<Option<String>> {
    let seat = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty() && text != NONE);
    match line.contains([',', '\t']) {
        true => line.split([',', '\t']).take(MOST + 1).map(seat).collect(),
        false => line.split_whitespace().take(MOST + 1).map(seat).collect(),
    }
}

impl fmt::Display for SeatPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spaced = self.rows.iter().flatten().flatten().any(|seat| seat.contains(' '));
        let between = if spaced { ", " } else { " " };
        for (place, row) in self.rows.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            let seats: Vec<&str> = row.iter().map(|seat| seat.as_deref().unwrap_or(NONE)).collect();
            f.write_str(&seats.join(between))?;
        }
        Ok(())
    }
}

impl TryFrom<String> for SeatPlan {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<SeatPlan> for String {
    fn from(plan: SeatPlan) -> Self {
        plan.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, said: &str) {
        let plan: SeatPlan = text.parse().unwrap();
        assert_eq!(plan.to_string(), said);
        assert_eq!(plan.to_string().parse::<SeatPlan>().unwrap(), plan, "and reads back as the same");
    }

    #[test]
    fn a_plan_is_read_as_it_is_drawn() {
        check("A1 A2 . A3\r\nB1", "A1 A2 . A3\nB1 . . .");
        check("1,2,,3\n\t4", "1 2 . 3\n. 4 . .");
        check("\n\t1\n2\n\n", ". 1\n2 .");
        check("by the door, 2", "by the door, 2");
        check("", "");
    }

    #[test]
    fn what_is_no_plan_says_where() {
        let refused = |text: &str| text.parse::<SeatPlan>().unwrap_err().text;
        assert!(refused("A1 A2\nB1 A1").contains("row 2 of the seat plan: A1 stands in it twice"));
        assert!(refused(&"x".repeat(21)).contains("is no seat"));
        assert!(refused(&"a\n".repeat(41)).contains("at most 40 rows"));
        assert!(refused(&(0..41).map(|seat| seat.to_string()).collect::<Vec<_>>().join(" ")).contains("at most 40 rows"));
    }

    #[test]
    fn seats_are_put_in_rows_with_an_aisle() {
        let plan = SeatPlan::in_rows(["1", "2", "3", "4", "5"], 4);
        assert_eq!(plan.to_string(), "1 2 . 3 4\n5 . . . .");
        assert_eq!(SeatPlan::in_rows([], 6), SeatPlan::default());
    }
}
