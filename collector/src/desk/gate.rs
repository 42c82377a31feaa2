//! The least role for every page, decided before the page is asked: what a teacher may open, and that a change takes a technician.
//!
//! Pages ask for more themselves ([`super::door::Visitor::must_be`]); nothing here lets anybody do what a page refuses.

use axum::http::Method;
use rollcall_site::access::Role;

/// Where a teacher's day begins.
pub(super) const LABS: &str = "/lab";

/// What a teacher may open and send: nothing that names a person, and no list of what there is. By route.
const TEACHERS: &[&str] = &["/certificate/ca.crt", "/lab", "/lab/{room}", "/report/{tag}", "/sign-out"];

/// What is sent and changes nothing: a scan that asks for the verdict. By route.
const VIEWERS: &[&str] = &["/loans"];

/// What nobody below a technician may open, by the beginning of the route.
const TECHNICIANS: &[&str] = &["/audit", "/audit.csv", "/baseline-file", "/import", "/roster"];

/// What only an administrator may open and send, by the beginning of the route.
const ADMINS: &[&str] = &["/accounts", "/add", "/backups", "/certificate", "/keys", "/people/{id}/forget"];

/// What only an administrator may change, though others see it. By route.
const ADMINS_CHANGE: &[&str] = &["/channels", "/channels/{name}/remove", "/loans/policy", "/routes", "/routes/{name}/remove"];

/// The least role that a request to a route takes.
pub(super) fn least(method: &Method, route: &str) -> Role {
    if TEACHERS.contains(&route) {
        Role::Teacher
    } else if ADMINS.iter().any(|page| begins(route, page)) {
        Role::Admin
    } else if TECHNICIANS.iter().any(|page| begins(route, page)) {
        Role::Technician
    } else if VIEWERS.contains(&route) || matches!(*method, Method::GET | Method::HEAD) {
        Role::Viewer
    } else if ADMINS_CHANGE.contains(&route) {
        Role::Admin
    } else {
        Role::Technician
    }
}

/// Whether a route or address is `page`, or under it.
fn begins(route: &str, page: &str) -> bool {
    route.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where somebody who signs in is led: a teacher to their own pages.
pub(super) fn landing(role: Role, wanted: &str) -> &str {
    let own = ["/lab", "/report"].iter().any(|page| begins(wanted, page));
    if role == Role::Teacher && !own { LABS } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teacher_is_let_in_by_name_and_a_change_takes_a_technician() {
        let check = |method, route, role| assert_eq!(least(&method, route), role, "{method} {route}");
        check(Method::GET, "/lab/{room}", Role::Teacher);
        check(Method::POST, "/report/{tag}", Role::Teacher);
        check(Method::GET, "/people/{id}", Role::Viewer);
        check(Method::GET, "/labels", Role::Viewer);
        check(Method::GET, "", Role::Viewer);
        check(Method::POST, "/rooms", Role::Technician);
        check(Method::POST, "/loans", Role::Viewer);
        check(Method::GET, "/accounts/{name}", Role::Admin);
        check(Method::GET, "/address", Role::Viewer);
        check(Method::DELETE, "", Role::Technician);
    }

    #[test]
    fn a_teacher_lands_on_the_labs() {
        let check = |wanted, led| assert_eq!(landing(Role::Teacher, wanted), led, "{wanted}");
        check("/", "/lab");
        check("/labels", "/lab");
        check("/people/18807", "/lab");
        check("/lab/Lab%20118", "/lab/Lab%20118");
        check("/report/PC-1", "/report/PC-1");
        assert_eq!(landing(Role::Viewer, "/people"), "/people");
    }
}
