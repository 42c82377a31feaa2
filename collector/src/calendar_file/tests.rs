//! Calendar files as programs write them, and hostile ones.

use super::*;
use proptest::prelude::*;

const TODAY: &str = "2026-11-24";

fn file(events: &str) -> String {
    let events = events.replace("EVENT:", "BEGIN:VEVENT\nSUMMARY:").replace(";;", "\n").replace('!', "\nEND:VEVENT");
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{events}\nEND:VCALENDAR\n").replace('\n', "\r\n")
}

/// The closed days of some events, "2026-12-24 2026-12-26 Christmas", then what was left out.
#[track_caller]
fn check(events: &str, want: &[&str]) {
    let read = read(&file(events), &[], TODAY.parse().unwrap()).unwrap();
    let closed = read.closed.iter().map(|closed| format!("{} {} {}", closed.from, closed.to, closed.name));
    let said: Vec<String> = closed.chain(read.left_out.iter().map(|why| format!("- {why}"))).collect();
    assert_eq!(said, want, "{events}");
}

#[test]
fn whole_days_are_closed_and_the_end_is_the_day_after() {
    check("EVENT:Winter break;;DTSTART;VALUE=DATE:20261221;;DTEND;VALUE=DATE:20270102!", &["2026-12-21 2027-01-01 Winter break"]);
    check("EVENT:Snow\\, again;;DTSTART;VALUE=DATE:20261201!", &["2026-12-01 2026-12-01 Snow, again"]);
    check("EVENT:Assembly;;DTSTART:20261201T090000Z!", &["- Assembly: has a time of the day"]);
    check("EVENT:Old;;DTSTART;VALUE=DATE:20250101!", &["- Old: is over, or too far ahead"]);
    check("EVENT:Off;;STATUS:CANCELLED;;DTSTART;VALUE=DATE:20261201!", &["- Off: is cancelled"]);
    check("EVENT:Folded na\n me;;DTSTART;VALUE=DATE:20261201!", &["2026-12-01 2026-12-01 Folded name"]);
    check("EVENT:Odd;;DTSTART;VALUE=DATE:20261305!", &["- Odd: has a time of the day"]);
}

#[test]
fn what_repeats_is_followed_within_the_horizon() {
    check(
        "EVENT:New Year;;DTSTART;VALUE=DATE:20200101;;RRULE:FREQ=YEARLY!",
        &["2027-01-01 2027-01-01 New Year", "2028-01-01 2028-01-01 New Year"],
    );
    check(
        "EVENT:Late start;;DTSTART;VALUE=DATE:20261130;;RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3;BYDAY=MO;;EXDATE;VALUE=DATE:20261214!",
        &["2026-11-30 2026-11-30 Late start", "2026-12-28 2026-12-28 Late start"],
    );
    check(
        "EVENT:Fridays;;DTSTART;VALUE=DATE:20261125;;RRULE:FREQ=WEEKLY;UNTIL=20261205T000000Z;BYDAY=WE,FR!",
        &[
            "2026-11-25 2026-11-25 Fridays",
            "2026-11-27 2026-11-27 Fridays",
            "2026-12-02 2026-12-02 Fridays",
            "2026-12-04 2026-12-04 Fridays",
        ],
    );
    check("EVENT:Leap;;DTSTART;VALUE=DATE:20240229;;RRULE:FREQ=YEARLY!", &["2028-02-29 2028-02-29 Leap"]);
    let odd = "- Odd: repeats in a way that is not understood: ";
    check("EVENT:Odd;;DTSTART;VALUE=DATE:20261201;;RRULE:FREQ=SECONDLY!", &[&format!("{odd}FREQ=SECONDLY")]);
    check("EVENT:Odd;;DTSTART;VALUE=DATE:20261201;;RRULE:FREQ=MONTHLY;BYDAY=2TU!", &[&format!("{odd}BYDAY=2TU")]);
}

#[test]
fn a_day_that_is_named_a_hundred_thousand_times_is_one() {
    let days = "MO,".repeat(100_000);
    let events = format!("EVENT:Mondays;;DTSTART;VALUE=DATE:18000106;;RRULE:FREQ=WEEKLY;UNTIL=20261201;BYDAY={days}MO!");
    let read = read(&file(&events), &[], TODAY.parse().unwrap()).unwrap();
    assert!(read.closed.len() <= 70 && read.closed.iter().all(|closed| closed.from == closed.to), "{}", read.closed.len());
}

#[test]
fn one_of_a_series_that_was_moved_is_closed_on_its_new_day_alone() {
    let series = "EVENT:Day;;UID:a;;DTSTART;VALUE=DATE:20261201;;RRULE:FREQ=DAILY;COUNT=2!\n";
    let moved = "EVENT:Day;;UID:a;;RECURRENCE-ID;VALUE=DATE:20261202;;DTSTART;VALUE=DATE:20261209!";
    check(&format!("{series}{moved}"), &["2026-12-01 2026-12-01 Day", "2026-12-09 2026-12-09 Day"]);
}

#[test]
fn only_what_is_asked_for_is_taken() {
    let events = "EVENT:No school: Thanksgiving;;DTSTART;VALUE=DATE:20261126!\nEVENT:Picture day;;DTSTART;VALUE=DATE:20261201!";
    let read = read(&file(events), &["no school".to_owned()], TODAY.parse().unwrap()).unwrap();
    assert_eq!((read.closed.len(), read.left_out), (1, vec!["Picture day: has none of the words asked for".to_owned()]));
}

#[test]
fn hostile_files_are_refused_and_end_soon() {
    let refused = |text: &str, want: &str| {
        let refusal = read(text, &[], TODAY.parse().unwrap()).unwrap_err();
        assert!(refusal.text.contains(want) && refusal.text.len() < 400, "{refusal}");
    };
    refused("<html>", "no iCalendar file");
    refused("", "no iCalendar file");
    refused(&format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\n".repeat(60_000)), "too deep");
    refused(&format!("BEGIN:VCALENDAR\n{}", "X".repeat(LARGEST)), "larger than");
    refused("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "can't be read");
    let endless = "EVENT:E;;DTSTART;VALUE=DATE:00010101;;RRULE:FREQ=DAILY!";
    check(endless, &["- E: is over, or too far ahead"]);
    let many: String = (0..4).map(|n| format!("EVENT:{n};;DTSTART;VALUE=DATE:20261124;;RRULE:FREQ=DAILY!\n")).collect();
    refused(&file(&many), "more than 2000");
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "(BEGIN:|END:|VEVENT|VCALENDAR|DTSTART|RRULE:FREQ=|[;:=,\\\\\n 0-9A-Z]){0,60}") {
        drop(read(&format!("BEGIN:VCALENDAR\n{text}"), &[], TODAY.parse().unwrap()));
    }
}
