//! Accounts: who may sign in at the desk, with which role; each is changed on a page of its own. For administrators.

use super::sign_in;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::password::Passwords;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, chain, show as page};
use crate::desk::words;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, State};
use rollcall_site::access::{self, Role, User};
use rollcall_site::{Refusal, UserName, oidc};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "accounts.html")]
struct Accounts {
    frame: Frame,
    look: Look,
    users: Vec<(Arc<User>, bool)>,
    /// Whether people sign in at a provider, too.
    has_provider: bool,
}

/// A new account.
#[derive(Deserialize)]
pub(in crate::desk) struct NewAccount {
    name: String,
    role: Role,
    #[serde(default)]
    password: String,
    /// The mail address of whom of the provider it awaits.
    #[serde(default)]
    invite: String,
}

impl Accounts {
    fn role(&self, user: &User) -> &'static str {
        words::role(user.role).split(':').next().unwrap_or_default()
    }

    fn roles(&self) -> [(Role, &'static str); 4] {
        Role::ALL.map(|role| (role, words::role(role)))
    }

    fn shortest(&self) -> usize {
        sign_in::shortest()
    }
}

/// `GET /accounts`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Admin)?;
    let look = desk.look();
    let has_password = |user: &Arc<User>| Passwords::known(&desk.collector.secrets, &user.name);
    let users = look.site.users.values().map(|user| (Arc::clone(user), has_password(user))).collect();
    page(&Accounts { frame: Frame::of(&desk, &visitor, &look, Tab::Settings), users, has_provider: desk.provider().is_some(), look })
}

/// `POST /accounts`
pub(in crate::desk) async fn add(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<NewAccount>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = make(&desk, &visitor, form).await;
    desk.then(&visitor, outcome, "/accounts")
}

async fn make(desk: &Desk, visitor: &Visitor, form: NewAccount) -> Result<Notice, Trouble> {
    let name = UserName::parse(form.name.trim()).map_err(Refusal::from)?;
    if !form.invite.trim().is_empty() {
        let user = desk.change(visitor, move |w| oidc::invite(w, name, form.role, &form.invite)).await?;
        return Ok(Notice::done(format!("{} is invited. They sign in with the school’s account.", user.name)));
    }
    sign_in::fits(&form.password).map_err(Refusal::invalid)?;
    let user = name.clone();
    desk.change(visitor, move |w| access::add_user(w, user, form.role)).await?;
    desk.passwords.keep(&name, form.password).await.map_err(|error| Trouble::Broken(chain(&error)))?;
    Ok(Notice::done(format!("{name} may sign in now. Tell them the password, and to keep it.")))
}
