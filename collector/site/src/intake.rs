//! Assets from a list: each row finds its asset by tag, else by serial number, and says what it does to it.

use crate::asset::{self, Asset, AssetFacts, AssetKind};
use crate::loan::{self, Due, NewLoan};
use crate::presence::Heard;
use crate::room::{self, RoomFacts};
use crate::{AssetId, PersonId, Refusal, RoomId, Site, Tag, Working};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A row of a list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its tag; none: it is found by its serial number, or not at all.
    pub tag: Option<Tag>,
    /// What the list says of it.
    pub facts: AssetFacts,
    /// What it is where it is new and the list's word for that is not one of ours.
    pub kind_if_new: Option<AssetKind>,
    /// The room that is made for it where there is none of that name.
    pub room: Option<RoomId>,
}

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It is new.
    Add,
    /// Something of it changes.
    Change,
    /// It stays as it is.
    Same,
}

/// One fact that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its name.
    pub fact: String,
    /// What it was; empty: not known.
    pub before: String,
    /// What it becomes; empty: not known any more.
    pub after: String,
}

/// What a row did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The asset.
    #[serde(skip)]
    pub asset: AssetId,
    /// Its tag, afterwards.
    pub tag: Tag,
    /// What it does.
    pub what: What,
    /// Every fact that changes, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// How much a step says of an asset that is new: everything costs more than the asset itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Every fact.
    Full,
    /// Its tag; what changes of a known asset is said all the same.
    Tag,
}

/// Takes in a row; `id` is the asset's where it is new.
///
/// # Errors
/// It has neither a tag nor a serial number that is known, tag and serial number are of two assets, or a fact is refused.
pub fn take(w: &mut Working, id: AssetId, mut row: Row, detail: Detail) -> Result<Step, Refusal> {
    let before = found(&w.site, &row)?;
    if let Some(room) = row.room.take()
        && !w.site.rooms.contains_key(&room)
    {
        room::add(w, room, RoomFacts::default())?;
    }
    match (before, row.tag) {
        (Some(before), tag) => {
            // A list names every asset by its tag: that is no word on whether the label is on it.
            let mut facts = AssetFacts { tag: tag.filter(|tag| *tag != before.tag), ..row.facts };
            // What is lent is lost and found by its loan: a list that knows of no loans has no word in that, and is not held up by it.
            facts.status = facts.status.filter(|status| asset::loan_says_so(&w.site, &before, *status).is_ok());
            let after = asset::set(w, before.id, facts)?;
            // Most rows of a list that is brought again change nothing, and saying everything of an asset takes long.
            let changes = if after == before { Vec::new() } else { changes(&said(&w.site, &before), &said(&w.site, &after)) };
            let what = if after == before { What::Same } else { What::Change };
            Ok(Step { asset: after.id, tag: after.tag.clone(), what, changes })
        }
        (None, Some(tag)) => {
            let kind = row.facts.kind.or(row.kind_if_new);
            let after = asset::add(w, id, tag, AssetFacts { kind, ..row.facts })?;
            let changes = if detail == Detail::Full { changes(&Map::new(), &said(&w.site, &after)) } else { Vec::new() };
            Ok(Step { asset: id, tag: after.tag.clone(), what: What::Add, changes })
        }
        (None, None) => Err(Refusal::invalid("no tag, and no asset here has its serial number: give it a tag")),
    }
}

