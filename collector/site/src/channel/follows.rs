//! Which events a webhook follows beside alerts: "loan.out", or a whole family, "ticket.*", or "*".

use super::read::shortened;
use crate::Refusal;
use crate::event::KINDS;

/// Kinds that one webhook names: more than there are families would be a mistake of a script.
const MOST: usize = 60;

/// Whether `follows` names an event of this kind.
pub fn names(follows: &[String], kind: &str) -> bool {
    let family = kind.split('.').next().unwrap_or_default();
    follows.iter().any(|one| one == "*" || one == kind || one.strip_suffix(".*") == Some(family))
}

/// Reads what a webhook is to follow: in order, each once.
///
/// # Errors
/// A kind that there is not, or too many.
pub(super) fn read(follows: &[String]) -> Result<Vec<String>, Refusal> {
    if follows.len() > MOST {
        return Err(Refusal::invalid(format!("a webhook names at most {MOST} kinds of events: name families, as in \"loan.*\"")));
    }
    let mut read: Vec<String> = follows.iter().map(|one| one.trim().to_owned()).collect();
    read.sort_unstable();
    read.dedup();
    match read.iter().find(|one| !KINDS.iter().any(|kind| names(std::slice::from_ref(one), kind))) {
        None => Ok(read),
        Some(bad) => {
            let text = format!(
                "{:?} is no kind of event: name one as `rollcall events --json` shows it, such as \"loan.out\", or a family, \"loan.*\"",
                shortened(bad)
            );
            Err(Refusal::invalid(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_families_are_named() {
        let check = |follows: &str, kind: &str, want| assert_eq!(names(&[follows.to_owned()], kind), want, "{follows} {kind}");
        check("*", "loan.out", true);
        check("loan.*", "loan.out", true);
        check("loan.out", "loan.out", true);
        check("loan.out", "loan.back", false);
        check("lo.*", "loan.out", false);
        check("", "loan.out", false);
    }

    #[test]
    fn what_is_no_kind_is_refused() {
        let read = |follows: &[&str]| read(&follows.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["ticket.*", " alert.raised", "ticket.*"]).unwrap(), ["alert.raised", "ticket.*"]);
        for bad in ["loans.*", "", "loan", "LOAN.*"] {
            assert!(read(&[bad]).unwrap_err().text.contains("is no kind of event"), "{bad}");
        }
        assert!(read(&["*"; 61]).is_err());
    }
}
