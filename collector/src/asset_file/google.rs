//! The list of Chrome devices as Google's Admin console and its Directory API name the columns.

use super::formats::{Format, Meaning};
use rollcall_site::asset::AssetKind;

pub(super) const FORMAT: Format = Format {
    name: "Google Admin",
    told_by: &[&["deviceid"], &["serialnumber"]],
    kind: Some(AssetKind::Chromebook),
    headings: &[
        ("annotatedassetid", Meaning::Tag),
        ("assetid", Meaning::Tag),
        ("serialnumber", Meaning::Fact("serial")),
        ("model", Meaning::Model),
        ("status", Meaning::Status),
        ("annotatedlocation", Meaning::Place),
        ("location", Meaning::Place),
        ("notes", Meaning::Fact("notes")),
        ("ordernumber", Meaning::Custom("order number")),
        ("orgunitpath", Meaning::Custom("org unit")),
        ("macaddress", Meaning::Custom("mac address")),
        ("deviceid", Meaning::Custom("google device id")),
        ("autoupdateexpiration", Meaning::CustomDay("updates until")),
        ("autoupdatethrough", Meaning::CustomDay("updates until")),
        ("annotateduser", Meaning::WhoMail),
        ("user", Meaning::WhoMail),
        ("recentusers", Meaning::LeftOut),
        ("lastknownuser", Meaning::LeftOut),
        ("mostrecentuser", Meaning::LeftOut),
    ],
};
