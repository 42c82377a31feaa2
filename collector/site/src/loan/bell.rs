//! Due by the bell: "period 3", "tomorrow period 1", "2026-12-18 period 2", "tomorrow".

use super::school_day::{end_of, next_school_day};
use crate::calendar::{self, Bell};
use crate::{Refusal, Site};
use jiff::Timestamp;
use jiff::civil::Date;

/// Which edge of a period or a day a text means where it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Its beginning: something is fetched then.
    Begins,
    /// Its end: something is due then.
    Ends,
}

/// Reads a moment that a bell or a day names; `None`: the text speaks of neither.
///
/// A period without a day is the next one of which that edge is to come, on this school day or the one after; "start of period 3" and "end
/// of period 3" say which edge.
///
/// # Errors
/// `Invalid`: that day has no such period, or it is over already.
pub fn bell_named(site: &Site, text: &str, meant: Edge, now: Timestamp) -> Option<Result<Timestamp, Refusal>> {
    let text = text.trim().to_lowercase();
    let (day, rest) = day_of(site, &text, now);
    let rest = rest.trim();
    let said = [("start of ", Edge::Begins), ("beginning of ", Edge::Begins), ("end of ", Edge::Ends)];
    let said = said.into_iter().find_map(|(words, edge)| rest.strip_prefix(words).map(|rest| (edge, rest.trim_start())));
    let (meant, period) = said.unwrap_or((meant, rest));
    if period.is_empty() {
        return day.map(|day| edge_of(site, day, meant).filter(|at| meant == Edge::Begins || *at > now).ok_or_else(|| over(&text)));
    }
    let name = period.strip_prefix("period ").or_else(|| period.strip_prefix("lesson ")).map(str::trim);
    let name = name.or_else(|| known(site, period).then_some(period))?;
    let edge = |bell: &Bell| if meant == Edge::Begins { bell.begins } else { bell.ends };
    Some(match day {
        Some(day) => on_day(site, day, name).map(|bell| edge(&bell)).and_then(|at| if at > now { Ok(at) } else { Err(over(&text)) }),
        None => next(site, name, now, edge),
    })
}

fn edge_of(site: &Site, day: Date, edge: Edge) -> Option<Timestamp> {
    match edge {
        Edge::Begins => Some(day.to_zoned_datetime(site.zone()).ok()?.timestamp()),
        Edge::Ends => end_of(site, day),
    }
}

/// The day at the beginning of a text, and what follows it.
fn day_of<'a>(site: &Site, text: &'a str, now: Timestamp) -> (Option<Date>, &'a str) {
    let today = site.day_of(now);
    for (word, day) in [("today", Some(today)), ("tomorrow", today.tomorrow().ok())] {
        if let Some(rest) = text.strip_prefix(word) {
            return (day, rest);
        }
    }
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    match first.parse::<Date>() {
        // A day alone is read elsewhere, with every other moment.
        Ok(day) if !rest.is_empty() => (Some(day), rest),
        _ => (None, text),
    }
}

/// Whether some schedule has a period of this name, in lower case.
fn known(site: &Site, name: &str) -> bool {
    let schedules = site.calendar().into_iter().flat_map(|calendar| calendar.schedules.values());
    schedules.flat_map(|schedule| &schedule.periods).any(|period| period.name.to_lowercase() == name)
}

fn on_day(site: &Site, day: Date, name: &str) -> Result<Bell, Refusal> {
    let bells = calendar::day(site, day).bells;
    let names: Vec<String> = bells.iter().map(|bell| bell.name.clone()).collect();
    bells.into_iter().find(|bell| bell.name.to_lowercase() == name).ok_or_else(|| {
        let has = if names.is_empty() { "it has no bell schedule".to_owned() } else { format!("it has {}", names.join(", ")) };
        Refusal::invalid(format!("{day} has no period {name:?}: {has}; `rollcall calendar` shows the days"))
    })
}

