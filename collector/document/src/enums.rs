//! Enumerations as JSON schemas, in each of the forms that serde gives them.

use crate::marks::{Marks, comment};
use crate::schema::{Schemas, Scope, describe, put};
use serde_json::{Value, json};
use syn::{Fields, ItemEnum, Variant};

/// The schema of an enumeration.
pub fn of(schemas: &Schemas<'_>, scope: &Scope, item: &ItemEnum, marks: &Marks) -> Value {
    let variants: Vec<(&Variant, Marks)> = item.variants.iter().map(|variant| (variant, Marks::of(&variant.attrs))).collect();
    let shown: Vec<&(&Variant, Marks)> = variants.iter().filter(|(_, own)| !own.is_left_out).collect();
    let is_plain = shown.iter().all(|(variant, _)| matches!(variant.fields, Fields::Unit));
    if is_plain && marks.tag.is_none() && !marks.is_untagged {
        let names: Vec<String> = shown.iter().map(|(variant, own)| marks.variant(own, &variant.ident.to_string())).collect();
        return json!({ "type": "string", "enum": names });
    }
    let each: Vec<Value> = shown.iter().map(|(variant, own)| one(schemas, scope, marks, variant, own)).collect();
    if marks.is_untagged { json!({ "anyOf": each }) } else { json!({ "oneOf": each }) }
}

fn one(schemas: &Schemas<'_>, scope: &Scope, marks: &Marks, variant: &Variant, own: &Marks) -> Value {
    let name = marks.variant(own, &variant.ident.to_string());
    // The fields of a variant are named as they are, unless the variant itself says otherwise.
    let inner = || schemas.of_fields(scope, &variant.fields, &Marks { rename_all: own.rename_all.clone(), ..Marks::default() });
    let is_unit = matches!(variant.fields, Fields::Unit);
    let mut schema = match (&marks.tag, &marks.content) {
        _ if marks.is_untagged => inner(),
        (Some(tag), None) => tagged(schemas, tag, &name, if is_unit { json!({ "type": "object" }) } else { inner() }),
        (Some(tag), Some(content)) if !is_unit => {
            json!({ "type": "object", "properties": { tag.clone(): { "const": name }, content.clone(): inner() }, "required": [tag, content] })
        }
        (Some(tag), Some(_)) => json!({ "type": "object", "properties": { tag.clone(): { "const": name } }, "required": [tag] }),
        (None, _) if is_unit => json!({ "const": name }),
        (None, _) => {
            json!({ "type": "object", "properties": { name.clone(): inner() }, "required": [name], "additionalProperties": false })
        }
    };
    describe(&mut schema, &comment(&variant.attrs));
    schema
}

/// The fields of a variant with its name among them.
fn tagged(schemas: &Schemas<'_>, tag: &str, name: &str, inner: Value) -> Value {
    let mut object = schemas.followed(&inner);
    let mut properties = object.get("properties").cloned().unwrap_or_else(|| json!({}));
    put(&mut properties, tag, json!({ "const": name }));
    let mut required = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    required.push(tag.into());
    put(&mut object, "properties", properties);
    put(&mut object, "required", required.into());
    object
}
