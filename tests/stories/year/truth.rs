//! Who was really gone without a word, and what of it a person must be told: who fell silent together is told as one, and whoever stays away
//! when the others are back is told on its own.

use super::judge::{Holds, Matter, SETTLE};
use std::collections::BTreeMap;

/// Whoever stays silent so long after the last return, when most are back, is told on its own.
const STRAGGLES: i64 = 180;
/// Fewer are no outage.
const FEWEST: usize = 3;
/// Who fell silent so much earlier is no part of it.
const BEFORE: i64 = 900;

/// A span of time, seconds.
type Span = (i64, i64);

/// What was so of each machine.
pub struct Silences {
    machines: Vec<(String, usize)>,
    /// By room: when its machines are expected.
    expected: Vec<Vec<Span>>,
    carts: Vec<bool>,
    heartbeats: Vec<i64>,
    /// By machine: gone without a word, and connected.
    gone: Vec<Vec<Span>>,
    here: Vec<Vec<Span>>,
    lent: Vec<Vec<Span>>,
    /// The collector was down, and gave time to come back.
    pub down: Vec<(i64, i64, i64)>,
    /// The collector stood still.
    pub paused: Vec<Span>,
    /// Rooms whose machines lost power or network at one moment.
    together: Vec<(usize, i64, Vec<usize>)>,
    names: BTreeMap<usize, String>,
}

/// An outage of a room, as the promise has it.
#[derive(Clone, Debug)]
pub struct Fell {
    pub room: usize,
    pub at: i64,
    /// It is known at the earliest and at the latest then.
    pub known: Span,
    /// People are told of it then, if it lasts.
    pub told: i64,
    /// It is over, or its stragglers are told on their own.
    pub ends: Span,
}

impl Silences {
    pub fn new(machines: Vec<(String, usize)>, expected: Vec<Vec<Span>>, carts: Vec<bool>, heartbeats: Vec<i64>) -> Self {
        let none = || vec![Vec::new(); machines.len()];
        let (gone, here, lent) = (none(), none(), none());
        let (down, paused, together, names) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
        Self { machines, expected, carts, heartbeats, gone, here, lent, down, paused, together, names }
    }

    pub fn name(&mut self, room: usize, name: &str) {
        self.names.insert(room, name.to_owned());
    }

    /// The machine is here from now on.
    pub fn here(&mut self, machine: usize, now: i64) {
        end(&mut self.gone[machine], now);
        begin(&mut self.here[machine], now);
    }

    /// It said goodbye, and that arrived.
    pub fn left(&mut self, machine: usize, now: i64) {
        end(&mut self.here[machine], now);
        end(&mut self.gone[machine], now);
    }

    /// It went without a word that arrived.
    pub fn gone(&mut self, machine: usize, now: i64) {
        if end(&mut self.here[machine], now) {
            begin(&mut self.gone[machine], now);
        }
    }

    pub fn lent(&mut self, machine: usize, now: i64) {
        begin(&mut self.lent[machine], now);
    }

    pub fn returned(&mut self, machine: usize, now: i64) {
        end(&mut self.lent[machine], now);
    }

    /// These lost power or network at one moment.
    pub fn together(&mut self, room: usize, now: i64, machines: Vec<usize>) {
        self.together.push((room, now, machines));
    }

    /// When the collector knows at the earliest and at the latest of a silence that begins at `at`.
    fn known(&self, room: usize, at: i64) -> Span {
        let beat = self.heartbeats[room];
        let (mut first, mut last) = (at + beat, at + 2 * beat + 3);
        for (from, to) in &self.paused {
            if *from <= last && at <= *to {
                (first, last) = (first.max(to.min(&first).to_owned()), last.max(to + 2 * beat + 3) + (to - from));
            }
        }
        match self.down.iter().find(|(from, to, _)| *from <= last && at < *to) {
            Some((from, _, grace)) => (if *from <= first { *grace } else { first }, *grace + 1),
            None => (first, last),
        }
    }

