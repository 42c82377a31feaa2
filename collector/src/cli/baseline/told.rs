//! Says what a plan comes to: who fails, for whom that is new, who is mended, who has a waiver.

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use serde_json::Value;

const FAIL: &[Column] = &[
    Column::text("tag", "tag"),
    Column::text("room", "room"),
    Column::mark("new", "newly"),
    Column::text("wrong", "wrong"),
    Column::text("waived", "waived").from(120),
];
const WAIVED: &[Column] = &[Column::text("tag", "tag"), Column::text("room", "room"), Column::text("waived", "waived")];
const ROOMS: &[Column] = &[
    Column::text("room", "room"),
    Column::text("machines", "devices"),
    Column::text("meet it", "meet"),
    Column::text("fail", "fail"),
    Column::text("newly", "newly"),
    Column::text("mended", "mended"),
];

/// Whether a baseline holds now just so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// It does.
    Now,
    /// It would, once applied.
    NotYet,
}

fn headline(plan: &Value, holds: Holds) -> String {
    let (meet, machines) = (number_at(plan, "meet"), count_at(plan, "devices", "machine", "machines"));
    let meets = if meet == 1 { "meets" } else { "meet" };
    let unread = match number_at(plan, "unmeasured") {
        0 => String::new(),
        unread => format!("; the software of {unread} was never read"),
    };
    let change = match (number_at(plan, "newly"), field(plan, "mended").as_array().map_or(0, Vec::len)) {
        _ if holds == Holds::Now => String::new(),
        (0, 0) => "; nothing changes for anybody".to_owned(),
        (newly, mended) => format!("; {newly} newly fail, {mended} no longer"),
    };
    match holds {
        Holds::Now => format!("{} is applied: {meet} of {machines} {meets} it{unread}", text_at(plan, "baseline")),
        Holds::NotYet => format!("{}, if applied: {meet} of {machines} would meet it{change}{unread}", text_at(plan, "baseline")),
    }
}

/// What a plan says; machines that don't meet it are the problems found.
pub(super) fn told(out: &Out, plan: &Value, holds: Holds) -> Result<Exit, Failure> {
    let is_some = |at: &str| field(plan, at).as_array().is_some_and(|rows| !rows.is_empty());
    let fails = is_some("fail");
    if out.is_json() {
        out.json(plan);
        return Ok(if fails { Exit::Found } else { Exit::Done });
    }
    out.remark(&headline(plan, holds));
    if holds == Holds::NotYet && field(plan, "rooms").as_array().is_some_and(|rooms| rooms.len() > 1) {
        out.heading("By room");
        out.rows(ROOMS, field(plan, "rooms"), "");
    }
    if fails {
        out.rows(FAIL, field(plan, "fail"), "");
    }
    if is_some("waived") {
        out.heading("By a waiver alone");
        out.rows(WAIVED, field(plan, "waived"), "");
    }
    Ok(if fails { Exit::Found } else { Exit::Done })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_and_what_would_be_are_told_apart() {
        let plan = json!({"baseline": "Exam lab", "devices": 2, "meet": 1, "unmeasured": 0});
        assert_eq!(headline(&plan, Holds::Now), "Exam lab is applied: 1 of 2 machines meets it");
        let plan = json!({"baseline": "Exam lab", "devices": 9, "meet": 7, "newly": 2, "mended": ["A1"]});
        let want = "Exam lab, if applied: 7 of 9 machines would meet it; 2 newly fail, 1 no longer";
        assert_eq!(headline(&plan, Holds::NotYet), want);
        let plan = json!({"baseline": "Exam lab", "devices": 1, "meet": 0, "unmeasured": 1});
        assert_eq!(
            headline(&plan, Holds::NotYet),
            "Exam lab, if applied: 0 of 1 machine would meet it; nothing changes for anybody; the software of 1 was never read"
        );
    }
}
