//! What a student information system, or whoever stands in its place, puts there.

use super::{Files, NAMES, of_zip, pack, read};
use jiff::civil::Date;
use rollcall_proto::fuzz::Target;
use rollcall_site::Site;
use rollcall_site::roster::{Delivery, Terms, plan};
use std::collections::BTreeSet;

const MANIFEST: &[u8] =
    b"propertyName,value\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\nfile.classes,bulk\nfile.enrollments,bulk\n";
const ORGS: &[u8] = b"sourcedId,name,type\norg-1,Lincoln,school\n";
const USERS: &[u8] = b"sourcedId,role,orgSourcedIds,givenName,familyName,identifier\nu1,student,org-1,Maya,Torres,20431\n";
const CLASSES: &[u8] = b"sourcedId,title,location\nc1,Algebra,118\n";
const ENROLLMENTS: &[u8] = b"sourcedId,classSourcedId,userSourcedId\ne1,c1,u1\n";
const ROLES: &[u8] = b"sourcedId,userSourcedId,role,orgSourcedId\nr1,u1,student,org-1\n";

/// Files of a delivery, and the zip around them.
pub(crate) fn targets() -> Vec<Target> {
    let seeds: Vec<Vec<u8>> = [MANIFEST, ORGS, USERS, CLASSES, ENROLLMENTS, ROLES]
        .into_iter()
        .zip(0_u8..)
        .map(|(text, first)| [&[first], text].concat())
        .collect();
    let zip = pack(&good()).unwrap_or_default();
    vec![Target::new("oneroster", &[], files).and(seeds), Target::new("oneroster-zip", &[], zipped).and(vec![zip])]
}

fn good() -> Files {
    Files::from([
        ("manifest.csv", MANIFEST.to_vec()),
        ("orgs.csv", ORGS.to_vec()),
        ("users.csv", USERS.to_vec()),
        ("classes.csv", CLASSES.to_vec()),
        ("enrollments.csv", ENROLLMENTS.to_vec()),
    ])
}

/// The first byte picks the file that is somebody else's.
fn files(bytes: &[u8]) {
    let Some((first, text)) = bytes.split_first() else { return };
    let Some(name) = NAMES.get(usize::from(*first) % NAMES.len()) else { return };
    let mut files = good();
    files.insert(name, text.to_vec());
    if let Ok(delivery) = read(&files) {
        planned(&delivery);
    }
}

fn zipped(bytes: &[u8]) {
    if let Ok(files) = of_zip(bytes) {
        assert!(files.keys().all(|name| NAMES.contains(name)));
        if let Ok(delivery) = read(&files) {
            planned(&delivery);
        }
    }
}

/// Nobody is there twice, and every bad row has its place.
fn planned(delivery: &Delivery) {
    let Ok(plan) = plan(&Site::default(), delivery, &Terms::default(), Date::constant(2026, 11, 28)) else { return };
    let ids: BTreeSet<_> = plan.steps.iter().map(|step| &step.entry.id).collect();
    let sources: BTreeSet<_> = plan.steps.iter().map(|step| &step.entry.source).collect();
    assert!(ids.len() == plan.steps.len() && sources.len() == plan.steps.len(), "somebody is there twice");
    assert!(plan.bad.iter().all(|bad| bad.line > 0 && !bad.file.is_empty()), "{:?}", plan.bad);
}
