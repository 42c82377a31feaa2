//! `/rules`: what is looked for, and what the site and its rooms set of it.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::rooms;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use axum::{Json, Router};
use rollcall_site::rule::{self, RULES, Rule, Setting, Severity};
use rollcall_site::{Refusal, Site, Working};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/rules", get(list)).route("/rules/{code}", put(set))
}

/// A rule in a list.
#[derive(Serialize)]
struct Row {
    code: &'static str,
    title: &'static str,
    severity: Severity,
    /// How long a finding lasts before a person is told, in words.
    settles: String,
    cause: &'static str,
    remedy: &'static str,
    limits: Vec<LimitRow>,
    /// What the whole site sets.
    site: Option<Setting>,
    /// What rooms set.
    rooms: BTreeMap<String, Setting>,
}

#[derive(Serialize)]
struct LimitRow {
    name: &'static str,
    unit: &'static str,
    value: i64,
    least: i64,
    most: i64,
    what: &'static str,
}

impl Row {
    fn of(site: &Site, rule: &Rule) -> Self {
        let rooms = site.rooms.values().filter_map(|room| Some((room.id.to_string(), room.rules.get(rule.code)?.clone())));
        let limits = rule.limits.iter();
        let limits = limits.map(|l| LimitRow { name: l.name, unit: l.unit, value: l.value, least: l.least, most: l.most, what: l.what });
        Self {
            code: rule.code,
            title: rule.title,
            severity: rule.severity,
            settles: rule.settle.to_string(),
            cause: rule.cause,
            remedy: rule.remedy,
            limits: limits.collect(),
            site: site.about().and_then(|about| about.rules.get(rule.code)).cloned(),
            rooms: rooms.collect(),
        }
    }
}

/// What is to be set of a rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    /// For this room; none: the whole site.
    room: Option<String>,
    setting: Setting,
}

/// Lists the rules, each with its limits and where it is off.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Row> {
    let site = collector.keeper.view();
    part.of(RULES.iter().map(|rule| Row::of(&site, rule)), |row| row.code.to_owned())
}

/// Changes a rule: its limits, and where it holds.
async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(code): Path<String>,
    Body(new): Body<Set>,
) -> Result<Json<Row>, Problem> {
    let set = move |w: &mut Working| {
        let room = new.room.as_deref().map(|room| rooms::known(&w.site, room)).transpose()?;
        rule::set(w, room.as_ref(), &code, new.setting)?;
        let rule = Rule::of(&code).ok_or_else(|| Refusal::not_found("the rule is gone"))?;
        Ok(Row::of(&w.site, rule))
    };
    Ok(Json(collector.keeper.change(actor, set).await?))
}
