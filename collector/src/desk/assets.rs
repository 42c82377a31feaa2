//! The desk's own style, script and mark: in the binary, with the content's hash in the address, so that browsers may keep them for a year.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use std::sync::LazyLock;

const CSS: &str = include_str!("../../assets/desk.css");
const JS: &str = include_str!("../../assets/desk.js");
const MARK: &str = include_str!("../../assets/mark.svg");

static CSS_ADDRESS: LazyLock<String> = LazyLock::new(|| address("desk", "css", CSS));
static JS_ADDRESS: LazyLock<String> = LazyLock::new(|| address("desk", "js", JS));
static MARK_ADDRESS: LazyLock<String> = LazyLock::new(|| address("mark", "svg", MARK));

fn address(name: &str, ending: &str, content: &str) -> String {
    let hash = blake3::hash(content.as_bytes()).to_hex();
    format!("/assets/{name}-{}.{ending}", hash.get(..12).unwrap_or_default())
}

/// The address of the style.
pub fn css() -> &'static str {
    &CSS_ADDRESS
}

/// The address of the script.
pub fn js() -> &'static str {
    &JS_ADDRESS
}

/// The address of the mark, also the page's icon.
pub fn mark() -> &'static str {
    &MARK_ADDRESS
}

/// Serves them; nobody has to be signed in.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |kind: &'static str, content: &'static str| {
        get(
            move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], content) },
        )
    };
    Router::new()
        .route(css(), file("text/css; charset=utf-8", CSS))
        .route(js(), file("text/javascript; charset=utf-8", JS))
        .route(mark(), file("image/svg+xml", MARK))
}
