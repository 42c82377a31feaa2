//! Whom the provider brings in, and whom it must not.

use super::*;
use crate::RefusalKind;
use crate::event::Actor;

const ISSUER: &str = "https://id.school.example";

fn facts() -> ProviderFacts {
    let map = [("it", Role::Technician), ("staff", Role::Teacher), ("heads", Role::Admin)];
    ProviderFacts {
        issuer: ISSUER.to_owned(),
        client: "rollcall".to_owned(),
        map: map.map(|(group, role)| Mapping { group: group.to_owned(), role }).to_vec(),
        desk: "https://desk.school:8443".to_owned(),
        ..ProviderFacts::default()
    }
}

fn begin() -> Working {
    let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
    access::add_user(&mut w, UserName::parse("ana").unwrap(), Role::Admin).unwrap();
    set(&mut w, facts()).unwrap();
    w
}

fn who(subject: &str, name: &str, groups: &[&str]) -> Identity {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Identity { issuer: ISSUER.to_owned(), subject: subject.to_owned(), name: name.to_owned(), mail: None, groups }
}

fn mailed(subject: &str, mail: &str) -> Identity {
    Identity { mail: Some(mail.to_owned()), ..who(subject, mail, &[]) }
}

fn refused(w: &mut Working, who: &Identity, words: &str) {
    let before = w.site.users.clone();
    let refusal = admit(w, who).unwrap_err();
    assert!(refusal.kind == RefusalKind::Forbidden && refusal.text.contains(words), "{}", refusal.text);
    assert_eq!(w.site.users, before);
}

#[test]
fn a_mapped_group_makes_an_account_and_keeps_its_role_true() {
    let mut w = begin();
    let vera = admit(&mut w, &who("s1", "Vera.Stone@school.example", &["staff", "x"])).unwrap();
    assert_eq!((vera.name.as_str(), vera.role), ("vera.stone", Role::Teacher));
    let vera = admit(&mut w, &who("s1", "renamed", &["staff", "it"])).unwrap();
    assert_eq!((vera.name.as_str(), vera.role), ("vera.stone", Role::Technician), "the subject is who it is");
    refused(&mut w, &who("s1", "vera.stone", &["x"]), "may no longer come in");
    refused(&mut w, &who("s2", "bo", &[]), "nobody has invited you");
    refused(&mut w, &who("s2", "bo", &["IT", "i", ""]), "nobody has invited you");
}

#[test]
fn nobody_takes_over_an_account_by_its_name_or_address() {
    let mut w = begin();
    refused(&mut w, &who("s9", "ana", &["heads"]), "There is an account ana already");
    refused(&mut w, &who("s9", "ANA@evil.example", &["heads"]), "There is an account ana already");
    refused(&mut w, &who("s9", "", &["heads"]), "no name");
    admit(&mut w, &who("s1", "vera", &["staff"])).unwrap();
    refused(&mut w, &who("s2", "vera", &["staff"]), "There is an account vera already");
    refused(&mut w, &Identity { issuer: "https://other.example".to_owned(), ..who("s1", "vera", &["staff"]) }, "any more");
}

#[test]
fn an_invitation_is_for_a_proven_address_and_works_once() {
    let mut w = begin();
    let bo = UserName::parse("bo").unwrap();
    invite(&mut w, bo.clone(), Role::Viewer, " Bo@School.example ").unwrap();
    assert!(invite(&mut w, UserName::parse("bo2").unwrap(), Role::Viewer, "bo@school.example").is_err());
    assert!(invite(&mut w, UserName::parse("bo3").unwrap(), Role::Viewer, "bo").is_err());
    refused(&mut w, &who("s1", "bo@school.example", &[]), "nobody has invited you");
    let user = admit(&mut w, &mailed("s1", "BO@school.example")).unwrap();
    assert_eq!((user.name.as_str(), user.role, user.invited.clone()), ("bo", Role::Viewer, None));
    refused(&mut w, &mailed("s2", "bo@school.example"), "nobody has invited you");
    access::change_role(&mut w, &bo, Role::Technician).unwrap();
    let again = admit(&mut w, &Identity { groups: vec!["staff".to_owned()], ..mailed("s1", "new@school.example") }).unwrap();
    assert_eq!(again.role, Role::Technician, "an administrator says what somebody may do who was invited");
    access::remove_user(&mut w, &bo).unwrap();
    refused(&mut w, &mailed("s1", "bo@school.example"), "nobody has invited you");
}

#[test]
fn the_last_admin_is_not_undone_by_a_group() {
    let mut w = begin();
    admit(&mut w, &who("s1", "vera", &["heads"])).unwrap();
    access::remove_user(&mut w, &UserName::parse("ana").unwrap()).unwrap();
    assert!(admit(&mut w, &who("s1", "vera", &["staff"])).unwrap_err().text.contains("last admin"));
}

#[test]
fn what_is_set_is_checked() {
    let mut w = begin();
    let mut check = |change: fn(&mut ProviderFacts), words: &str| {
        let mut bad = facts();
        change(&mut bad);
        let error = set(&mut w, bad).unwrap_err().text;
        assert!(error.contains(words), "{error}");
    };
    check(|f| f.issuer = "http://id.school.example".to_owned(), "the issuer");
    check(|f| f.issuer = "https://".to_owned(), "the issuer");
    check(|f| f.issuer = "https://a@b".to_owned(), "the issuer");
    check(|f| f.desk = "https://desk/x".to_owned(), "no path");
    check(|f| f.client = " ".to_owned(), "client id");
    check(|f| f.map[0].group = String::new(), "map at most");
    assert_eq!(of(&w.site).unwrap().facts.groups, "groups");
    remove(&mut w).unwrap();
    assert!(remove(&mut w).is_err());
    let json = serde_json::to_value(facts()).unwrap();
    assert_eq!(json["map"][0]["role"], "technician");
}
