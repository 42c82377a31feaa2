//! Welcome: behind a link that works once; makes the administrator's account of a new site, or sets an account's password.

use super::sign_in;
use crate::desk::api::calendar::hours;
use crate::desk::trouble::{Trouble, chain, show as page};
use crate::desk::welcome::For;
use crate::desk::{Answer, Desk, assets, welcome};
use crate::keeper::ChangeError;
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rollcall_site::UserName;
use rollcall_site::access::{self, Role};
use rollcall_site::calendar;
use rollcall_site::event::Actor;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    site: String,
    secret: String,
    name: String,
    /// The school's hours, as they were typed.
    hours: String,
    /// The account whose password is set; `None`: the administrator's is made.
    user: Option<UserName>,
    wrong: Option<String>,
}

/// The administrator's account.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Account {
    name: String,
    password: String,
    again: String,
    hours: String,
}

impl Welcome {
    fn of(desk: &Desk, secret: &str, form: &Account, wrong: Option<String>) -> Result<Self, Trouble> {
        let Some(what) = welcome::is_for(&desk.collector, secret) else {
            return Err(Trouble::NotFound(
                "This link has been used or has ended. If nobody can sign in yet, start the collector again: it prints a new one. \
                 Otherwise an administrator makes one with `rollcall user link NAME`."
                    .to_owned(),
            ));
        };
        let user = if let For::User(user) = what { Some(user) } else { None };
        let site = desk.collector.keeper.view().about().map_or_else(|| "your site".to_owned(), |about| about.name.clone());
        let (name, hours) = (form.name.chars().take(40).collect(), form.hours.chars().take(400).collect());
        Ok(Self { site, secret: secret.to_owned(), name, hours, user, wrong })
    }

    fn css(&self) -> &'static str {
        assets::css()
    }

    fn mark(&self) -> &'static str {
        assets::mark()
    }

    fn shortest(&self) -> usize {
        sign_in::shortest()
    }
}

/// `GET /welcome/{secret}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, Path(secret): Path<String>) -> Answer {
    page(&Welcome::of(&desk, &secret, &Account::default(), None)?)
}

/// `POST /welcome/{secret}`
pub(in crate::desk) async fn make(State(desk): State<Desk>, Path(secret): Path<String>, Form(form): Form<Account>) -> Answer {
    let again = |wrong: String| {
        let html = page(&Welcome::of(&desk, &secret, &form, Some(wrong))?)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, html).into_response())
    };
    let _first = desk.first.lock().await;
    let name = match Welcome::of(&desk, &secret, &form, None)?.user {
        Some(user) => user,
        None => match UserName::parse(form.name.trim()) {
            Ok(name) => name,
            Err(bad) => return again(bad.to_string()),
        },
    };
    let what = welcome::is_for(&desk.collector, &secret).ok_or(Trouble::Foreign)?;
    if let Err(wrong) = sign_in::fits(&form.password) {
        return again(wrong);
    }
    if form.password != form.again {
        return again("the two passwords are not the same: type them again".to_owned());
    }
    let hours = match hours(&form.hours) {
        Ok(hours) => hours,
        Err(wrong) => return again(wrong.text),
    };
    let (user, by, first) = (name.clone(), Actor::User(name.to_string()), what == For::First);
    let added = desk.collector.keeper.change(by, move |w| {
        // An administrator without a password was left by a crash in between: it is this one's. Nobody else's account is.
        if !first {
            access::password_set(w, &user)?;
        } else if w.site.users.get(&user).is_none_or(|user| user.role != Role::Admin || user.bound.is_some()) {
            access::add_user(w, user.clone(), Role::Admin)?;
        }
        if let Some(hours) = hours.filter(|_| first) {
            calendar::set_hours(w, Some(hours))?;
        }
        access::signed_in(w, &user);
        Ok(())
    });
    match added.await {
        Err(ChangeError::Refused(refusal)) => return again(refusal.text),
        added => added?,
    }
    desk.passwords.keep(&name, form.password).await.map_err(|error| Trouble::Broken(chain(&error)))?;
    welcome::used(&desk.collector.secrets, &what).map_err(|error| Trouble::Broken(chain(&error)))?;
    desk.sessions.end_all(&name);
    desk.tries.clear(name.as_str());
    sign_in::enter(&desk, name, "/")
}
