//! The label of an asset: it gets another tag and keeps the one before, and a wrong scan is taken back.

use super::details::FormerTag;
use super::{Asset, free_tag, get};
use crate::{AssetId, Refusal, Site, Tag, Working};
use jiff::Timestamp;
use std::sync::Arc;

/// The most earlier tags that are kept of one asset.
const MOST_TAGS: usize = 20;

/// Gives an asset another tag, and keeps the one before; its own tag again says that the label is on it.
pub(super) fn label(site: &Site, asset: &mut Asset, tag: Tag, now: Timestamp) -> Result<(), Refusal> {
    let mut details = asset.details.take().unwrap_or_default();
    let wanted = details.tag_wanted.take();
    if tag == asset.tag {
        details.tag_kept = wanted.or(details.tag_kept);
        asset.details = Some(details).filter(|details| !details.is_empty());
        return Ok(());
    }
    free_tag(site, &tag)?;
    details.tag_kept = None;
    details.tags_before.retain(|former| former.tag != tag && former.tag != asset.tag);
    let before = std::mem::replace(&mut asset.tag, tag);
    details.tags_before.push(FormerTag { tag: before, until: now, wanted });
    let over = details.tags_before.len().saturating_sub(MOST_TAGS);
    details.tags_before.drain(..over);
    asset.details = Some(details);
    Ok(())
}

/// Takes the label back that an asset got while it waited for one: it has its tag of before again, and waits again.
///
/// # Errors
/// No such asset; its last tag is not that of a label that was asked for; its tag of before is in use.
pub fn unlabel(w: &mut Working, id: AssetId) -> Result<Arc<Asset>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let mut after = (*before).clone();
    let details = after.details.get_or_insert_default();
    details.tag_wanted = match (details.tag_kept.take(), details.tags_before.last().cloned()) {
        _ if details.tag_wanted.is_some() => None,
        (Some(since), _) => Some(since),
        (None, Some(FormerTag { tag, wanted: Some(since), .. })) => {
            free_tag(&w.site, &tag)?;
            details.tags_before.pop();
            after.tag = tag;
            Some(since)
        }
        (None, _) => None,
    };
    if details.tag_wanted.is_none() {
        let tag = &before.tag;
        return Err(Refusal::conflict(format!(
            "{tag} got its tag otherwise than by a label that was waited for: `rollcall asset set {tag} --tag TAG` gives it another"
        )));
    }
    let after = w.put(after);
    w.event(
        "asset.changed",
        format!("{} tag: {} → {}; the label was taken back, and one is wanted again", after.tag, before.tag, after.tag),
    )
    .about(&after);
    crate::alert::judge(w, id);
    Ok(after)
}
