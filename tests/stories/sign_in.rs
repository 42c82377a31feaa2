//! People sign in with the school's own accounts, at a real provider: who was invited and who is in a mapped group; nobody else.

use rollcall_tests::provider::{Browser, Claims, Page, Provider, Says};
use rollcall_tests::site::TestSite;
use serde_json::json;

struct School {
    site: TestSite,
    provider: Provider,
    desk: String,
}

async fn school(claims: Claims) -> anyhow::Result<School> {
    let site = TestSite::start().await?;
    let desk = format!("https://localhost:{}", site.ports().desk.port());
    let provider = Provider::start(&site.place("provider"), &desk, claims).await?;
    provider.knows(&json!({
        "s-1": { "preferred_username": "Vera", "email": "vera@school.example", "email_verified": true, "groups": ["staff"] },
        "s-2": { "preferred_username": "bo", "email": "bo@school.example", "email_verified": true },
        "s-3": { "preferred_username": "ana", "email": "bo@school.example", "email_verified": false, "groups": ["pupils"] },
        "s-4": { "preferred_username": "ana", "email": "root@school.example", "email_verified": true, "groups": ["it"] },
    }))?;
    let (issuer, secret, ca) = (provider.issuer(), provider.file("secret"), provider.file("ca.pem"));
    let commands = site.desk()?;
    commands.json(&["user", "add", "ana", "--role", "admin"]).await?;
    let set = ["oidc", "set", &issuer, "--client", "rollcall", "--secret-file", &secret, "--ca", &ca, "--at", &desk, "--scopes", "groups"];
    commands.json(&[&set[..], &["--map", "staff=teacher", "--map", "it=technician", "--title", "School account"]].concat()).await?;
    Ok(School { site, provider, desk })
}

impl School {
    async fn sign_in(&self, browser: &mut Browser, says: Says<'_>) -> anyhow::Result<Page> {
        browser.go(&format!("{}/sign-in/oidc?next=%2Frooms", self.desk), says).await
    }

    async fn users(&self) -> anyhow::Result<Vec<(String, String)>> {
        let users = self.site.desk()?.json(&["user", "list"]).await?;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Ok(users.as_array().into_iter().flatten().map(|user| (text(&user["name"]), text(&user["role"]))).collect())
    }
}

fn refused(page: &Page, words: &str) {
    assert!(page.status == 403 && page.text.contains("You are not signed in") && page.text.contains(words), "{page:?}");
}

