//! Assets on the pages: a pile tagged scan by scan, changed, disposed of; an order received; a requisition from what is to be replaced.

use super::{Read, TestDesk, new};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use rollcall_site::access::Role;
use rollcall_site::asset::{Asset, AssetStatus};
use rollcall_site::{Tag, order};
use std::sync::Arc;

fn asset(test: &TestDesk, tag: &str) -> Option<Arc<Asset>> {
    test.desk.look().site.asset_by_tag(&Tag::parse(tag).unwrap()).cloned()
}

/// Sends a form and reads the page that it leads to.
async fn then(test: &TestDesk, cookie: &str, path: &str, form: &str) -> (String, Read) {
    let sent = test.post(path, cookie, form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path} {form}: {}", sent.text);
    let page = test.get(sent.to.split('#').next().unwrap(), cookie).await;
    (sent.to, page)
}

#[tokio::test]
async fn a_pile_is_tagged_and_the_last_scan_is_taken_back() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    let chosen = "kind=projector&maker=Epson&serials=1";
    let (to, page) = then(&test, &cookie, "/pile", &format!("{chosen}&scan=EPS1")).await;
    assert!(to.contains("serial=EPS1") && page.text.contains("Scan the label for serial EPS1"), "{to}");
    let (_, page) = then(&test, &cookie, "/pile", &format!("{chosen}&serial=EPS1&scan=EPS1")).await;
    assert!(page.text.contains("that is the serial again"), "{}", page.text);
    let (to, page) = then(&test, &cookie, "/pile", &format!("{chosen}&serial=EPS1&scan=prj-1")).await;
    assert!(page.text.contains("PRJ-1 is added: Epson.") && !to.contains("EPS1"), "{to}: {}", page.text);
    assert_eq!(asset(&test, "PRJ-1").unwrap().serial, "EPS1");
    then(&test, &cookie, "/pile", &format!("{chosen}&serial=EPS1&scan=PRJ-2")).await;
    assert!(asset(&test, "PRJ-1").is_none(), "what is known by its serial gets the label");
    let (to, page) = then(&test, &cookie, "/assets/PRJ-2/take-back", "back=%2Fpile%3Fkind%3Dprojector").await;
    assert!(to == "/pile?kind=projector" && page.text.contains("PRJ-2 is taken back"), "{to}");
    assert!(asset(&test, "PRJ-2").is_none());
    let viewer = test.cookie(Role::Viewer).await;
    assert_eq!(test.post("/pile", &viewer, "kind=projector&scan=X-1").await.status, StatusCode::FORBIDDEN);
    assert!(asset(&test, "X-1").is_none());
}

#[tokio::test]
async fn an_asset_is_changed_found_by_its_old_tag_and_disposed_of() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    then(&test, &cookie, "/pile", "kind=laptop&scan=LAP-1").await;
    let form = "tag=LAP-9&price=349&notes=one%0D%0Atwo&custom=Colour%3A+red&accessories=charger,case&bought=2020-01-01";
    let (to, page) = then(&test, &cookie, "/assets/LAP-1", form).await;
    assert_eq!(to, "/assets/LAP-9");
    for part in ["LAP-9 is changed.", "349.00", "charger, case", "Colour", "<p>two</p>", "LAP-1</span> until"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let old = test.get("/assets/lap-1", &cookie).await;
    assert_eq!((old.status, old.to.as_str()), (StatusCode::SEE_OTHER, "/assets/LAP-9"));
    assert!(test.get("/assets/LAP-9", &cookie).await.text.contains("LAP-1 was tagged anew"));
    let (_, page) = then(&test, &cookie, "/assets/LAP-9", "price=cheap").await;
    assert!(page.text.contains("an amount as a text"), "{}", page.text);
    let (_, page) = then(&test, &cookie, "/assets/LAP-9/dispose", "method=recycled&wiped=").await;
    assert!(page.text.contains("say with --wiped"), "{}", page.text);
    let (_, page) = then(&test, &cookie, "/assets/LAP-9/dispose", "method=recycled&wiped=shredded").await;
    assert!(page.text.contains("is disposed of") && page.text.contains("Wiped: shredded"), "{}", page.text);
    assert_eq!(asset(&test, "LAP-9").unwrap().status, AssetStatus::Disposed);
    then(&test, &cookie, "/assets/LAP-9", "status=in-service").await;
    assert_eq!(asset(&test, "LAP-9").unwrap().status, AssetStatus::InService, "as the undo says it");
}

