//! Finds the routes that a noun's file names: path, method, and the handler.

use crate::source::Module;
use std::rc::Rc;
use syn::{Expr, ExprCall, ExprLit, ExprMethodCall, Lit, Stmt};

/// The methods that a route may have.
const METHODS: [&str; 5] = ["delete", "get", "patch", "post", "put"];

/// One route: "/assets/{which}", "patch", and the handler as it is written: `["assets", "relocate"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub path: String,
    pub method: String,
    pub handler: Vec<String>,
}

/// The routes of a module, in the order of its file.
pub fn of(module: &Rc<Module>) -> Vec<Route> {
    let mut found = Vec::new();
    for function in &module.functions {
        for statement in &function.block.stmts {
            match statement {
                Stmt::Expr(expression, _) => walk(expression, &mut found),
                Stmt::Local(local) => local.init.iter().for_each(|init| walk(&init.expr, &mut found)),
                _ => {}
            }
        }
    }
    found
}

fn walk(expression: &Expr, found: &mut Vec<Route>) {
    let Expr::MethodCall(call) = expression else { return };
    walk(&call.receiver, found);
    let arguments: Vec<&Expr> = call.args.iter().collect();
    if let ("route", [Expr::Lit(ExprLit { lit: Lit::Str(path), .. }), handlers]) = (call.method.to_string().as_str(), arguments.as_slice())
    {
        handlers_of(handlers, &path.value(), found);
    }
}

/// `get(list).post(add)`: a call of a function, then calls of methods.
fn handlers_of(expression: &Expr, path: &str, found: &mut Vec<Route>) {
    let (method, argument) = match expression {
        Expr::MethodCall(ExprMethodCall { receiver, method, args, .. }) => {
            handlers_of(receiver, path, found);
            (method.to_string(), args.first())
        }
        Expr::Call(ExprCall { func, args, .. }) => match &**func {
            Expr::Path(name) => (name.path.segments.last().map(|part| part.ident.to_string()).unwrap_or_default(), args.first()),
            _ => return,
        },
        _ => return,
    };
    if let (true, Some(Expr::Path(handler))) = (METHODS.contains(&method.as_str()), argument) {
        let handler = handler.path.segments.iter().map(|part| part.ident.to_string()).collect();
        found.push(Route { path: path.to_owned(), method, handler });
    }
}
