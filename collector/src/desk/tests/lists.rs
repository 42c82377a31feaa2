//! Lists in and out of the desk: a file is brought, shown, accepted; every list leaves as CSV and JSON; labels are seen and printed.

use super::school;
use super::{Read, TestDesk, new};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use rollcall_site::access::Role;
use rollcall_site::{Tag, asset};

impl TestDesk {
    /// A form with a file, as a browser sends it.
    async fn bring(&self, cookie: &str, file: &str, fields: &[(&str, &str)]) -> Read {
        let part = |name: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{text}\r\n");
        let mut body = part("file", &format!("; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n{file}"));
        fields.iter().for_each(|(name, value)| body.push_str(&part(name, &format!("\r\n\r\n{value}"))));
        body.push_str("--b--\r\n");
        let request = Request::post("/import").header(header::COOKIE, cookie).header(header::HOST, "desk.school:8443");
        let request =
            request.header(header::ORIGIN, "https://desk.school:8443").header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn settled(&self, path: &str, cookie: &str) -> Read {
        for _ in 0..1_000 {
            let read = self.get(path, cookie).await;
            if !read.text.contains("http-equiv=\"refresh\"") {
                return read;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{path} is never read");
    }

    fn has(&self, tag: &str) -> bool {
        self.desk.collector.keeper.view().asset_by_tag(&Tag::parse(tag).unwrap()).is_some()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_shown_before_it_is_accepted() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    assert!(test.get("/import", &cookie).await.text.contains("multipart/form-data"));
    let brought = test.bring(&cookie, "tag,kind,room\nA-1,projector,<svg>Gym\nA-2,laptop,\n", &[("add_rooms", "1")]).await;
    assert_eq!(brought.status, StatusCode::SEE_OTHER, "{}", brought.text);
    let shown = test.settled(&brought.to, &cookie).await;
    assert!(shown.text.contains("It would add <b>2</b>") && shown.text.contains("Accept: take it in"), "{}", shown.text);
    assert!(!shown.text.contains("<svg"), "what is in a file stays text");
    assert!(!test.has("A-1"));
    let accepted = test.post(&format!("{}/accept", brought.to), &cookie, "").await;
    assert_eq!(accepted.to, brought.to);
    let done = test.settled(&brought.to, &cookie).await;
    assert!(done.text.contains("2 added") && test.has("A-1"), "{}", done.text);

    let wrong = test.bring(&cookie, "tag,kind\nA-3,pc\nA-4,fridge\n", &[]).await;
    let shown = test.settled(&wrong.to, &cookie).await;
    assert!(shown.text.contains("1 line is") && shown.text.contains("<b>3</b>") && shown.text.contains("fridge"), "{}", shown.text);
    assert!(!shown.text.contains("Accept: take it in"));
    test.post(&format!("{}/accept", wrong.to), &cookie, "").await;
    assert!(!test.has("A-3"));
    assert!(test.settled(&wrong.to, &cookie).await.text.contains("nothing is taken in"), "the refusal is said");

    let empty = test.bring(&cookie, "", &[]).await;
    assert_eq!(empty.to, "/import");
    assert!(test.get("/import", &cookie).await.text.contains("no file was chosen"));
    let viewer = test.cookie(Role::Viewer).await;
    assert_eq!(test.bring(&viewer, "tag\nA-9\n", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(test.get(&brought.to, &viewer).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_leaves_as_csv_and_json() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Admin).await;
    for list in [
        "alerts",
        "assets",
        "charges",
        "devices",
        "events",
        "keys",
        "loans",
        "maintenance",
        "orders",
        "persons",
        "reservations",
        "rooms",
        "rules",
        "sweeps",
        "tickets",
        "transfers",
        "users",
    ] {
        let json = test.get(&format!("/export/{list}.json"), &cookie).await;
        assert_eq!(json.status, StatusCode::OK, "{list}: {}", json.text);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json.text).unwrap_or_else(|bad| panic!("{list}: {bad}"));
        let csv = test.get(&format!("/export/{list}.csv"), &cookie).await;
        assert_eq!(csv.status, StatusCode::OK, "{list}: {}", csv.text);
        if !rows.is_empty() {
            assert_eq!(crate::csv_file::parse(csv.text.as_bytes()).unwrap().rows.len(), rows.len(), "{list}");
        }
    }
    let filtered = test.get("/export/devices.csv?room=Lab%20118", &cookie).await.text;
    let filtered = crate::csv_file::parse(filtered.as_bytes()).unwrap();
    assert!(!filtered.rows.is_empty() && filtered.rows.iter().all(|row| row.get(&filtered.columns, "room") == "Lab 118"));
    for list in ["keys", "tokens", "users"] {
        let refused = test.get(&format!("/export/{list}.csv"), &test.cookie(Role::Viewer).await).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{list}");
    }
    assert_eq!(test.get("/export/status.csv", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(test.get("/export/devices", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(test.get("/export/devices.csv", "").await.to, "/sign-in?next=%2Fexport%2Fdevices.csv");
    let own = test.get("/assets/export.csv", &cookie).await.text;
    assert!(own.contains("tag,accessories,bought,"), "{own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_seen_before_they_are_printed() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    assert!(test.get("/labels", &cookie).await.text.contains("No labels yet"));
    let facts = || serde_json::from_str(r#"{"maker": "Epson", "model": "EB-W06 <svg>"}"#).unwrap();
    test.change(move |w| asset::add(w, rollcall_site::AssetId(uuid::Uuid::now_v7()), Tag::parse("PRJ-1").unwrap(), facts())).await;
    for (query, words) in [
        ("tags=prj-1&sheet=l7160&start=20", "<b>1 label on 1 page</b>"),
        ("days=1", "<b>1 label on 1 page</b>"),
        ("test=1&sheet=avery-5160", "A test page"),
        ("tags=NONE", "nothing carries the tag NONE"),
        ("tags=PRJ-1&start=31", "places 1 to 30"),
        ("tags=PRJ-1&offset_x=wide", "the offset is a number"),
        ("room=Nowhere", "no room"),
    ] {
        let page = test.get(&format!("/labels?{query}"), &cookie).await;
        assert!(page.status == StatusCode::OK && page.text.contains(words), "{query}: {}", page.text);
    }
    let preview = test.get("/labels.svg?tags=PRJ-1&page=0", &cookie).await.text;
    assert!(preview.contains("PRJ-1") && preview.contains("EB-W06 &lt;svg&gt;") && preview.contains("width=\"215.9mm\""), "{preview}");
    assert_eq!(test.get("/labels.svg?tags=PRJ-1&page=9", &cookie).await.status, StatusCode::NOT_FOUND);
    assert!(test.get("/labels.pdf?tags=PRJ-1", &cookie).await.text.starts_with("%PDF-1.7"));
}
