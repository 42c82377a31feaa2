//! The REST interface for people to read: its OpenAPI document as a page, by noun.

use crate::desk::api::document::DOCUMENT;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::trouble::show as page;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::State;
use serde_json::Value;
use std::sync::LazyLock;

/// The document as the page shows it: read once, it never changes while the collector runs.
static NOUNS: LazyLock<Vec<Noun>> = LazyLock::new(|| nouns(&serde_json::from_str(DOCUMENT).unwrap_or_default()));

/// A noun with what can be done with it.
struct Noun {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

/// One operation.
struct Operation {
    method: String,
    path: String,
    summary: String,
    description: String,
    role: String,
    takes: Vec<Field>,
    answer: String,
}

/// One thing that an operation takes.
struct Field {
    name: String,
    /// "path", "query", "body"; what every operation takes in headers is told once, at the top.
    place: String,
    kind: String,
    required: bool,
    about: String,
}

#[derive(Template)]
#[template(path = "interface.html")]
struct Interface {
    frame: Frame,
    nouns: &'static [Noun],
}

/// `GET /api`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    page(&Interface { frame: Frame::of(&desk, &visitor, &look, Tab::Settings), nouns: &NOUNS })
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn each<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn nouns(document: &Value) -> Vec<Noun> {
    let tags = document.get("tags").and_then(Value::as_array).into_iter().flatten();
    let all = || {
        each(document, "paths")
            .flat_map(|(path, methods)| methods.as_object().into_iter().flatten().map(move |(method, said)| (path, method, said)))
    };
    let of_tag = |tag: &str| {
        let inside = all().filter(|(_, _, said)| said.pointer("/tags/0").is_some_and(|first| first == tag));
        inside.map(|(path, method, said)| operation(document, path, method, said)).collect()
    };
    tags.map(|tag| Noun { name: text(tag, "name"), about: text(tag, "description"), operations: of_tag(&text(tag, "name")) }).collect()
}

fn operation(document: &Value, path: &str, method: &str, said: &Value) -> Operation {
    let parameters = said.get("parameters").and_then(Value::as_array).into_iter().flatten().map(|parameter| followed(document, parameter));
    let mut takes: Vec<Field> = parameters
        .filter(|parameter| parameter.get("in").is_some_and(|place| place != "header"))
        .map(|parameter| Field {
            name: text(parameter, "name"),
            place: text(parameter, "in"),
            kind: parameter.get("schema").map(|schema| kind(document, schema)).unwrap_or_default(),
            required: parameter.get("required").is_some_and(|required| required == true),
            about: text(parameter, "description").replace('`', ""),
        })
        .collect();
    takes.extend(each(said, "requestBody").filter(|(key, _)| *key == "content").flat_map(|(_, content)| sent(document, content)));
    let answers = each(said, "responses").filter(|(status, _)| status.starts_with('2'));
    let answer = answers.map(|(status, answer)| given(document, status, answer)).collect::<Vec<_>>().join(", ");
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(said, "summary"),
        description: text(said, "description"),
        role: text(said, "x-role"),
        takes,
        answer,
    }
}

/// The fields of a body; a body that is no object is one field without a name.
fn sent(document: &Value, content: &Value) -> Vec<Field> {
    let whole = |media: &str, schema: &Value| Field {
        name: String::new(),
        place: "body".to_owned(),
        kind: if media == "application/json" { kind(document, schema) } else { media.to_owned() },
        required: true,
        about: text(schema, "description"),
    };
    let fields = |(media, body): (&String, &Value)| {
        let schema = followed(document, body.get("schema").unwrap_or(&Value::Null));
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let fields: Vec<Field> = each(schema, "properties")
            .map(|(name, field)| Field {
                name: name.clone(),
                place: "body".to_owned(),
                kind: kind(document, field),
                required: required.contains(&name.as_str()),
                about: text(field, "description").replace('`', ""),
            })
            .collect();
        if fields.is_empty() { vec![whole(media, body.get("schema").unwrap_or(&Value::Null))] } else { fields }
    };
    content.as_object().into_iter().flatten().flat_map(fields).collect()
}

/// What is answered: "200 list of view.rows.AssetRow".
fn given(document: &Value, status: &str, answer: &Value) -> String {
    let inside = each(answer, "content").next().map(|(media, body)| match media.as_str() {
        "application/json" => body.get("schema").map(|schema| kind(document, schema)).unwrap_or_default(),
        media => media.to_owned(),
    });
    format!("{status} {}", inside.unwrap_or_default()).trim_end().to_owned()
}

/// What a reference of the document leads to.
fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let place = value.get("$ref").and_then(Value::as_str).and_then(|way| way.strip_prefix('#'));
    place.and_then(|place| document.pointer(place)).unwrap_or(value)
}

/// A schema in a word or two; of a list of words, the words.
fn kind(document: &Value, schema: &Value) -> String {
    if let Some(way) = schema.get("$ref").and_then(Value::as_str) {
        let meant = followed(document, schema);
        if meant.get("properties").is_none() && meant.get("oneOf").is_none() {
            return kind(document, meant);
        }
        return way.rsplit('/').next().unwrap_or_default().trim_end_matches(".sent").to_owned();
    }
    let named: Vec<&str> = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if !named.is_empty() {
        return named.join(", ");
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
        _ => Vec::new(),
    };
    let alternatives = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array());
    match (types.as_slice(), alternatives) {
        (["array"], _) => format!("list of {}", schema.get("items").map(|items| kind(document, items)).unwrap_or_default())
            .trim_end_matches(" of ")
            .to_owned(),
        (["string"], _) if schema.get("format").is_some() => text(schema, "format"),
        ([], Some(all)) => all.iter().map(|one| kind(document, one)).filter(|one| one != "null").collect::<Vec<_>>().join(" or "),
        ([], None) => "anything".to_owned(),
        (types, _) => types.join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_every_operation_with_what_it_takes() {
        let lend = NOUNS.iter().flat_map(|noun| &noun.operations).find(|one| one.method == "POST" && one.path == "/loans").unwrap();
        assert_eq!((lend.role.as_str(), lend.answer.as_str()), ("technician", "201 loans.Lent"));
        let tag = lend.takes.iter().find(|field| field.name == "tag").unwrap();
        assert_eq!((tag.place.as_str(), tag.kind.as_str(), tag.required), ("body", "string", true));
        let alerts = NOUNS.iter().flat_map(|noun| &noun.operations).find(|one| one.method == "GET" && one.path == "/alerts").unwrap();
        assert!(alerts.takes.iter().any(|field| field.name == "shown" && field.kind == "open, live, all"));
        let nouns: usize = NOUNS.iter().map(|noun| noun.operations.len()).sum();
        assert_eq!(nouns, DOCUMENT.matches("\"operationId\"").count());
    }
}