#[tokio::test]
async fn an_order_is_begun_placed_and_received_by_scans() {
    let test = new().await;
    super::school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let (to, _) = then(&test, &cookie, "/orders", "title=%3Csvg+onload&vendor=CDW").await;
    assert_eq!(to, "/orders/1");
    let (_, page) = then(&test, &cookie, "/orders/1/lines", "kind=laptop&model=300e&count=2&price=349&warranty_months=&room=").await;
    assert!(page.text.contains("Line 1 is added.") && page.text.contains("698.00") && !page.text.contains("<svg"), "{}", page.text);
    let (_, page) = then(&test, &cookie, "/orders/1/lines", "kind=fridge&count=2").await;
    assert!(page.text.contains("no kind of asset"), "{}", page.text);
    then(&test, &cookie, "/orders/1/lines/1", "count=2&serials=S-1%0D%0AS-2").await;
    let today = test.desk.look().today();
    let late =
        format!("number=PO-1&ordered_on={}&expected_on={}", today.saturating_sub(jiff::Span::new().days(9)), today.yesterday().unwrap());
    then(&test, &cookie, "/orders/1/place", &late).await;
    assert!(test.get("/orders?show=overdue", &cookie).await.text.contains("PO-1"));
    let today = test.get("/", &cookie).await.text;
    assert!(today.contains("1 order is not here yet"), "{today}");
    let (to, page) = then(&test, &cookie, "/orders/1/receive", "serial=S-1&tag=&line=").await;
    assert!(to.starts_with("/orders/1?serial=S-1") && page.text.contains(r#"value="S-1""#), "{to}");
    let (to, page) = then(&test, &cookie, "/orders/1/receive", "serial=WRONG&tag=LAP-1&line=1").await;
    assert!(page.text.contains("not one that line 1 expects") && to.contains("serial=WRONG"), "{to}");
    then(&test, &cookie, "/orders/1/receive", "serial=S-1&tag=LAP-1&line=").await;
    let (_, page) = then(&test, &cookie, "/orders/1/receive", "serial=S-2&tag=LAP-2&line=").await;
    assert!(page.text.contains("Everything of the order is here."), "{}", page.text);
    assert!(test.get("/assets/LAP-2", &cookie).await.text.contains("order 1 (PO-1)"));
    let pdf = test.get("/orders/1/file.pdf", &cookie).await;
    assert!(pdf.status == StatusCode::OK && pdf.text.starts_with("%PDF-"));
    assert_eq!(test.get("/orders/9", &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_ticked_becomes_a_requisition() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    for tag in ["LAP-1", "LAP-2"] {
        then(&test, &cookie, "/pile", &format!("kind=laptop&maker=HP&scan={tag}")).await;
        then(&test, &cookie, &format!("/assets/{tag}"), "bought=2010-01-01&price=400").await;
    }
    assert!(test.get("/replacement", &cookie).await.text.contains("800.00 at the prices of these"));
    let (to, page) = then(&test, &cookie, "/replacement", "title=Summer&tag=LAP-1&tag=LAP-2").await;
    assert!(to == "/orders/1" && page.text.contains("in the place of"), "{to}: {}", page.text);
    let site = test.desk.look().site;
    assert_eq!(order::find(&site, "#1").unwrap().lines[0].count, 2);
    let (to, page) = then(&test, &cookie, "/replacement", "title=Nothing").await;
    assert!(to == "/replacement" && page.text.contains("name 1 to 2000 assets"), "{}", page.text);
}

#[tokio::test]
async fn a_label_goes_on_what_was_picked_and_is_taken_off_again() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    for tag in ["PC-7F3A", "LAP-2"] {
        then(&test, &cookie, "/pile", &format!("kind=laptop&scan={tag}")).await;
    }
    let mut waiting = (*asset(&test, "PC-7F3A").unwrap()).clone();
    waiting.details.get_or_insert_default().tag_wanted = Some(jiff::Timestamp::UNIX_EPOCH);
    let waiting = test.change(|w| Ok(w.put(waiting))).await;
    for scan in ["LAP-2", ""] {
        let (to, page) = then(&test, &cookie, "/pile", &format!("kind=laptop&of=PC-7F3A&scan={scan}")).await;
        assert!(to.contains("of=PC-7F3A") && page.text.contains("Scan the label for PC-7F3A"), "after a refusal it is still the one: {to}");
    }
    for label in ["LAP-3", "PC-7F3A"] {
        let (to, page) = then(&test, &cookie, "/pile", &format!("kind=laptop&of=PC-7F3A&scan={label}")).await;
        assert!(!to.contains("of=") && page.text.contains(&format!("/assets/{label}/unlabel")), "{to}: {}", page.text);
        assert!(!asset(&test, label).unwrap().tag_wanted());
        let (to, page) = then(&test, &cookie, &format!("/assets/{label}/unlabel"), "back=%2Fpile%3Fkind%3Dlaptop").await;
        assert!(to == "/pile?kind=laptop" && page.text.contains("PC-7F3A waits for a label again"), "{}", page.text);
        assert_eq!(*asset(&test, "PC-7F3A").unwrap(), *waiting);
    }
    let (_, page) = then(&test, &cookie, "/assets/LAP-2/unlabel", "").await;
    assert!(page.text.contains("otherwise than by a label"), "{}", page.text);
}

#[tokio::test]
async fn a_page_that_refreshes_itself_says_nothing_of_an_old_label() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    then(&test, &cookie, "/pile", "kind=laptop&scan=LAP-1").await;
    then(&test, &cookie, "/assets/LAP-1", "tag=LAP-9").await;
    let passive = Request::get("/assets/LAP-1").header(header::COOKIE, &cookie).header("x-rollcall-live", "1");
    assert_eq!(test.send(passive.body(Body::empty()).unwrap()).await.to, "/assets/LAP-9");
    assert!(!test.get("/assets/LAP-9", &cookie).await.text.contains("was tagged anew"));
}

#[tokio::test]
async fn a_line_of_many_serials_is_written_and_any_serial_stays_chosen() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    then(&test, &cookie, "/orders", "title=Carts").await;
    then(&test, &cookie, "/orders/1/lines", "kind=laptop&count=9000").await;
    let serials = |count: usize| (0..count).map(|number| format!("SERIAL-{number:05}")).collect::<Vec<_>>().join("%0D%0A");
    let line = || order::find(&test.desk.look().site, "#1").unwrap().lines[0].clone();
    let (_, page) = then(&test, &cookie, "/orders/1/lines/1", &format!("count=9000&serials={}", serials(9_000))).await;
    assert_eq!(line().serials.len(), 9_000);
    assert!(page.text.contains("in the place of all 9000") && !page.text.contains("SERIAL-00000"), "too many to fill a form with");
    then(&test, &cookie, "/orders/1/lines/1", "count=9100&serials_anew=+").await;
    assert_eq!((line().count, line().serials.len()), (9_100, 9_000), "those stay");
    let (_, page) = then(&test, &cookie, "/orders/1/lines/1", &format!("count=9100&serials_anew={}", serials(500))).await;
    assert!(line().serials.len() == 500 && page.text.contains("SERIAL-00499"));
    then(&test, &cookie, "/orders/1/place", "number=PO-2").await;
    let (to, page) = then(&test, &cookie, "/orders/1/receive", "serial=OTHER&tag=&line=1&any_serial=1").await;
    assert!(to.contains("any_serial=1") && page.text.contains(r#"<option value="1" selected>any"#), "{to}: {}", page.text);
    let (to, _) = then(&test, &cookie, "/orders/1/receive", "serial=OTHER&tag=LAP-1&line=1&any_serial=1").await;
    assert!(to.contains("any_serial=1") && asset(&test, "LAP-1").is_some(), "{to}");
}
