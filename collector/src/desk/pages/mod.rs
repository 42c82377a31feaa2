//! The pages, one file each, and their addresses.

mod account;
mod accounts;
mod add;
mod alerts;
mod calendar;
mod charges;
mod condition;
mod device;
mod device_actions;
mod devices;
mod find;
mod hardware;
mod health;
mod loans;
mod maintenance;
mod people;
mod reservations;
mod room;
mod rooms;
mod rules;
mod sign_in;
mod software;
mod tickets;
mod titles;
mod today;
mod transfers;
mod verdict;
mod welcome;

use super::trouble::Trouble;
use super::{Desk, door, live};
use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

/// Every page by its address.
pub(super) fn routes(desk: &Desk) -> Router<Desk> {
    let behind_the_door = Router::new()
        .route("/", get(today::show))
        .route("/accounts", get(accounts::show).post(accounts::add))
        .route("/accounts/{name}", get(account::show))
        .route("/accounts/{name}/password", post(account::set_password))
        .route("/accounts/{name}/remove", post(account::remove))
        .route("/accounts/{name}/role", post(account::set_role))
        .route("/add", get(add::show).post(add::make))
        .route("/add/{id}/revoke", post(add::revoke))
        .route("/alerts", get(alerts::show))
        .route("/alerts/{id}/acknowledge", post(alerts::acknowledge))
        .route("/alerts/{id}/reopen", post(alerts::reopen))
        .route("/alerts/{id}/resolve", post(alerts::resolve))
        .route("/alerts/{id}/snooze", post(alerts::snooze))
        .route("/calendar", get(calendar::show))
        .route("/calendar/closed", post(calendar::close))
        .route("/calendar/hours", post(calendar::set_hours))
        .route("/calendar/open", post(calendar::open))
        .route("/charges", get(charges::show))
        .route("/charges/{id}/confirm", post(charges::confirm))
        .route("/charges/{id}/pay", post(charges::pay))
        .route("/charges/{id}/waive", post(charges::waive))
        .route("/devices", get(devices::show))
        .route("/devices.csv", get(devices::csv))
        .route("/devices/{tag}", get(device::show))
        .route("/devices/{tag}/move", get(device_actions::ask_move).post(device_actions::relocate))
        .route("/devices/{tag}/accept", post(device_actions::accept))
        .route("/devices/{tag}/rebind", post(device_actions::allow_rebind))
        .route("/devices/{tag}/rescan", post(device_actions::rescan))
        .route("/devices/{tag}/revoke", get(device_actions::ask_revoke).post(device_actions::revoke))
        .route("/discrepancies", get(people::discrepancies::show))
        .route("/find", get(find::go))
        .route("/live", get(live::follow))
        .route("/loans", get(loans::show).post(loans::scan))
        .route("/loans/charges/{id}/confirm", post(loans::confirm_charge))
        .route("/loans/charges/{id}/waive", post(loans::waive_charge))
        .route("/loans/class-set", get(loans::class_set::show).post(loans::class_set::scan))
        .route("/loans/found", post(loans::giving_back::find))
        .route("/loans/in", post(loans::take_back))
        .route("/loans/lost", post(loans::giving_back::lose))
        .route("/loans/out", post(loans::lend))
        .route("/loans/overdue", get(loans::overdue::show))
        .route("/loans/renew", post(loans::giving_back::renew))
        .route("/loans/return", post(loans::giving_back::give_back))
        .route("/loans/tickets/{id}/confirm", post(loans::confirm_ticket))
        .route("/loans/tickets/{id}/drop", post(loans::drop_ticket))
        .route("/loans/undo", post(loans::class_set::undo))
        .route("/maintenance", get(maintenance::show).post(maintenance::begin))
        .route("/maintenance/{id}/end", post(maintenance::end))
        .route("/people", get(people::list::show).post(people::hands::add))
        .route("/people/{id}", get(people::profile::show))
        .route("/people/{id}/block", post(people::hands::block))
        .route("/people/{id}/forget", get(people::forget::ask_forget).post(people::forget::forget))
        .route("/people/{id}/merge", post(people::hands::merge))
        .route("/people/{id}/set", post(people::hands::set))
        .route("/people/{id}/unblock", post(people::hands::unblock))
        .route("/reservations", get(reservations::show).post(reservations::add))
        .route("/reservations/{id}/cancel", post(reservations::cancel))
        .route("/rooms", get(rooms::show).post(rooms::add))
        .route("/rooms/{room}", get(room::show))
        .route("/rooms/{room}/sweep", post(room::sweep))
        .route("/rules", get(rules::show))
        .route("/rules/{code}", post(rules::set))
        .route("/software", get(titles::show))
        .route("/tickets", get(tickets::show).post(tickets::open))
        .route("/tickets/new", get(tickets::form))
        .route("/tickets/{id}", get(tickets::one))
        .route("/tickets/{id}/assign", post(tickets::assign))
        .route("/tickets/{id}/claim", post(tickets::claim))
        .route("/tickets/{id}/comment", post(tickets::comment))
        .route("/tickets/{id}/labour", post(tickets::labour))
        .route("/tickets/{id}/link", post(tickets::link))
        .route("/tickets/{id}/loaner", post(tickets::lend))
        .route("/tickets/{id}/loaner/back", post(tickets::take_back))
        .route("/tickets/{id}/part", post(tickets::add_part))
        .route("/tickets/{id}/part/remove", post(tickets::remove_part))
        .route("/tickets/{id}/set", post(tickets::set))
        .route("/tickets/{id}/state", post(tickets::go))
        .route("/tickets/{id}/unlink", post(tickets::unlink))
        .route("/transfers", get(transfers::show))
        .route("/transfers/look", post(transfers::look))
        .route("/sign-out", post(sign_in::out))
        .route("/verdict", get(verdict::show).post(verdict::set))
        .layer(middleware::from_fn_with_state(desk.clone(), door::signed_in));
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/welcome/{secret}", get(welcome::show).post(welcome::make))
        .merge(behind_the_door)
        .fallback(|| async { Trouble::NotFound("There is no such page on this desk.".to_owned()) })
}
