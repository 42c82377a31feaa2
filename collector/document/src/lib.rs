//! Reads the source of the REST interface and writes its OpenAPI document: what the code takes and gives is written once, in the code.
//!
//! A handler's own types say it all: `Technician` is the role, `Asked<T>` the query, `Body<T>` the body, `Json<T>` the answer, its comment
//! the summary, and the attributes of serde the names. A program that derives the document needs a macro on every handler and type; this
//! runs once, while the collector is built, and nothing of it is in the collector. What it can't follow it names.

mod answers;
mod enums;
mod handlers;
mod marks;
mod operation;
mod routes;
mod schema;
mod source;
mod whole;

pub use source::Unreadable;

use serde_json::Value;
use source::Source;
use std::path::Path;

/// A document, and what could not be followed.
pub struct Document {
    /// The OpenAPI document.
    pub json: Value,
    /// Types and handlers that were not found, each with where it is named.
    pub unknown: Vec<String>,
}

/// Writes the document of the interface whose nouns lie in `collector/src/desk/api`; `collector` is the folder of that package.
///
/// # Errors
/// A file could not be read, or is no Rust.
pub fn write(collector: &Path, version: &str) -> Result<Document, Unreadable> {
    let source = Source::new([("rollcall", collector.join("src")), ("rollcall_site", collector.join("site/src"))]);
    whole::write(&source, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The document of an interface of one file.
    fn document(noun: &str) -> Document {
        let folder = tempfile::tempdir().unwrap();
        let api = folder.path().join("src/desk/api");
        std::fs::create_dir_all(&api).unwrap();
        std::fs::create_dir_all(folder.path().join("site/src")).unwrap();
        std::fs::write(folder.path().join("src/lib.rs"), "pub mod desk;").unwrap();
        std::fs::write(folder.path().join("src/desk/mod.rs"), "pub mod api;").unwrap();
        std::fs::write(api.join("mod.rs"), "pub mod things;").unwrap();
        std::fs::write(folder.path().join("site/src/lib.rs"), "pub mod thing; pub use thing::Thing;").unwrap();
        let thing = "/// A thing.\n#[derive(Serialize)] pub struct Thing { pub name: String, #[serde(skip_serializing_if = \"Option::is_none\")] pub left: Option<u16>, \
                     #[serde(flatten)] pub rest: Rest }\npub type Rest = serde_json::Map<String, Value>;";
        std::fs::write(folder.path().join("site/src/thing.rs"), thing).unwrap();
        std::fs::write(api.join("things.rs"), noun).unwrap();
        write(folder.path(), "1.0").unwrap()
    }

    const THINGS: &str = "//! `/things`: what there is.\nuse rollcall_site::Thing;\n\
        fn routes() -> Router<Collector> { Router::new().route(\"/things/{id}\", get(show).put(self::set)).route(\"/far\", get(far)) }\n\
        /// Shows a thing. It is as it was.\nasync fn show(Viewer(_): Viewer, Path(id): Path<u16>) -> Result<Json<Arc<Thing>>, Problem> {}\n\
        #[derive(Deserialize)] #[serde(deny_unknown_fields)] struct New { #[serde(default)] size: Size, name: Option<String>, id: u64 }\n\
        #[derive(Deserialize)] #[serde(rename_all = \"kebab-case\")] enum Size { VerySmall, Large }\n\
        #[derive(Serialize)] struct Far { done: u8, #[serde(flatten)] state: Step }\n\
        #[derive(Serialize)] #[serde(tag = \"step\", rename_all = \"kebab-case\")] enum Step { Reading, Failed { why: String } }\n\
        /// Tells how far.\nasync fn far(Viewer(_): Viewer) -> Json<Far> {}\n\
        /// Sets a thing.\nasync fn set(Technician(actor): Technician, Body(new): Body<New>) -> Result<(StatusCode, Json<Thing>), Problem> { Ok((StatusCode::CREATED, x)) }";

    #[test]
    fn a_route_is_told_by_the_types_of_its_handler() {
        let Document { json, unknown } = document(THINGS);
        assert_eq!(unknown, [""; 0]);
        let show = &json["paths"]["/things/{id}"]["get"];
        assert_eq!(
            (&show["x-role"], &show["summary"], &show["description"]),
            (&json!("viewer"), &json!("Shows a thing"), &json!("It is as it was."))
        );
        assert_eq!(
            show["parameters"][0],
            json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 0, "maximum": 65535 } })
        );
        let thing = &json["components"]["schemas"]["thing.Thing"];
        assert_eq!((&thing["required"], &thing["properties"]["left"]["type"]), (&json!(["name"]), &json!(["integer", "null"])));
        let set = &json["paths"]["/things/{id}"]["put"];
        assert_eq!(set["responses"]["201"]["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/thing.Thing");
        let new = &json["components"]["schemas"]["things.New.sent"];
        assert_eq!((&new["required"], &new["additionalProperties"]), (&json!(["id"]), &json!(false)));
        assert_eq!(json["components"]["schemas"]["things.Size.sent"]["enum"], json!(["very-small", "large"]));
        let far = &json["components"]["schemas"]["things.Far"];
        assert_eq!((&far["properties"]["step"]["enum"], &far["required"]), (&json!(["reading", "failed"]), &json!(["done"])));
        assert_eq!(far["properties"]["why"]["type"], "string");
    }

    #[test]
    fn what_can_not_be_followed_is_named() {
        let named = |noun: &str, what: &str| {
            let unknown = document(noun).unknown;
            assert!(unknown.iter().any(|one| one.contains("rollcall::desk::api::things") && one.contains(what)), "{unknown:?}");
        };
        named(&THINGS.replace("id: u64", "id: Nowhere"), "Nowhere");
        named(&THINGS.replace("get(show)", "get(nobody)"), "the handler nobody");
        named(&THINGS.replace("/// Sets a thing.", ""), "nothing is said of set");
        named(&THINGS.replace("Result<Json<Arc<Thing>>, Problem>", "impl IntoResponse"), "the answer of show");
    }
}
