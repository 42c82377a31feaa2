//! Reads a handler: who may call it, and what it takes.

use crate::marks::{Marks, comment};
use crate::schema::{Schemas, Scope, Way, is_option};
use crate::source::{Module, Named, Source};
use serde_json::{Value, json};
use std::rc::Rc;
use syn::{FnArg, GenericArgument, ItemFn, PathArguments, Type, TypePath};

/// The roles, by the name of the extractor that asks for them.
const ROLES: [(&str, &str); 3] = [("Admin", "admin"), ("Technician", "technician"), ("Viewer", "viewer")];

/// What a handler takes.
#[derive(Default)]
pub struct Takes {
    /// Who may call it at least; empty: nobody is asked.
    pub role: &'static str,
    /// Parameters of the query.
    pub query: Vec<Value>,
    /// The schemas of what stands in the path, in order.
    pub path: Vec<Value>,
    /// Media type and schema of the body.
    pub body: Option<(&'static str, Value)>,
    /// Whether it gives a list in parts.
    pub in_parts: bool,
    /// Whether it may be told which version of the thing is meant.
    pub if_match: bool,
}

/// Reads what a handler takes.
pub fn takes(source: &Source, schemas: &Schemas<'_>, module: &Rc<Module>, handler: &ItemFn) -> Takes {
    let scope = Scope::new(module, Way::In);
    let mut takes = Takes::default();
    for argument in &handler.sig.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let Type::Path(path) = &*argument.ty else { continue };
        let Some(name) = path.path.segments.last().map(|last| last.ident.to_string()) else { continue };
        if let Some((_, role)) = ROLES.iter().find(|(extractor, _)| *extractor == name) {
            takes.role = role;
        }
        match (name.as_str(), first_argument(path)) {
            ("Asked", Some(inner)) => takes.query.extend(query(source, schemas, &scope, inner)),
            ("Paged", Some(inner)) => {
                takes.query.extend(query(source, schemas, &scope, inner));
                takes.in_parts = true;
            }
            ("Body", Some(inner)) => takes.body = Some(("application/json", schemas.of(&scope, inner))),
            ("Bytes", None) => takes.body = Some(("application/octet-stream", json!({}))),
            ("IfMatch", None) => takes.if_match = true,
            ("Path", Some(Type::Tuple(all))) => takes.path = all.elems.iter().map(|one| schemas.of(&scope, one)).collect(),
            ("Path", Some(one)) => takes.path = vec![schemas.of(&scope, one)],
            _ => {}
        }
    }
    takes
}

/// The first type between the angle brackets.
pub fn first_argument(path: &TypePath) -> Option<&Type> {
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(all) => {
            all.args.iter().find_map(|one| if let GenericArgument::Type(one) = one { Some(one) } else { None })
        }
        _ => None,
    }
}

/// The fields of a struct as parameters of the query.
fn query(source: &Source, schemas: &Schemas<'_>, scope: &Scope, type_of: &Type) -> Vec<Value> {
    let Type::Path(path) = type_of else { return Vec::new() };
    let names: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
    let Some((module, Named::Struct(item))) = source.find(&scope.module, &names) else { return Vec::new() };
    let (marks, inside) = (Marks::of(&item.attrs), Scope::new(&module, scope.way));
    let mut parameters = Vec::new();
    for field in &item.fields {
        let own = Marks::of(&field.attrs);
        let Some(ident) = field.ident.as_ref() else { continue };
        let required = !(own.has_default || marks.has_default || is_option(&field.ty));
        let inner = match &field.ty {
            Type::Path(path) if is_option(&field.ty) => first_argument(path).unwrap_or(&field.ty),
            whole => whole,
        };
        let mut parameter = json!({ "name": marks.field(&own, &ident.to_string()), "in": "query", "required": required, "schema": schemas.of(&inside, inner) });
        crate::schema::describe(&mut parameter, &comment(&field.attrs));
        parameters.push(parameter);
    }
    parameters
}