    /// The first moment from `at` on that a room's machines are expected.
    fn expected_from(&self, room: usize, at: i64) -> Option<i64> {
        self.expected[room].iter().find(|(_, to)| *to > at).map(|(from, _)| at.max(*from))
    }

    fn is_expected(&self, room: usize, at: i64) -> bool {
        within(&self.expected[room], at)
    }

    fn is_gone(&self, machine: usize, since: i64, at: i64) -> bool {
        self.gone[machine].iter().any(|(from, to)| *from <= since && since < *to && *from <= at && at < *to)
            && !within(&self.lent[machine], at)
    }

    /// The outages that people must be told of; `due` says when something that is known then is told.
    pub fn outages(&self, due: impl Fn(usize, i64) -> i64) -> Vec<Fell> {
        let mut all: Vec<Fell> = Vec::new();
        for (room, at, machines) in self.together.iter().filter(|(room, ..)| !self.carts[*room]) {
            let known = self.known(*room, *at);
            let Some(seen) = self.expected_from(*room, known.1) else { continue };
            let known = if seen > known.1 { (seen, seen) } else { known };
            let down: Vec<usize> = machines.iter().copied().filter(|machine| self.is_gone(*machine, *at, known.1)).collect();
            let here =
                self.machines.iter().enumerate().filter(|(number, of)| of.1 == *room && within(&self.here[*number], known.1)).count();
            if down.len() < FEWEST || down.len() < here || all.iter().any(|fell| fell.room == *room && fell.ends.1 >= *at) {
                continue;
            }
            let told = (due(*room, known.0), due(*room, known.1));
            let ends = self.ends(*room, *at, &down, told);
            all.push(Fell { room: *room, at: *at, known, told: told.0, ends });
        }
        all
    }

    /// When an outage ends: everybody is back, or most are and nobody more came for a while; before it is told, when most are back.
    fn ends(&self, room: usize, at: i64, down: &[usize], told: Span) -> Span {
        let noticed = 2 * self.heartbeats[room] + 3;
        let returns = self.returns(room, at);
        let mut first = None;
        for (number, (now, sure)) in returns.iter().copied().enumerate() {
            let (fallen, left) = self.fallen(room, at, down, now, noticed);
            let most_are_back = left * 2 < fallen;
            if left == 0 || most_are_back && now <= told.0 {
                return (now, now);
            }
            if !most_are_back || !sure {
                continue;
            }
            let ends = now + STRAGGLES;
            let first_end = *first.get_or_insert(if now <= told.1 { now } else { ends });
            let mut next = returns[number + 1..].iter().take_while(|(next, _)| *next <= ends);
            match next.clone().any(|(_, sure)| *sure) {
                true => first = next.any(|(_, sure)| !*sure).then_some(first_end),
                false => return (first_end, next.last().map_or(ends, |(next, _)| next + STRAGGLES) + 1),
            }
        }
        let last = returns.last().map_or(at, |(last, _)| *last);
        if self.is_expected(room, told.0) { (last, last) } else { (told.0, told.0) }
    }

    /// When machines of a room come back that were gone in an outage, and whether the collector had noticed that they were.
    fn returns(&self, room: usize, at: i64) -> Vec<(i64, bool)> {
        let beat = self.heartbeats[room];
        let of = |number: &usize| self.machines[*number].1 == room;
        let spans = (0..self.machines.len()).filter(of).flat_map(|number| &self.gone[number]);
        let gone = spans.filter(|(from, to)| *from >= at - BEFORE && *to > at && *to < i64::MAX && to - from > beat);
        let mut returns: Vec<(i64, bool)> = gone.map(|(from, to)| (*to, *from == at || to - from > 2 * beat + 3)).collect();
        returns.sort_unstable();
        returns
    }

    /// How many had fallen silent by a moment of an outage, and how many of them are gone then.
    fn fallen(&self, room: usize, at: i64, down: &[usize], now: i64, noticed: i64) -> (usize, usize) {
        let joined = |number: &usize| {
            down.contains(number)
                || self.gone[*number].iter().any(|(from, to)| at - BEFORE <= *from && from + noticed <= now.min(*to) && *to > at)
        };
        let all: Vec<usize> = (0..self.machines.len()).filter(|number| self.machines[*number].1 == room).filter(joined).collect();
        let left =
            all.iter().filter(|number| self.gone[**number].iter().any(|(from, to)| (*from == at || from + noticed <= now) && now < *to));
        (all.len(), left.count())
    }

