//! Types as JSON schemas: what serde would read or write, by the type's own declaration.

use crate::enums;
use crate::marks::{Marks, comment};
use crate::source::{Module, Named, Source};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use syn::{Field, Fields, GenericArgument, GenericParam, Generics, ItemStruct, PathArguments, Type, TypePath};

/// Whether a type is read from a request or written in an answer: what may be left out differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Read.
    In,
    /// Written.
    Out,
}

/// The schemas of types.
pub struct Schemas<'a> {
    source: &'a Source,
    /// Schemas by name, with what they are made of.
    made: RefCell<BTreeMap<String, Value>>,
    names: RefCell<HashMap<(String, Way), String>>,
    /// What was not found.
    pub unknown: RefCell<Vec<String>>,
}

/// Where a type is written: its module, and what its parameters stand for.
#[derive(Clone)]
pub struct Scope {
    pub module: Rc<Module>,
    pub generic: HashMap<String, Value>,
    pub way: Way,
}

impl Scope {
    pub fn new(module: &Rc<Module>, way: Way) -> Self {
        Self { module: Rc::clone(module), generic: HashMap::new(), way }
    }
}

impl<'a> Schemas<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self { source, made: RefCell::default(), names: RefCell::default(), unknown: RefCell::default() }
    }

    /// Every named schema.
    pub fn all(self) -> (Value, Vec<String>) {
        (Value::Object(self.made.into_inner().into_iter().collect()), self.unknown.into_inner())
    }

    /// The schema of a type.
    pub fn of(&self, scope: &Scope, type_of: &Type) -> Value {
        match type_of {
            Type::Reference(inner) => self.of(scope, &inner.elem),
            Type::Paren(inner) => self.of(scope, &inner.elem),
            Type::Group(inner) => self.of(scope, &inner.elem),
            Type::Slice(inner) => json!({ "type": "array", "items": self.of(scope, &inner.elem) }),
            Type::Array(inner) => json!({ "type": "array", "items": self.of(scope, &inner.elem) }),
            Type::Tuple(inner) if inner.elems.is_empty() => json!({ "type": "null" }),
            Type::Tuple(inner) => {
                let parts: Vec<Value> = inner.elems.iter().map(|part| self.of(scope, part)).collect();
                json!({ "type": "array", "minItems": parts.len(), "maxItems": parts.len(), "prefixItems": parts })
            }
            Type::Path(path) => self.of_path(scope, path),
            _ => self.missing(scope, "a type of another form"),
        }
    }

    fn missing(&self, scope: &Scope, what: &str) -> Value {
        self.unknown.borrow_mut().push(format!("{}: {what}", scope.module.place.join("::")));
        json!({})
    }

    fn of_path(&self, scope: &Scope, path: &TypePath) -> Value {
        let names: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
        let Some(last) = path.path.segments.last() else { return self.missing(scope, "a type without a name") };
        let arguments: Vec<&Type> = match &last.arguments {
            PathArguments::AngleBracketed(all) => {
                all.args.iter().filter_map(|one| if let GenericArgument::Type(one) = one { Some(one) } else { None }).collect()
            }
            _ => Vec::new(),
        };
        if let Some(known) = names.first().filter(|_| names.len() == 1).and_then(|name| scope.generic.get(name)) {
            return known.clone();
        }
        if let Some((module, named)) = self.source.find(&scope.module, &names) {
            return self.of_named(scope, &module, &named, &arguments);
        }
        let name = last.ident.to_string();
        let inner = |index: usize| arguments.get(index).map_or_else(|| json!({}), |inner| self.of(scope, inner));
        match name.as_str() {
            "Option" => nullable(inner(0)),
            "Arc" | "Box" | "Rc" | "Cow" => inner(0),
            "Vec" | "VecDeque" | "Vector" | "BTreeSet" | "HashSet" | "OrdSet" => json!({ "type": "array", "items": inner(0) }),
            "BTreeMap" | "HashMap" | "OrdMap" => json!({ "type": "object", "additionalProperties": inner(1) }),
            "Map" => json!({ "type": "object", "additionalProperties": true }),
            "Value" => json!({}),
            name => plain(name).unwrap_or_else(|| self.missing(scope, &names.join("::"))),
        }
    }

    /// The schema of what is declared in our own source.
    pub fn of_named(&self, scope: &Scope, module: &Rc<Module>, named: &Named, arguments: &[&Type]) -> Value {
        let (name, generics) = match named {
            Named::Struct(item) => (item.ident.to_string(), &item.generics),
            Named::Enum(item) => (item.ident.to_string(), &item.generics),
            Named::Alias(item) => {
                let inside = Scope { generic: self.parameters(scope, &item.generics, arguments), ..Scope::new(module, scope.way) };
                return self.of(&inside, &item.ty);
            }
            Named::Id(made_by) => return id(made_by),
            Named::Function(item) => return self.missing(scope, &format!("{} is a function", item.sig.ident)),
        };
        if name == "Entry" && module.place.last().is_some_and(|last| last == "facts") {
            // Reads and writes itself: a text, or a number where that has one meaning.
            return json!({ "type": ["string", "integer"], "description": "A text, or an empty one for none; a number where it has one meaning." });
        }
        let inside = Scope { generic: self.parameters(scope, generics, arguments), ..Scope::new(module, scope.way) };
        if !inside.generic.is_empty() {
            return self.declared(&inside, named);
        }
        let whole = (format!("{}::{name}", module.place.join("::")), scope.way);
        let known = self.names.borrow().get(&whole).cloned();
        let called = known.unwrap_or_else(|| {
            let called = self.free_name(&module.place, &name, scope.way);
            self.names.borrow_mut().insert(whole, called.clone());
            // First, so that a type that holds itself ends.
            self.made.borrow_mut().insert(called.clone(), json!({}));
            let schema = self.declared(&inside, named);
            self.made.borrow_mut().insert(called.clone(), schema);
            called
        });
        json!({ "$ref": format!("#/components/schemas/{called}") })
    }

    fn parameters(&self, scope: &Scope, generics: &Generics, arguments: &[&Type]) -> HashMap<String, Value> {
        let names =
            generics.params.iter().filter_map(|one| if let GenericParam::Type(one) = one { Some(one.ident.to_string()) } else { None });
        names.zip(arguments).map(|(name, argument)| (name, self.of(scope, argument))).collect()
    }

    /// A name that says where the type is: "assets.Imported"; what is read has "sent" behind it.
    fn free_name(&self, place: &[String], name: &str, way: Way) -> String {
        let made = self.made.borrow();
        let sent = if way == Way::In { ".sent" } else { "" };
        let with = |parts: usize| {
            let skip = place.len().saturating_sub(parts);
            let before = place.get(skip.max(1)..).unwrap_or_default().join(".");
            if before.is_empty() { format!("{name}{sent}") } else { format!("{before}.{name}{sent}") }
        };
        (1..=place.len()).map(with).find(|name| !made.contains_key(name)).unwrap_or_else(|| with(place.len()))
    }

    fn declared(&self, scope: &Scope, named: &Named) -> Value {
        let (attributes, fields) = match named {
            Named::Struct(item) => (&item.attrs, Some(item)),
            Named::Enum(item) => (&item.attrs, None),
            _ => return json!({}),
        };
        let marks = Marks::of(attributes);
        let mut schema = match (&marks.form, named, fields) {
            (Some(form), ..) => match syn::parse_str::<Type>(form) {
                Ok(form) => self.of(scope, &form),
                Err(_) => self.missing(scope, form),
            },
            (None, Named::Enum(item), _) => enums::of(self, scope, item, &marks),
            (None, _, Some(item)) => self.of_struct(scope, item, &marks),
            _ => json!({}),
        };
        describe(&mut schema, &comment(attributes));
        schema
    }

    fn of_struct(&self, scope: &Scope, item: &ItemStruct, marks: &Marks) -> Value {
        self.of_fields(scope, &item.fields, marks)
    }

    /// The schema of fields: of an object, of a list, or of the one thing that is wrapped.
    pub fn of_fields(&self, scope: &Scope, fields: &Fields, marks: &Marks) -> Value {
        match fields {
            Fields::Unit => json!({ "type": "null" }),
            Fields::Unnamed(fields) => {
                let parts: Vec<&Field> = fields.unnamed.iter().collect();
                match parts.as_slice() {
                    [one] => self.of(scope, &one.ty),
                    parts => {
                        let parts: Vec<Value> = parts.iter().map(|part| self.of(scope, &part.ty)).collect();
                        json!({ "type": "array", "minItems": parts.len(), "maxItems": parts.len(), "prefixItems": parts })
                    }
                }
            }
            Fields::Named(_) if marks.is_transparent => fields.iter().next().map_or_else(|| json!({}), |only| self.of(scope, &only.ty)),
            Fields::Named(fields) => self.of_object(scope, fields.named.iter(), marks),
        }
    }

    fn of_object<'f>(&self, scope: &Scope, fields: impl Iterator<Item = &'f Field>, marks: &Marks) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let mut closed = marks.refuses_unknown && scope.way == Way::In;
        for field in fields {
            let own = Marks::of(&field.attrs);
            let Some(ident) = field.ident.as_ref().filter(|_| !own.is_left_out) else { continue };
            if own.is_flat {
                closed = false;
                self.flatten(scope, field, &mut properties, &mut required);
                continue;
            }
            let name = marks.field(&own, &ident.to_string());
            let mut schema = self.of(scope, &field.ty);
            let may_miss = match scope.way {
                Way::In => own.has_default || marks.has_default || is_option(&field.ty),
                Way::Out => own.may_be_left_out,
            };
            describe(&mut schema, &comment(&field.attrs));
            if !may_miss {
                required.push(Value::from(name.clone()));
            }
            properties.insert(name, schema);
        }
        let mut object = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            put(&mut object, "required", required.into());
        }
        if closed {
            put(&mut object, "additionalProperties", false.into());
        }
        object
    }

    /// Takes the fields of a flattened field in; one that is a map may say in its comment whose fields it holds: "As [`X`]".
    fn flatten(&self, scope: &Scope, field: &Field, properties: &mut Map<String, Value>, required: &mut Vec<Value>) {
        let said = comment(&field.attrs);
        let meant =
            said.split_once("As [`").and_then(|(_, rest)| rest.split_once("`]")).and_then(|(name, _)| syn::parse_str::<Type>(name).ok());
        let schema = self.of(scope, meant.as_ref().unwrap_or(&field.ty));
        let is_option = is_option(&field.ty);
        let schema = self.followed(&schema);
        let alternatives = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(key)?.as_array().cloned());
        for one in alternatives.clone().unwrap_or_else(|| vec![schema]) {
            let one = self.followed(&one);
            if let Some(more) = one.get("properties").and_then(Value::as_object) {
                for (name, schema) in more {
                    let known = properties.remove(name);
                    properties.insert(name.clone(), known.map_or_else(|| schema.clone(), |known| either(&known, schema)));
                }
            }
            if let (Some(more), None, false) = (one.get("required").and_then(Value::as_array), &alternatives, is_option) {
                required.extend(more.iter().cloned());
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        required.retain(|name| seen.insert(name.to_string()));
    }

    /// What a reference leads to.
    pub fn followed(&self, schema: &Value) -> Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|way| way.rsplit('/').next());
        name.and_then(|name| self.made.borrow().get(name).cloned()).unwrap_or_else(|| schema.clone())
    }
}

