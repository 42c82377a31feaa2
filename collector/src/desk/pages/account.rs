//! One account: another role, a new password, removal. Each asks for the administrator's own password again.

use super::sign_in;
use crate::desk::accept::Peer;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::password::Passwords;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, chain, show as page};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Extension, Form, Path, State};
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
    own: String,
}

/// A new password.
#[derive(Deserialize)]
pub(in crate::desk) struct NewPassword {
    password: String,
    own: String,
}

/// The administrator's own password.
#[derive(Deserialize)]
pub(in crate::desk) struct Own {
    own: String,
}

/// From where the form was sent.
type From = Option<Extension<Peer>>;

impl AccountPage {
    fn roles(&self) -> [(Role, &'static str); 3] {
        [
            (Role::Viewer, "Viewer: sees everything, changes nothing"),
            (Role::Technician, "Technician: lends, acknowledges, sweeps, moves"),
            (Role::Admin, "Admin: everything, tokens and accounts too"),
        ]
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
        frame: Frame::of(&desk, &visitor, &look, Tab::Settings),
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
    from: From,
    Path(name): Path<String>,
    Form(form): Form<NewRole>,
) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = change_role(&desk, &visitor, from, &name, form).await;
    let to = if outcome.is_ok() { "/accounts".to_owned() } else { address(&name) };
    desk.then(&visitor, outcome, &to)
}

async fn change_role(desk: &Desk, visitor: &Visitor, from: From, name: &str, form: NewRole) -> Result<Notice, Trouble> {
    let name = parse(name)?;
    sign_in::again(desk, visitor, from, form.own).await?;
    let user = desk.change(visitor, move |w| access::change_role(w, &name, form.role)).await?;
    Ok(Notice::done(format!("{} is {} now.", user.name, user.role.word())))
}

/// `POST /accounts/{name}/password`
pub(in crate::desk) async fn set_password(
    State(desk): State<Desk>,
    visitor: Visitor,
    from: From,
    Path(name): Path<String>,
    Form(form): Form<NewPassword>,
) -> Answer {
    visitor.must_be(Role::Admin)?;
    let own = visitor.user.as_str() == name;
    let outcome = renew(&desk, &visitor, from, &name, form).await;
    match outcome {
        // Their own session ended with the old password.
        Ok(_) if own => Ok(axum::response::IntoResponse::into_response(axum::response::Redirect::to("/sign-in"))),
        Ok(notice) => desk.then(&visitor, Ok(notice), "/accounts"),
        refused => desk.then(&visitor, refused, &address(&name)),
    }
}

async fn renew(desk: &Desk, visitor: &Visitor, from: From, name: &str, form: NewPassword) -> Result<Notice, Trouble> {
    let name = parse(name)?;
    sign_in::fits(&form.password).map_err(Refusal::invalid)?;
    sign_in::again(desk, visitor, from, form.own).await?;
    let changed = name.clone();
    desk.change(visitor, move |w| access::password_set(w, &changed)).await?;
    desk.passwords.keep(&name, form.password).await.map_err(|error| Trouble::Broken(chain(&error)))?;
    desk.sessions.end_all(&name);
    Ok(Notice::done(format!("{name} has a new password, and was signed out everywhere.")))
}

/// `POST /accounts/{name}/remove`
pub(in crate::desk) async fn remove(
    State(desk): State<Desk>,
    visitor: Visitor,
    from: From,
    Path(name): Path<String>,
    Form(form): Form<Own>,
) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = take_away(&desk, &visitor, from, &name, form).await;
    let to = if outcome.is_ok() { "/accounts".to_owned() } else { address(&name) };
    desk.then(&visitor, outcome, &to)
}

async fn take_away(desk: &Desk, visitor: &Visitor, from: From, name: &str, form: Own) -> Result<Notice, Trouble> {
    let name = parse(name)?;
    sign_in::again(desk, visitor, from, form.own).await?;
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