    /// What must be told of silences and outages.
    pub fn holds(&self, fell: &[Fell]) -> Vec<(Matter, Holds)> {
        let settle = (SETTLE, SETTLE);
        let mut all = Vec::new();
        for fell in fell {
            let matter = (self.names[&fell.room].clone(), "room-outage".to_owned(), String::new());
            all.push((matter, Holds { known: fell.known, to: fell.ends.1, settle }));
        }
        for (number, (tag, room)) in self.machines.iter().enumerate().filter(|(_, (_, room))| !self.carts[*room]) {
            for gone in &self.gone[number] {
                let matter = (tag.clone(), "machine-silent".to_owned(), String::new());
                all.extend(self.of_one(number, *room, *gone, fell).into_iter().map(|holds| (matter.clone(), holds)));
            }
        }
        all
    }

    /// What must be told of one machine's silence: once before an outage that it folds into, and once after it.
    fn of_one(&self, machine: usize, room: usize, (from, to): Span, fell: &[Fell]) -> Vec<Holds> {
        let mut parts = Vec::new();
        let mut known = self.known(room, from);
        for fell in fell.iter().filter(|fell| fell.room == room && fell.at - BEFORE <= from && from <= fell.ends.0 && to > fell.known.0) {
            if fell.ends.1 <= fell.told && known.1 + SETTLE < fell.known.0 {
                continue; // People were told of it, and of the outage they were not.
            }
            parts.push((known, fell.known.0.max(known.0)));
            known = fell.ends;
        }
        parts.push((known, to));
        parts.into_iter().filter_map(|(known, to)| self.first(machine, room, known, to)).collect()
    }

    /// The first time within a silence that it lasts long enough while the machine is expected.
    fn first(&self, machine: usize, room: usize, known: Span, to: i64) -> Option<Holds> {
        let mut after = known.0;
        let mut blurred: Option<Holds> = None;
        for (opens, closes) in self.expected[room].iter().filter(|(_, closes)| *closes > known.0) {
            let mut at = after.max(*opens);
            while at < to.min(*closes) {
                let Some(free) = free_from(&self.lent[machine], at) else { break };
                let until = self.lent[machine].iter().map(|(out, _)| *out).find(|out| *out > free).unwrap_or(i64::MAX).min(*closes).min(to);
                if free >= until {
                    break;
                }
                let first = (free.max(known.0), free.max(known.1));
                let holds = Holds { known: first, to: if until == to { to } else { until }, settle: (SETTLE, SETTLE) };
                if until - first.1 > SETTLE + 10 {
                    let earliest = blurred.map_or(first.0, |blurred| blurred.known.0);
                    return Some(Holds { known: (earliest, first.1), to, ..holds });
                }
                if until - first.0 >= SETTLE {
                    blurred.get_or_insert(holds);
                }
                at = until + 1;
            }
            after = known.0;
        }
        blurred
    }
}

fn begin(spans: &mut Vec<Span>, now: i64) {
    if spans.last().is_none_or(|(_, to)| *to < i64::MAX) {
        spans.push((now, i64::MAX));
    }
}

/// Ends the last span, if it has not ended.
fn end(spans: &mut [Span], now: i64) -> bool {
    let last = spans.last_mut().filter(|(_, to)| *to == i64::MAX);
    last.map(|(_, to)| *to = now).is_some()
}

fn within(spans: &[Span], at: i64) -> bool {
    spans.iter().any(|(from, to)| *from <= at && at < *to)
}

/// The first moment from `at` on that is in none of the spans.
fn free_from(spans: &[Span], at: i64) -> Option<i64> {
    match spans.iter().find(|(from, to)| *from <= at && at < *to) {
        Some((_, i64::MAX)) => None,
        Some((_, to)) => Some(*to),
        None => Some(at),
    }
}
