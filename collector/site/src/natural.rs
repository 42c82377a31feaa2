//! Natural order: names with numbers in them, as people count.

use std::cmp::Ordering;

/// Compares two names: texts and numbers in turn, so that "LAB2-9" comes before "LAB2-10".
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let texts = text(&mut left).cmp(text(&mut right));
        let order = texts.then(number(&mut left).cmp(&number(&mut right)));
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Takes what comes before the next digit.
fn text<'a>(rest: &mut &'a str) -> &'a str {
    take(rest, |c| c.is_ascii_digit())
}

/// Takes a number, however long: its digits without zeros in front, after how many they are.
fn number<'a>(rest: &mut &'a str) -> (usize, &'a str) {
    let digits = take(rest, |c| !c.is_ascii_digit()).trim_start_matches('0');
    (digits.len(), digits)
}

fn take<'a>(rest: &mut &'a str, ends: impl Fn(char) -> bool) -> &'a str {
    let (taken, left) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
    *rest = left;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_people_count() {
        let check = |sorted: &[&str]| {
            for (place, a) in sorted.iter().enumerate() {
                for (other, b) in sorted.iter().enumerate() {
                    assert_eq!(compare(a, b), place.cmp(&other), "{a:?} {b:?}");
                }
            }
        };
        check(&["A", "A-9", "A-9b", "A-10", "B-1"]);
        check(&["CART-1", "LAB1-2", "LAB1-2A", "LAB1-12", "LAB10-1"]);
        check(&["", "2", "007", "12", "99999999999999999999999", "100000000000000000000000", "desk", "ü7"]);
        check(&["A", "A0", "A00", "A0b", "A1"]);
    }
}
