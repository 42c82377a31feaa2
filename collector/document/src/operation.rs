//! One operation of the document: a route with its handler.

use crate::answers;
use crate::handlers;
use crate::marks::comment;
use crate::routes::Route;
use crate::schema::{Schemas, plain_words, put};
use crate::source::{Module, Source};
use serde_json::{Map, Value, json};
use std::rc::Rc;
use syn::ItemFn;

/// Why a request may be refused: status and the name of the answer among the components.
const ALWAYS: [(&str, &str); 3] = [("401", "NotSignedIn"), ("403", "NotAllowed"), ("404", "NotFound")];
const AT_ANY_TIME: [(&str, &str); 2] = [("503", "Unavailable"), ("504", "TooLong")];
const OF_A_QUERY: [(&str, &str); 1] = [("422", "Invalid")];
const OF_A_BODY: [(&str, &str); 3] = [("400", "Malformed"), ("413", "TooLarge"), ("415", "OtherMedia")];
const OF_A_WRITE: [(&str, &str); 2] = [("409", "Conflict"), ("422", "Invalid")];

/// The operation of a route.
pub fn of(source: &Source, schemas: &Schemas<'_>, noun: &str, route: &Route, module: &Rc<Module>, handler: &ItemFn) -> Value {
    let takes = handlers::takes(source, schemas, module, handler);
    let (tag, name) = (tag(&route.path), handler.sig.ident.to_string());
    let said = comment(&handler.attrs);
    let (first, rest) = sentences(&said);
    if first.is_empty() {
        schemas.unknown.borrow_mut().push(format!("{}: nothing is said of {name}", module.place.join("::")));
    }
    let summary = plain_words(first.trim_end_matches('.'));
    let mut operation = json!({
        "operationId": format!("{noun}.{name}"),
        "tags": [tag],
        "summary": summary,
        "parameters": parameters(route, &takes),
        "responses": responses(source, schemas, route, module, handler, &takes),
        "security": if takes.role.is_empty() { json!([]) } else { json!([{ "apiKey": [takes.role] }]) },
        "x-role": if takes.role.is_empty() { "everybody" } else { takes.role },
    });
    if !rest.is_empty() {
        put(&mut operation, "description", plain_words(rest).into());
    }
    if let Some((media, schema)) = takes.body {
        put(&mut operation, "requestBody", json!({ "required": true, "content": { media: { "schema": schema } } }));
    }
    operation
}

/// The noun that a path begins with.
pub fn tag(path: &str) -> String {
    path.split('/').nth(1).unwrap_or_default().to_owned()
}

/// The first sentence and the rest.
fn sentences(text: &str) -> (&str, &str) {
    match text.split_once(". ") {
        Some((first, rest)) => (first, rest),
        None => (text, ""),
    }
}

fn parameters(route: &Route, takes: &handlers::Takes) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut schemas = takes.path.iter();
    let in_path = names.map(|name| {
        let schema = schemas.next().cloned().unwrap_or_else(|| json!({ "type": "string" }));
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let shared = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    let mut all: Vec<Value> = in_path.chain(takes.query.iter().cloned()).collect();
    if takes.in_parts {
        all.extend([shared("limit"), shared("after")]);
    }
    all.push(shared(if route.method == "get" { "ifNoneMatch" } else { "idempotencyKey" }));
    if takes.if_match {
        all.push(shared("ifMatch"));
    }
    all
}

fn responses(
    source: &Source,
    schemas: &Schemas<'_>,
    route: &Route,
    module: &Rc<Module>,
    handler: &ItemFn,
    takes: &handlers::Takes,
) -> Value {
    let mut all = Map::new();
    match answers::of(source, schemas, module, handler) {
        Some(answer) => drop(all.insert(answer.status.to_string(), good(&answer, takes.in_parts, route.method == "get"))),
        None => schemas.unknown.borrow_mut().push(format!("{}: the answer of {}", module.place.join("::"), handler.sig.ident)),
    }
    let mut refused = |why: &[(&str, &str)]| {
        for (status, name) in why {
            all.insert((*status).to_owned(), json!({ "$ref": format!("#/components/responses/{name}") }));
        }
    };
    refused(&ALWAYS);
    match route.method.as_str() {
        "get" => refused(&[("304", "Unchanged")]),
        _ => refused(&OF_A_WRITE),
    }
    if route.method == "get" && (!takes.query.is_empty() || takes.in_parts || !takes.path.is_empty()) {
        refused(&OF_A_QUERY);
    }
    // A path can be written wrongly, and so can the header of a write.
    if !takes.path.is_empty() || route.method != "get" {
        refused(&[("400", "Malformed")]);
    }
    // Such as a capture of a machine that has no agent.
    if route.method == "get" && !takes.path.is_empty() {
        refused(&[("409", "Conflict")]);
    }
    if takes.body.is_some() {
        refused(&OF_A_BODY);
    }
    if takes.if_match {
        refused(&[("412", "Changed")]);
    }
    if answers::asks_elsewhere(source, module, handler) {
        refused(&[("502", "Elsewhere")]);
    }
    refused(&AT_ANY_TIME);
    Value::Object(all)
}

fn good(answer: &answers::Answer, in_parts: bool, is_read: bool) -> Value {
    let mut good = json!({ "description": "It is so" });
    if let Some(media) = &answer.media {
        put(&mut good, "content", json!({ media.clone(): { "schema": answer.schema } }));
    }
    let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    match (in_parts, is_read) {
        (true, _) => put(&mut good, "headers", json!({ "ETag": header("ETag"), "Link": header("Link") })),
        (false, true) => put(&mut good, "headers", json!({ "ETag": header("ETag") })),
        (false, false) => {}
    }
    good
}