/// What is of the one form or the other.
fn either(one: &Value, other: &Value) -> Value {
    let named = |schema: &Value| match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(only), _) => Some(vec![only.clone()]),
        (_, Some(all)) => Some(all.clone()),
        _ => None,
    };
    match (named(one), named(other)) {
        _ if one == other => one.clone(),
        (Some(mut all), Some(more)) => {
            all.extend(more);
            all.dedup();
            json!({ "enum": all })
        }
        _ => json!({ "anyOf": [one, other] }),
    }
}

/// Puts a description beside a schema, if there is one to put.
pub fn describe(schema: &mut Value, text: &str) {
    if !text.is_empty() {
        put(schema, "description", plain_words(text).into());
    }
}

/// Sets one key of an object.
pub fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

/// A comment without the links of rustdoc.
pub fn plain_words(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`")
}

/// Whether a field's type is `Option`.
pub fn is_option(type_of: &Type) -> bool {
    matches!(type_of, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn nullable(schema: Value) -> Value {
    match schema.get("type").and_then(Value::as_str).map(str::to_owned) {
        Some(one) if schema.get("enum").is_none() => {
            let mut schema = schema;
            put(&mut schema, "type", json!([one, "null"]));
            schema
        }
        _ if schema.as_object().is_some_and(Map::is_empty) => schema,
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

fn id(made_by: &str) -> Value {
    match made_by {
        "number_id" => plain("u64").unwrap_or_default(),
        "uuid_id" => plain("Uuid").unwrap_or_default(),
        _ => json!({ "type": "string" }),
    }
}

/// The schema of a type that is not ours.
fn plain(name: &str) -> Option<Value> {
    let whole = |least: i64, most: u64| json!({ "type": "integer", "minimum": least, "maximum": most });
    Some(match name {
        "bool" => json!({ "type": "boolean" }),
        "String" | "str" | "CompactString" | "SocketAddr" | "IpAddr" | "Ipv4Addr" | "Ipv6Addr" | "IpNet" | "Ipv4Net" | "Ipv6Net"
        | "SignedDuration" | "Span" | "Time" => {
            json!({ "type": "string" })
        }
        "char" => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        "u8" => whole(0, u64::from(u8::MAX)),
        "u16" => whole(0, u64::from(u16::MAX)),
        "u32" => whole(0, u64::from(u32::MAX)),
        "u64" | "usize" | "NonZeroU64" => whole(0, u64::MAX),
        "i8" => whole(i64::from(i8::MIN), 127),
        "i16" => whole(i64::from(i16::MIN), 32_767),
        "i32" => whole(i64::from(i32::MIN), 2_147_483_647),
        "i64" | "isize" => whole(i64::MIN, 9_223_372_036_854_775_807),
        "f32" | "f64" => json!({ "type": "number" }),
        "Timestamp" => json!({ "type": "string", "format": "date-time" }),
        "Date" => json!({ "type": "string", "format": "date" }),
        "Uuid" => json!({ "type": "string", "format": "uuid" }),
        _ => return None,
    })
}
