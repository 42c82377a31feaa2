//! Reads what a handler answers when all goes well: the status, the media type and the schema.

use crate::handlers::first_argument;
use crate::schema::{Schemas, Scope, Way};
use crate::source::{Module, Named, Source};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use serde_json::{Map, Value, json};
use std::rc::Rc;
use syn::{ItemFn, ReturnType, Type};

/// Calls from a handler to what writes its answer.
const DEEP: usize = 4;
/// How the answer of long work is written.
const LINES: &str = "application/x-ndjson";

/// An answer.
pub struct Answer {
    pub status: u16,
    /// Its media type; `None`: there is no body.
    pub media: Option<String>,
    pub schema: Value,
}

/// What a handler answers.
pub fn of(source: &Source, schemas: &Schemas<'_>, module: &Rc<Module>, handler: &ItemFn) -> Option<Answer> {
    let ReturnType::Type(_, given) = &handler.sig.output else { return None };
    let scope = Scope::new(module, Way::Out);
    answer(source, schemas, &scope, handler, given)
}

fn answer(source: &Source, schemas: &Schemas<'_>, scope: &Scope, handler: &ItemFn, given: &Type) -> Option<Answer> {
    match given {
        Type::Tuple(parts) => {
            let inner = parts.elems.iter().find_map(|part| answer(source, schemas, scope, handler, part))?;
            Some(Answer { status: status(handler), ..inner })
        }
        Type::Path(path) => {
            let name = path.path.segments.last()?.ident.to_string();
            match (name.as_str(), first_argument(path)) {
                ("Result", Some(inner)) => answer(source, schemas, scope, handler, inner),
                ("Json" | "Versioned", Some(inner)) => {
                    let mut schema = schemas.of(scope, inner);
                    if schema.as_object().is_some_and(Map::is_empty) {
                        schema = written_out(handler).unwrap_or(schema);
                    }
                    Some(Answer { status: 200, media: Some("application/json".to_owned()), schema })
                }
                ("Listed", Some(inner)) => {
                    let schema = json!({ "type": "array", "items": schemas.of(scope, inner) });
                    Some(Answer { status: 200, media: Some("application/json".to_owned()), schema })
                }
                ("Response", None) => Some(Answer { status: 200, media: media(source, &scope.module, handler, DEEP), schema: json!({}) }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The status that a handler names beside its answer.
fn status(handler: &ItemFn) -> u16 {
    let words = words(&handler.block);
    let named = |status: &str| words.iter().any(|word| word == status);
    match () {
        () if named("CREATED") => 201,
        () if named("ACCEPTED") => 202,
        () => 200,
    }
}

/// Whether a handler says that somebody else did not answer it.
pub fn asks_elsewhere(source: &Source, module: &Rc<Module>, handler: &ItemFn) -> bool {
    asks(source, module, handler, DEEP)
}

fn asks(source: &Source, module: &Rc<Module>, handler: &ItemFn, deep: usize) -> bool {
    let words = words(&handler.block);
    let (own, deeper) = (handler.sig.ident.to_string(), deep.saturating_sub(1));
    let called = |word: &String| match source.find(module, std::slice::from_ref(word)) {
        Some((there, Named::Function(called))) => asks(source, &there, &called, deeper),
        _ => false,
    };
    words.iter().any(|word| word == "BAD_GATEWAY") || (deep > 0 && words.iter().filter(|word| **word != own).any(called))
}

fn tokens_of(block: &syn::Block) -> TokenStream {
    block.to_token_stream()
}

/// Every name in a block, and every text.
fn words(block: &syn::Block) -> Vec<String> {
    let mut found = Vec::new();
    gather(tokens_of(block), &mut found);
    found
}

fn gather(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => gather(group.stream(), found),
            TokenTree::Ident(name) => found.push(name.to_string()),
            TokenTree::Literal(text) => found.push(text.to_string().trim_matches('"').to_owned()),
            TokenTree::Punct(_) => {}
        }
    }
}

/// The media type that a handler names, or what it calls to write the answer.
fn media(source: &Source, module: &Rc<Module>, handler: &ItemFn, deep: usize) -> Option<String> {
    let words = words(&handler.block);
    let is_media = |word: &&String| ["application/", "text/", "image/"].iter().any(|kind| word.starts_with(kind));
    if let Some(named) = words.iter().find(is_media) {
        return Some(named.split(';').next().unwrap_or_default().to_owned());
    }
    if words.windows(2).any(|pair| pair == ["stream", "respond"]) {
        return Some(LINES.to_owned());
    }
    let deeper = deep.checked_sub(1)?;
    words.iter().filter(|word| handler.sig.ident != **word).find_map(|word| match source.find(module, std::slice::from_ref(word)) {
        Some((there, Named::Function(called))) => media(source, &there, &called, deeper),
        _ => None,
    })
}

/// The keys of the answer that a handler writes out: `json!({ "removed": … })`.
fn written_out(handler: &ItemFn) -> Option<Value> {
    let tokens: Vec<TokenTree> = flat(tokens_of(&handler.block));
    let place = tokens.windows(2).position(|pair| matches!(pair, [TokenTree::Ident(name), TokenTree::Punct(_)] if name == "json"))?;
    let TokenTree::Group(call) = tokens.get(place + 2)? else { return None };
    let TokenTree::Group(object) = call.stream().into_iter().next()? else { return None };
    let inside: Vec<TokenTree> = object.stream().into_iter().collect();
    let mut properties = Map::new();
    for pair in inside.windows(2) {
        if let [TokenTree::Literal(key), TokenTree::Punct(colon)] = pair
            && colon.as_char() == ':'
        {
            properties.insert(key.to_string().trim_matches('"').to_owned(), json!({}));
        }
    }
    let required: Vec<String> = properties.keys().cloned().collect();
    Some(json!({ "type": "object", "properties": properties, "required": required }))
}

/// The tokens of a block, each group followed by what is in it.
fn flat(tokens: TokenStream) -> Vec<TokenTree> {
    let mut found = Vec::new();
    for token in tokens {
        let inside = if let TokenTree::Group(group) = &token { Some(group.stream()) } else { None };
        found.push(token);
        found.extend(inside.into_iter().flat_map(flat));
    }
    found
}