fn next(site: &Site, name: &str, now: Timestamp, edge: impl Fn(&Bell) -> Timestamp) -> Result<Timestamp, Refusal> {
    let today = site.day_of(now);
    let first = next_school_day(site, today).unwrap_or(today);
    let after = first.tomorrow().ok().and_then(|day| next_school_day(site, day)).unwrap_or(first);
    let soon = [first, after].into_iter().filter_map(|day| on_day(site, day, name).ok()).map(|bell| edge(&bell)).find(|at| *at > now);
    match soon {
        Some(at) => Ok(at),
        None => Err(on_day(site, after, name).err().unwrap_or_else(|| over(name))),
    }
}

fn over(text: &str) -> Refusal {
    let text: String = text.chars().take(60).collect();
    Refusal::invalid(format!("{text:?} is over already: give a time to come, \"tomorrow period 1\" or a day as 2026-12-01"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{self, Closed};
    use crate::loan::sample::{LoanDesk, person, tag};
    use crate::loan::{Due, NewLoan, out};
    use crate::presence::Heard;

    /// A school with three periods on weekdays, at noon of a Tuesday; the Thursday and Friday after are closed.
    fn school() -> LoanDesk {
        let mut desk = LoanDesk::new();
        let periods = [("1", "08:00-09:00"), ("2", "09:10-10:10"), ("6", "14:00-15:00"), ("Lunch", "12:00-12:45")];
        let periods = periods.map(|(name, span)| calendar::Period { name: name.into(), span: span.parse().unwrap() }).to_vec();
        desk.must(|w| calendar::set_schedule(w, "Regular", Some("Mon-Fri".parse().unwrap()), periods));
        let closed = Closed { from: "2026-11-26".parse().unwrap(), to: "2026-11-27".parse().unwrap(), name: "Thanksgiving".into() };
        desk.must(|w| calendar::close(w, closed));
        desk
    }

    #[track_caller]
    fn check(text: &str, meant: Edge, want: Result<&str, &str>) {
        let desk = school();
        match (bell_named(&desk.site, text, meant, desk.now), want) {
            (Some(Ok(at)), Ok(want)) => assert_eq!(at.to_string(), want, "{text}"),
            (Some(Err(refusal)), Err(want)) => assert!(refusal.text.contains(want), "{text}: {refusal}"),
            (None, Err("no bell")) => {}
            (got, want) => panic!("{text}: {got:?}, not {want:?}"),
        }
    }

    #[test]
    fn a_period_is_the_next_of_its_name_by_the_edge_that_is_meant() {
        check("period 6", Edge::Ends, Ok("2026-11-24T15:00:00Z"));
        check("Period 6", Edge::Begins, Ok("2026-11-24T14:00:00Z"));
        check("start of period 6", Edge::Ends, Ok("2026-11-24T14:00:00Z"));
        check("lunch", Edge::Ends, Ok("2026-11-24T12:45:00Z"));
        check("period 1", Edge::Ends, Ok("2026-11-25T09:00:00Z"));
        check("tomorrow period 2", Edge::Begins, Ok("2026-11-25T09:10:00Z"));
        check("2026-11-30 end of period 2", Edge::Begins, Ok("2026-11-30T10:10:00Z"));
        check("tomorrow", Edge::Ends, Ok("2026-11-25T23:59:59Z"));
        check("today period 1", Edge::Ends, Err("is over already"));
        check("2026-11-26 period 1", Edge::Ends, Err("has no period"));
        check("period 9", Edge::Ends, Err("it has 1, 2, Lunch, 6"));
        for other in ["5d", "2026-11-30", "never", "", "some day"] {
            check(other, Edge::Ends, Err("no bell"));
        }
    }

    #[test]
    fn nothing_is_due_on_a_day_on_which_the_school_is_closed() {
        let mut desk = school();
        desk.cameras(&["CAM-1"]);
        let thursday = "2026-11-26T23:59:59Z".parse().unwrap();
        let loan = desk.must(|w| out(w, &Heard::new(), NewLoan { due: Due::At(thursday), ..NewLoan::new(tag("CAM-1"), person("ana")) }));
        assert_eq!(loan.due.unwrap().to_string(), "2026-11-30T23:59:59Z", "the Monday after");
    }
}
