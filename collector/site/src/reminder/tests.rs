//! Tests of reminders.

use super::*;
use crate::channel::{Channel, Mail};
use crate::loan::policy::Said;
use crate::loan::sample::{LoanDesk, person, tag};
use crate::loan::{self, Due};
use crate::person::Person;

fn desk() -> LoanDesk {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2"]);
    desk.must(|w| {
        let mail = Some(Mail { from: "desk@school.example".into(), to: vec!["it@school.example".into()], user: String::new() });
        let (name, kind, url) = ("mail".to_owned(), "mail".to_owned(), "smtp://mail.example:587".to_owned());
        w.put(Channel {
            follows: Vec::new(),
            name,
            kind,
            url,
            mail,
            ca: String::new(),
            delivered: 0,
            set_at: w.now,
            arrived_at: None,
            trouble: None,
            digested: None,
            rest: Rest::new(),
        });
        let ana = (**w.site.persons.get(&person("ana")).unwrap()).clone();
        w.put(Person { mail: "ana@example.org".into(), name: "Ana Ruiz".into(), ..ana });
        Ok(())
    });
    desk.policy(Said { remind_by: Some("mail".into()), remind_on_the_day: Some(true), ..Said::default() });
    desk
}

/// What Ana is sent in so many days, by hours after now; each mail arrives.
fn year(desk: &mut LoanDesk, days: i64) -> Vec<(i64, String)> {
    let mut mails = Vec::new();
    for hour in 1..=days * 24 {
        desk.hours(1);
        for id in due(&desk.site, desk.now) {
            let letter = desk.must(|w| begin(w, &id)).unwrap();
            assert!(due(&desk.site, desk.now).is_empty(), "nobody is written to twice while a mail is on its way");
            desk.must(|w| {
                finish(w, &letter.loans, Outcome::Sent);
                Ok(())
            });
            mails.push((hour, letter.subject));
        }
    }
    mails
}

#[test]
fn a_borrower_is_reminded_before_on_and_after_the_day_and_not_for_ever() {
    let mut desk = desk();
    desk.lend("CAM-1", "ana");
    desk.lend("CAM-2", "ben");
    let mails = year(&mut desk, 60);
    // Lent on the 24th at noon, due at the end of the 14th day after: at 7 in the morning of each day.
    let hours: Vec<i64> = mails.iter().map(|(hour, _)| *hour).collect();
    let morning = |day: i64| day * 24 - 5;
    assert_eq!(hours, [13, 14, 15, 18, 21, 24, 27].map(morning), "{mails:?}");
    assert_eq!(mails[0].1, "Please bring back what you borrowed");
    assert_eq!(mails[6].1, "Overdue: please bring back 1 thing");
    assert_eq!(without_address(&desk.site, desk.now).len(), 1);
    assert!(desk.events.iter().all(|event| !event.text.contains('@') && !event.text.contains("Ruiz")), "events name nobody");
    let stored: Vec<String> = desk
        .site
        .records()
        .filter(|record| record.kind == "reminder")
        .map(|record| String::from_utf8(record.body.unwrap()).unwrap())
        .collect();
    assert!(stored.len() == 1 && !stored[0].contains('@'), "{stored:?}");
    // Renewed, it begins anew.
    desk.must(|w| loan::renew(w, &tag("CAM-1"), Due::ByPolicy, None));
    assert_eq!(year(&mut desk, 15).len(), 3);
}

#[test]
fn nobody_is_written_to_at_night_on_closed_days_or_of_what_is_lost() {
    let mut desk = desk();
    desk.must(|w| crate::calendar::set_hours(w, Some("Mon-Fri 08:00-16:00".parse().unwrap())));
    desk.lend("CAM-1", "ana");
    let mails = year(&mut desk, 30);
    for (hour, _) in &mails {
        let at =
            ("2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(*hour)).to_zoned_datetime(desk.site.zone());
        assert!(at.weekday().to_monday_zero_offset() < 5 && (7..17).contains(&at.hour()), "{at}");
    }
    assert!(mails.len() > 4);
    desk.must(|w| loan::lost(w, &tag("CAM-1"), loan::How::Lost, ""));
    assert_eq!(year(&mut desk, 20).len(), 0);
}

#[test]
fn a_crash_sends_nothing_twice_and_a_busy_server_is_asked_again() {
    let mut desk = desk();
    desk.lend("CAM-1", "ana");
    desk.hours(24 * 15);
    let letter = desk.must(|w| begin(w, &person("ana"))).unwrap();
    assert_eq!((letter.overdue.len(), letter.to.as_str()), (1, "ana@example.org"));
    assert_eq!(letter.overdue[0], Line("CAM-1: was due on Tuesday, 8 December 2026".to_owned()));
    assert!(!format!("{letter:?}").contains("ana@example.org"));
    desk.must(|w| {
        finish(w, &letter.loans, Outcome::Later);
        Ok(())
    });
    assert!(due(&desk.site, desk.now).is_empty());
    desk.hours(1);
    assert_eq!(due(&desk.site, desk.now).len(), 1);
    desk.must(|w| begin(w, &person("ana"))).unwrap();
    // The collector stops here, and starts again.
    assert!(was_cut(&desk.site));
    desk.must(|w| {
        recover(w);
        Ok(())
    });
    assert!(due(&desk.site, desk.now).is_empty() && !was_cut(&desk.site));
    assert!(desk.last().contains("may have been reminded by mail of CAM-1 (overdue)"), "{}", desk.last());
    desk.hours(72);
    assert_eq!(due(&desk.site, desk.now).len(), 1);
    let letter = desk.must(|w| begin(w, &person("ana"))).unwrap();
    desk.must(|w| {
        finish(w, &letter.loans, Outcome::Refused);
        Ok(())
    });
    assert!(desk.last().contains("takes no mail for them"), "{}", desk.last());
}
