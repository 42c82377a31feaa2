//! The OpenAPI document holds what the interface does: every route, who may use it, and nothing that could not be followed.

use super::roles::{ROUTES, named};
use super::*;
use crate::desk::api::document::DOCUMENT;
use std::collections::BTreeSet;
use std::path::Path;

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// Every operation: method, path, and what is said of it.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, all)| all.as_object().unwrap().iter().map(move |(method, one)| (method.to_uppercase(), path.clone(), one)))
        .collect()
}

#[test]
fn everything_was_found_and_is_said_in_words() {
    let written = rollcall_document::write(Path::new(env!("CARGO_MANIFEST_DIR")), env!("CARGO_PKG_VERSION")).unwrap();
    assert!(
        written.unknown.is_empty(),
        "the document can't follow these: name a type of our own or one that `schema.rs` knows, and say in a comment what each handler does:\n{:#?}",
        written.unknown
    );
    assert!(written.json == document(), "the document of the build is not that of the source");
}

#[test]
fn every_route_of_the_files_is_in_the_document_and_the_other_way_round() {
    let document = document();
    let held: BTreeSet<(String, String)> = operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    let named: BTreeSet<(String, String)> = named().into_iter().collect();
    assert!(held.len() >= 180 && held == named, "{:?}", held.symmetric_difference(&named).collect::<Vec<_>>());
}

#[test]
fn who_may_is_what_the_table_proves() {
    let document = document();
    let mut looked_at = 0;
    for (method, path, least) in ROUTES {
        let asked = path.split('?').next().unwrap();
        let fits = |pattern: &str| {
            let mut pattern = pattern.split('/');
            asked.split('/').all(|part| pattern.next().is_some_and(|of| of == part || of.starts_with('{'))) && pattern.next().is_none()
        };
        let exact = |pattern: &str| pattern.split('/').filter(|part| part.starts_with('{')).count();
        let operations = operations(&document);
        let held = operations.iter().filter(|(of, pattern, _)| of == method && fits(pattern)).min_by_key(|(_, pattern, _)| exact(pattern));
        let role = held.unwrap_or_else(|| panic!("{method} {path} is not in the document")).2["x-role"].as_str().unwrap().to_owned();
        assert_eq!(role, format!("{least:?}").to_lowercase(), "{method} {path}");
        looked_at += 1;
    }
    assert!(looked_at > 180);
}

#[test]
fn every_operation_has_a_name_words_answers_and_every_reference_leads_somewhere() {
    let document = document();
    let (mut ids, mut looked_at) = (BTreeSet::new(), 0);
    for (method, path, one) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(ids.insert(one["operationId"].as_str().unwrap().to_owned()), "{place}: its id is another's");
        assert!(one["summary"].as_str().is_some_and(|words| words.len() > 8), "{place}");
        let answers = one["responses"].as_object().unwrap();
        assert!(
            answers.keys().any(|status| status.starts_with('2')) && answers.contains_key("401") && answers.contains_key("503"),
            "{place}"
        );
        let parameters: Vec<&str> = one["parameters"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(parameters.contains(&part), "{place}: {part}");
        }
        looked_at += 1;
    }
    assert!(looked_at >= 180);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

#[test]
fn types_are_told_as_serde_reads_and_writes_them() {
    let document = document();
    let schema = |name: &str| &document["components"]["schemas"][name];
    let lending = schema("loans.Lending.sent");
    assert_eq!((&lending["required"], &lending["additionalProperties"]), (&json!(["tag"]), &json!(false)));
    assert!(lending["properties"]["override"]["description"].as_str().unwrap().contains("STOP"), "{lending}");
    assert_eq!(schema("verdict.Verdict")["enum"], json!(["GO", "CHECK", "STOP"]));
    let out = schema("loans.Lent");
    assert!(out["properties"]["person_name"].is_object() && out["properties"]["verdict"].is_object(), "what is flattened is there: {out}");
    assert!(schema("assets.NewAsset.sent")["properties"]["serial"].is_object(), "{}", schema("assets.NewAsset.sent"));
}

#[tokio::test]
async fn the_document_is_for_everybody() {
    let bench = Bench::new().await;
    let Answer(status, kind, body) = bench.ask_as(None, "GET", "/openapi.json", None).await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["openapi"], "3.1.0");
}
