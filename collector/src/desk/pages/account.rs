//! One account: another role, a new password, removal. Each asks for the administrator's own password again, see [`crate::desk::proof`].

use super::sign_in;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::password::Passwords;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, chain, show as page};
use crate::desk::words;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, State};
use rollcall_site::access::{self, Role, User};
use rollcall_site::{Refusal, UserName};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    user: Arc<User>,
    has_password: bool,
    is_own: bool,
    is_last_admin: bool,
}

/// Another role.
#[derive(Deserialize)]
pub(in crate::desk) struct NewRole {
    role: Role,
}

/// A new password.
#[derive(Deserialize)]
pub(in crate::desk) struct NewPassword {
    #[serde(default)]
    password: String,
}

impl AccountPage {
    fn roles(&self) -> [(Role, &'static str); 4] {
        Role::ALL.map(|role| (role, words::role(role)))
    }

    fn shortest(&self) -> usize {
        sign_in::shortest()
    }
}

/// `GET /accounts/{name}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let (look, name) = (desk.look(), parse(&name)?);
    let user = look.site.users.get(&name).cloned();
    let user = user.ok_or_else(|| Trouble::NotFound(format!("There is no account called {name}.")))?;
    let others = look.site.users.values().any(|other| other.role == Role::Admin && other.name != name);
    page(&AccountPage {
        frame: Frame::of(&desk, &visitor, &look, Tab::Settings).of_thing("account", &name),
        has_password: Passwords::known(&desk.collector.secrets, &name),
        is_own: visitor.user == name,
        is_last_admin: user.role == Role::Admin && !others,
        user,
    })
}

/// `POST /accounts/{name}/role`
pub(in crate::desk) async fn set_role(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(form): Form<NewRole>,
) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = change_role(&desk, &visitor, &name, form).await;
    let to = if outcome.is_ok() { "/accounts".to_owned() } else { address(&name) };
    desk.then(&visitor, outcome, &to)
}

async fn change_role(desk: &Desk, visitor: &Visitor, name: &str, form: NewRole) -> Result<Notice, Trouble> {
    let name = parse(name)?;
    let user = desk.change(visitor, move |w| access::change_role(w, &name, form.role)).await?;
    Ok(Notice::done(format!("{} is {} now.", user.name, user.role.word())))
}

/// `POST /accounts/{name}/password`
pub(in crate::desk) async fn set_password(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(form): Form<NewPassword>,
) -> Answer {
    visitor.must_be(Role::Admin)?;
    let own = visitor.user.as_str() == name;
    let outcome = renew(&desk, &visitor, &name, form).await;
    match outcome {
        // Their own session ended with the old password.
        Ok(_) if own => Ok(axum::response::IntoResponse::into_response(axum::response::Redirect::to("/sign-in"))),
        Ok(notice) => desk.then(&visitor, Ok(notice), "/accounts"),
        refused => desk.then(&visitor, refused, &address(&name)),
    }
}

async fn renew(desk: &Desk, visitor: &Visitor, name: &str, form: NewPassword) -> Result<Notice, Trouble> {
    let name = parse(name)?;
    sign_in::fits(&form.password).map_err(Refusal::invalid)?;
    let changed = name.clone();
    desk.change(visitor, move |w| access::password_set(w, &changed)).await?;
    desk.passwords.keep(&name, form.password).await.map_err(|error| Trouble::Broken(chain(&error)))?;
    desk.sessions.end_all(&name);
    desk.tries.clear(name.as_str());
    Ok(Notice::done(format!("{name} has a new password, and was signed out everywhere.")))
}

/// `POST /accounts/{name}/remove`
pub(in crate::desk) async fn remove(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = take_away(&desk, &visitor, &name).await;
    let to = if outcome.is_ok() { "/accounts".to_owned() } else { address(&name) };
    desk.then(&visitor, outcome, &to)
}

async fn take_away(desk: &Desk, visitor: &Visitor, name: &str) -> Result<Notice, Trouble> {
    let name = parse(name)?;
    let gone = name.clone();
    desk.change(visitor, move |w| access::remove_user(w, &gone)).await?;
    Passwords::forget(&desk.collector.secrets, &name).map_err(|error| Trouble::Broken(chain(&error)))?;
    desk.sessions.end_all(&name);
    Ok(Notice::done(format!("{name} may no longer sign in, and was signed out everywhere.")))
}

fn parse(name: &str) -> Result<UserName, Trouble> {
    UserName::parse(name.trim()).map_err(|bad| Refusal::from(bad).into())
}

fn address(name: &str) -> String {
    format!("/accounts/{}", crate::desk::address::encoded(name))
}
