//! The whole document: every route of every noun, and what they share.

use crate::Document;
use crate::operation;
use crate::routes::{self, Route};
use crate::schema::{Schemas, put};
use crate::source::{Module, Named, Source, Unreadable};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use syn::ItemFn;

/// Where the nouns of the interface are.
const NOUNS: [&str; 4] = ["rollcall", "desk", "api", ""];

/// What every caller should know first.
const ABOUT: &str = "The REST interface of a Rollcall collector. Whoever may see something as a viewer, change something as a technician, or do \
    everything as an admin: each operation says what it takes in `x-role`. A collector that serves several sites is told which one is meant by the \
    header `Rollcall-Site`. Every refusal is a problem (RFC 9457) whose `detail` says what to do instead.\n\nLists come in parts: at most \
    `limit` rows, and a `Link` header with `rel=\"next\"` for as long as there are more. Reads carry an `ETag`; send it back as \
    `If-None-Match` and an answer that is the same is a 304. Writes take an `Idempotency-Key`: the same request under the same key is done once.";

/// Writes the document.
pub fn write(source: &Source, version: &str) -> Result<Document, Unreadable> {
    let [krate, desk, api, _] = NOUNS;
    let nouns = source.folder(&[krate, desk, api])?;
    let schemas = Schemas::new(source);
    let (mut paths, mut tags, mut ids) = (BTreeMap::<String, Map<String, Value>>::new(), BTreeMap::new(), BTreeSet::new());
    for noun in &nouns {
        for route in routes::of(noun) {
            let Some((module, handler)) = handler_of(source, noun, &route) else {
                schemas.unknown.borrow_mut().push(format!("{}: the handler {}", noun.place.join("::"), route.handler.join("::")));
                continue;
            };
            let name = noun.place.last().map_or("", String::as_str);
            let mut operation = operation::of(source, &schemas, name, &route, &module, &handler);
            if !ids.insert(operation.get("operationId").cloned().unwrap_or_default().to_string()) {
                put(
                    &mut operation,
                    "operationId",
                    format!("{name}.{}.{}", route.method, route.path.replace(['{', '}'], "").replace('/', ".").trim_matches('.')).into(),
                );
            }
            let tag = operation::tag(&route.path);
            // The file that begins with the noun's own address says what it is.
            if noun.about.starts_with(&format!("`/{tag}`")) || !tags.contains_key(&tag) {
                tags.insert(tag, noun.about.clone());
            }
            paths.entry(route.path.clone()).or_default().insert(route.method.clone(), operation);
        }
    }
    let (mut made, unknown) = schemas.all();
    put(&mut made, "Problem", problem());
    let tags: Vec<Value> = tags.into_iter().map(|(name, about)| json!({ "name": name, "description": after_colon(&about) })).collect();
    let json = json!({
        "openapi": "3.1.0",
        "info": { "title": "Rollcall", "version": version, "description": ABOUT, "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "servers": [{ "url": "/api/v1" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": made,
            "parameters": parameters(),
            "headers": headers(),
            "responses": refusals(),
            "securitySchemes": {
                "apiKey": { "type": "http", "scheme": "bearer", "bearerFormat": "rk1", "description": "An API key; `rollcall key new NAME --role ROLE` makes one." }
            }
        }
    });
    Ok(Document { json, unknown })
}

fn handler_of(source: &Source, noun: &Rc<Module>, route: &Route) -> Option<(Rc<Module>, Rc<ItemFn>)> {
    match source.find(noun, &route.handler)? {
        (module, Named::Function(handler)) => Some((module, handler)),
        _ => None,
    }
}

/// What a module's comment says after "`/assets`:".
fn after_colon(about: &str) -> String {
    let said = about.split_once(": ").map_or(about, |(_, said)| said);
    let mut letters = said.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not done (RFC 9457).",
        "properties": {
            "type": { "type": "string", "description": "The kind of problem; there is no more to read about any of them." },
            "title": { "type": "string", "description": "The status in words." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status." },
            "detail": { "type": "string", "description": "What is wrong, where, and what to do instead." }
        },
        "required": ["type", "title", "status", "detail"]
    })
}

fn parameters() -> Value {
    json!({
        "after": {
            "name": "after", "in": "query", "required": false, "schema": { "type": "string" },
            "description": "Where the last part ended, as the `Link` header said it; absent: from the beginning."
        },
        "limit": {
            "name": "limit", "in": "query", "required": false, "schema": { "type": "integer", "minimum": 1, "maximum": 10_000, "default": 1_000 },
            "description": "Most rows of an answer."
        },
        "idempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
            "description": "A text that the caller makes up, best a UUID. The same request under the same key is done once, and answered as it was the first time; kept for a day, and not over a restart. A body with one is 8 MB at most."
        },
        "ifMatch": {
            "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The `ETag` under which the thing was read: refused with 412 when somebody changed it since."
        },
        "ifNoneMatch": {
            "name": "If-None-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The `ETag` of an answer that the caller has: 304 when it is still the same."
        }
    })
}

fn headers() -> Value {
    json!({
        "ETag": { "description": "What this answer is; the same for as long as it says the same.", "schema": { "type": "string" } },
        "Link": { "description": "Where the next part of the list is: `<…>; rel=\"next\"`; absent: there is no more.", "schema": { "type": "string" } }
    })
}

fn refusals() -> Value {
    let all = [
        ("Changed", "Somebody changed the thing since it was read: read it again."),
        ("Conflict", "It can't be done as things stand."),
        ("Elsewhere", "Somebody else did not take what was sent there."),
        ("Invalid", "What was said does not fit."),
        ("Malformed", "The request can't be read."),
        ("NotAllowed", "The caller's role does not allow it."),
        ("NotFound", "There is nothing of this name."),
        ("NotSignedIn", "Nobody is known by this request: send an API key."),
        ("OtherMedia", "The body is of another kind: it takes `application/json`."),
        ("TooLong", "The answer took longer than a minute; what was asked for may be done all the same."),
        ("TooLarge", "The body is larger than 8 MB."),
        ("Unavailable", "The collector can't do it now: it stops, or its disk fails."),
    ];
    let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let mut refusals: Map<String, Value> =
        all.into_iter().map(|(name, words)| (name.to_owned(), json!({ "description": words, "content": content }))).collect();
    refusals.insert("Unchanged".to_owned(), json!({ "description": "The answer is the one that the caller has." }));
    Value::Object(refusals)
}