/// The asset that a row is of.
fn found(site: &Site, row: &Row) -> Result<Option<Arc<Asset>>, Refusal> {
    let tagged = row.tag.as_ref().and_then(|tag| site.asset_by_tag(tag));
    let serial = row.facts.serial.as_deref().unwrap_or_default();
    let mut alike = asset::with_serial(site, serial);
    let (first, second) = (alike.next(), alike.next());
    match (tagged, first, second) {
        (Some(tagged), Some(first), _) if first.id != tagged.id && !asset::with_serial(site, serial).any(|one| one.id == tagged.id) => {
            Err(Refusal::conflict(format!("{} is here, and its serial number is that of {}: look at both labels", tagged.tag, first.tag)))
        }
        (Some(tagged), ..) => Ok(Some(Arc::clone(tagged))),
        (None, Some(first), Some(second)) => {
            Err(Refusal::conflict(format!("{} and {} both have its serial number: say which by its tag", first.tag, second.tag)))
        }
        (None, first, None) => Ok(first.cloned()),
        (None, None, Some(_)) => Ok(None),
    }
}

/// Everything that is said of an asset, by name, each as a text.
fn said(site: &Site, asset: &Asset) -> Map<String, Value> {
    let facts = serde_json::to_value(AssetFacts::of(site, asset)).unwrap_or_default();
    let mut said = Map::new();
    said.insert("tag".to_owned(), asset.tag.to_string().into());
    let Value::Object(facts) = facts else { return said };
    for (name, value) in facts {
        match value {
            Value::Object(fields) => said.extend(fields),
            value => drop(said.insert(name, value)),
        }
    }
    said
}

fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let text = |facts: &Map<String, Value>, name: &str| match facts.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    };
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let each = names.into_iter().map(|name| Change { fact: name.clone(), before: text(before, name), after: text(after, name) });
    each.filter(|change| change.before != change.after).collect()
}

/// What became of a loan that a list says there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lent {
    /// It is lent now.
    Made,
    /// It was lent to them already.
    Same,
    /// Somebody else has it here.
    Elsewhere,
}