async fn comes_and_goes(claims: Claims) -> anyhow::Result<()> {
    let school = school(claims).await?;
    let tested = school.site.desk()?.json(&["oidc", "test"]).await?;
    assert_eq!(tested["redirect_uri"], format!("{}/sign-in/oidc/back", school.desk));
    let mut vera = Browser::fresh()?;
    let sign_in = vera.go(&format!("{}/rooms", school.desk), Says::No).await?;
    assert!(sign_in.text.contains("School account") && sign_in.text.contains("/sign-in/oidc?next="), "{}", sign_in.text);
    let page = school.sign_in(&mut vera, Says::Am("s-1")).await?;
    assert!(page.text.contains("You are signed in, vera."), "{page:?}");
    let labs = vera.on(&page).await?;
    assert_eq!((labs.url.path(), labs.status.as_u16()), ("/lab", 200), "a teacher is led to the labs");
    assert_eq!(school.users().await?, [("ana".to_owned(), "admin".to_owned()), ("vera".to_owned(), "teacher".to_owned())]);

    // Her groups say at every sign-in what she may do.
    school.provider.knows(&json!({ "s-1": { "preferred_username": "somebody", "groups": ["staff", "it"] } }))?;
    let rooms = school.sign_in(&mut Browser::fresh()?, Says::Am("s-1")).await?;
    assert!(rooms.text.contains("You are signed in, vera."), "{rooms:?}");
    assert!(school.users().await?.contains(&("vera".to_owned(), "technician".to_owned())));
    school.provider.knows(&json!({ "s-1": { "preferred_username": "vera", "groups": ["pupils"] } }))?;
    refused(&school.sign_in(&mut Browser::fresh()?, Says::Am("s-1")).await?, "You may no longer come in");
    let gone = vera.go(&format!("{}/lab", school.desk), Says::No).await?;
    assert_eq!(gone.url.path(), "/sign-in", "and where she was signed in, she is not any more");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapped_group_comes_in_and_goes_with_it() -> anyhow::Result<()> {
    comes_and_goes(Claims::InTheToken).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapped_group_is_known_where_the_provider_says_it_beside_the_token() -> anyhow::Result<()> {
    comes_and_goes(Claims::Beside).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_uninvited_or_as_somebody_else() -> anyhow::Result<()> {
    let school = school(Claims::InTheToken).await?;
    let before = school.users().await?;
    refused(&school.sign_in(&mut Browser::fresh()?, Says::Am("s-2")).await?, "nobody has invited you");
    refused(&school.sign_in(&mut Browser::fresh()?, Says::Am("s-4")).await?, "There is an account ana already");
    refused(&school.sign_in(&mut Browser::fresh()?, Says::No).await?, "let nobody in");
    assert_eq!(school.users().await?, before);

    school.site.desk()?.json(&["user", "add", "robert", "--role", "viewer", "--invite", "bo@school.example"]).await?;
    refused(&school.sign_in(&mut Browser::fresh()?, Says::Am("s-3")).await?, "nobody has invited you");
    let mut bo = Browser::fresh()?;
    let page = school.sign_in(&mut bo, Says::Am("s-2")).await?;
    assert!(page.text.contains("You are signed in, robert."), "{page:?}");
    assert_eq!(bo.on(&page).await?.url.path(), "/rooms");
    let events = school.site.rest()?.list("/events?limit=200").await?;
    let refusals = events.iter().filter(|event| event["kind"] == "signin.refused").count();
    // What is refused again within the minute is counted with the first.
    assert!(refusals >= 1, "refusals are in the audit: {events:#?}");
    for unknown in ["s-2", "s-4", "bo@school.example"] {
        assert!(events.iter().all(|event| event["kind"] != "signin.refused" || !event.to_string().contains(unknown)), "{unknown}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_not_asked_for_lets_nobody_in() -> anyhow::Result<()> {
    let school = school(Claims::InTheToken).await?;
    // Somebody signs in, and stops before the last step: their answer in the address.
    let mut vera = Browser::fresh()?;
    let mut url = format!("{}/sign-in/oidc", school.desk).parse()?;
    let answer = loop {
        let (_, to) = vera.step(&url).await?;
        let mut to = to.unwrap();
        if to.path() == "/sign-in/oidc/back" {
            break to;
        }
        if to.path().starts_with("/login/") {
            to.query_pairs_mut().append_pair("as", "s-1");
        }
        url = to;
    };
    let not_begun = |page: &Page| assert!(page.status == 400 && page.text.contains("was not begun in this browser"), "{page:?}");
    not_begun(&Browser::fresh()?.go(answer.as_str(), Says::No).await?);
    // In another browser that has begun a sign-in of its own: a forced sign-in as somebody else.
    let mut other = Browser::fresh()?;
    other.step(&format!("{}/sign-in/oidc", school.desk).parse()?).await?;
    not_begun(&other.go(answer.as_str(), Says::No).await?);
    let changed = |name: &str, value: &str| {
        let mut changed = answer.clone();
        let pairs: Vec<_> = answer.query_pairs().map(|(key, old)| if key == name { (key, value.into()) } else { (key, old) }).collect();
        changed.query_pairs_mut().clear().extend_pairs(pairs);
        changed.to_string()
    };
    let state = answer.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    not_begun(&vera.go(&changed("state", &state.replace(|_: char| true, "x")), Says::No).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_provider_or_a_second_time_lets_nobody_in() -> anyhow::Result<()> {
    let school = school(Claims::InTheToken).await?;
    let mut vera = Browser::fresh()?;
    let page = school.sign_in(&mut vera, Says::Am("s-1")).await?;
    assert!(page.text.contains("You are signed in, vera."), "{page:?}");
    // The journey's cookie is gone with the answer: the same answer again is none that this browser asked for.
    let again = vera.go(page.url.as_str(), Says::No).await?;
    assert!(again.status == 400 && again.text.contains("was not begun in this browser"), "{again:?}");
    // A provider that is set otherwise meanwhile is not the one that answers.
    let issuer = "https://id.other.example";
    let set = ["oidc", "set", issuer, "--client", "rollcall", "--at", &school.desk];
    school.site.desk()?.json(&set).await?;
    let page = school.sign_in(&mut Browser::fresh()?, Says::Am("s-1")).await?;
    assert!(page.status == 502 && page.text.contains("can’t be used just now"), "{page:?}");
    school.site.desk()?.json(&["oidc", "remove"]).await?;
    let page = school.sign_in(&mut Browser::fresh()?, Says::Am("s-1")).await?;
    assert_eq!(page.status.as_u16(), 404);
    Ok(())
}
