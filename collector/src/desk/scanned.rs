//! What a scanned or typed text names: every page asks here, so that a label means the same on all of them.

use super::session::Notice;
use rollcall_site::asset::{self, Asset};
use rollcall_site::{Refusal, RefusalKind, Site, Tag, view};
use std::sync::Arc;

/// The one asset that a text names: by its tag, its serial number, a name or an address of its machine, or a tag that it had before.
/// All machines may be walked over for it: it is work to be done apart.
pub(super) fn asset<'a>(site: &'a Site, text: &str) -> Result<&'a Arc<Asset>, Refusal> {
    let text = of_seat(text);
    let found = view::find_asset(site, text).and_then(|id| asset::get(site, id));
    found.map_err(|refusal| match refusal.kind {
        RefusalKind::NotFound => Refusal::invalid(format!(
            "{:?} is no tag of this site, no serial number, and no machine's name. Check what was scanned",
            text.trim()
        )),
        _ => refusal,
    })
}

/// The tag in the code on a seat, which holds the address where a problem is reported; any other text as it is.
fn of_seat(text: &str) -> &str {
    let tag = text.trim().strip_prefix("https://").and_then(|rest| rest.split_once("/report/")).map(|(_, tag)| tag);
    tag.filter(|tag| !tag.contains('/')).unwrap_or(text)
}

/// What is said where the text was an old label of this asset. A tag that was made of a machine's name never was a label.
pub(super) fn old_label(asset: &Asset, text: &str) -> Option<Notice> {
    let tag = Tag::parse(text.trim()).ok()?;
    let former = asset.tags_before().iter().rev().find(|former| former.tag == tag)?;
    let was_a_label = former.wanted.is_none() && asset.tag != tag;
    was_a_label.then(|| Notice::refused(format!("{tag} was tagged anew: it is {} now. Take the old label off.", asset.tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_on_a_seat_names_its_machine() {
        assert_eq!(of_seat(" https://desk.school:8443/report/LAB1-017"), "LAB1-017");
        assert_eq!(of_seat("https://desk.school/report/a/b"), "https://desk.school/report/a/b");
        assert_eq!(of_seat("LAB1-017"), "LAB1-017");
    }
}