/// Lends an asset to somebody of the roster, as a list says it is; whatever the verdict: it is out already.
///
/// # Errors
/// No such asset or person, or it is retired.
pub fn lend(w: &mut Working, heard: &Heard, asset: AssetId, person: &PersonId, due: Option<Timestamp>) -> Result<Lent, Refusal> {
    let tag = asset::get(&w.site, asset)?.tag.clone();
    if let Some(loan) = w.site.open_loan(asset) {
        return Ok(if loan.person == *person { Lent::Same } else { Lent::Elsewhere });
    }
    // A day that is over already says nothing of when it is to be back now.
    let due = due.filter(|due| *due > w.now).map_or(Due::ByPolicy, Due::At);
    let new = NewLoan { due, override_reason: Some("taken over from a list".to_owned()), ..NewLoan::new(tag, person.clone()) };
    loan::out(w, heard, new).map(|_| Lent::Made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Actor;

    fn row(tag: &str, facts: Value) -> Row {
        let tag = Some(tag).filter(|tag| !tag.is_empty()).map(|tag| Tag::parse(tag).unwrap());
        Row { tag, facts: serde_json::from_value(facts).unwrap(), ..Row::default() }
    }

    struct Desk {
        w: Working,
        next: u128,
    }

    impl Desk {
        fn take(&mut self, tag: &str, facts: Value) -> Result<(String, What, String), String> {
            self.next += 1;
            let step = take(&mut self.w, AssetId(uuid::Uuid::from_u128(self.next)), row(tag, facts), Detail::Full)
                .map_err(|refusal| refusal.text)?;
            let changes: Vec<String> = step.changes.iter().map(|c| format!("{}: {} > {}", c.fact, c.before, c.after)).collect();
            Ok((step.tag.to_string(), step.what, changes.join("; ")))
        }
    }

    #[test]
    fn a_row_finds_its_asset_by_tag_else_by_serial() {
        use serde_json::json;
        let mut desk = Desk { w: Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall), next: 0 };
        let (a, same) = (json!({"serial": "5CG1234567", "model": "L14", "kind": "laptop"}), What::Same);
        assert_eq!(desk.take("A-1", a.clone()).unwrap().1, What::Add);
        assert_eq!(desk.take("A-1", a.clone()), Ok(("A-1".into(), same, String::new())));
        assert_eq!(desk.take("", a.clone()), Ok(("A-1".into(), same, String::new())));
        let priced = desk.take("", json!({"serial": "5CG1234567", "price": "349", "custom": {"grant": "T4"}})).unwrap();
        assert_eq!(priced, ("A-1".into(), What::Change, "grant:  > T4; price:  > 349.00".into()));
        let retagged = desk.take("A-9", json!({"serial": "5cg1234567"})).unwrap();
        assert_eq!((retagged.0.as_str(), retagged.1), ("A-9", What::Change));
        assert!(retagged.2.starts_with("serial: 5CG1234567 > 5cg1234567; tag: A-1 > A-9"), "{}", retagged.2);
        assert!(desk.take("", json!({"serial": "Default string"})).unwrap_err().contains("no tag"));
        desk.take("B-1", json!({"serial": "XYZ7654321"})).unwrap();
        assert!(desk.take("B-1", json!({"serial": "5CG1234567"})).unwrap_err().contains("that of A-9"));
    }

    #[test]
    fn a_list_that_names_an_asset_by_its_tag_puts_no_label_on_it() {
        use serde_json::json;
        let mut desk = Desk { w: Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall), next: 0 };
        desk.take("WIN-12", json!({"serial": "5CG1234567"})).unwrap();
        let mut asset = (**desk.w.site.assets.get(&AssetId(uuid::Uuid::from_u128(1))).unwrap()).clone();
        asset.details.get_or_insert_default().tag_wanted = Some(Timestamp::UNIX_EPOCH);
        desk.w.put(asset);
        assert_eq!(desk.take("WIN-12", json!({"serial": "5CG1234567"})), Ok(("WIN-12".into(), What::Same, String::new())));
        assert_eq!(desk.take("WIN-12", json!({"model": "L14"})).unwrap().1, What::Change);
        assert_eq!(desk.w.site.tags_wanted.len(), 1);
    }

    #[test]
    fn a_list_has_no_word_in_what_a_loan_knows() {
        use crate::loan::sample::{LoanDesk, tag};
        let mut desk = LoanDesk::new();
        desk.cameras(&["CAM-1"]);
        desk.lend("CAM-1", "ana");
        desk.must(|w| loan::lost(w, &tag("CAM-1"), loan::How::Lost, ""));
        let facts = AssetFacts { status: Some(asset::AssetStatus::InService), model: Some("X100".to_owned()), ..AssetFacts::default() };
        let row = Row { tag: Some(tag("CAM-1")), facts, kind_if_new: None, room: None };
        desk.must(|w| take(w, AssetId(uuid::Uuid::nil()), row, Detail::Tag));
        let after = desk.site.asset_by_tag(&tag("CAM-1")).unwrap();
        assert_eq!((after.status, after.model.as_str()), (asset::AssetStatus::Lost, "X100"), "the rest of its line counts");
    }

    #[test]
    fn rooms_are_made_where_that_is_wanted() {
        let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
        let room = RoomId::parse("Lab 9").unwrap();
        let facts = AssetFacts { room: Some("Lab 9".to_owned()), ..AssetFacts::default() };
        let id = |number| AssetId(uuid::Uuid::from_u128(number));
        let row = |tag, room| Row { tag: Some(Tag::parse(tag).unwrap()), facts: facts.clone(), kind_if_new: Some(AssetKind::Tablet), room };
        assert!(take(&mut w, id(1), row("A-1", None), Detail::Tag).unwrap_err().text.contains("no room"));
        take(&mut w, id(1), row("A-1", Some(room.clone())), Detail::Tag).unwrap();
        take(&mut w, id(2), row("A-2", Some(room.clone())), Detail::Tag).unwrap();
        assert_eq!((w.site.rooms.len(), w.site.assets_in(&room).count()), (1, 2));
        assert_eq!(w.site.assets.get(&id(1)).unwrap().kind, AssetKind::Tablet);
    }
}
