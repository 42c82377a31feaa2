//! Asks a machine that is here to report anew, where its last report is too old for a verdict.

use crate::Collector;
use rollcall_site::verdict::{Awaits, Check};
use rollcall_site::{AssetId, Tag, return_diff};

/// Asks the machine of a check to report, if that is what the verdict waits for. Nobody waits for the answer: it turns the page.
pub(super) fn ask(collector: &Collector, check: &Check) {
    if check.awaits == Some(Awaits::Rescan) {
        ask_asset(collector, check.asset);
    }
}

/// After a return: the machine is asked to report, if the return waits for that.
pub(super) fn after_return(collector: &Collector, tag: &Tag) {
    let view = collector.keeper.view();
    let awaited = view.asset_by_tag(tag).filter(|asset| return_diff::awaited(&view, asset.id).is_some());
    if let Some(asset) = awaited {
        ask_asset(collector, asset.id);
    }
}

fn ask_asset(collector: &Collector, asset: AssetId) {
    let view = collector.keeper.view();
    if let Some(device) = view.assets.get(&asset).and_then(|asset| asset.device) {
        collector.roll.ask_anew(device, collector.keeper.clock().now());
    }
}
