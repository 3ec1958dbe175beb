//! Decides calls by the roles of `template.yaml` as IAM does: an explicit Deny wins, and only a statement
//! allows.
//!
//! The local emulator enforces actions and resources, but not the condition keys that distinguish rows of a
//! table. So every call in a flow is checked here.

mod audit;
mod request;
mod shape;
mod statement;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::template::Template;
use request::Names;
use statement::Statement;

pub use request::Request;
pub use shape::{KeyShape, example_of};

/// The roles of a template.
#[derive(Clone, Debug)]
pub struct Judge {
    names: Names,
    /// Keyed by the function's folder, or by the role's own id if no function uses it.
    roles: BTreeMap<String, Role>,
}

#[derive(Clone, Debug)]
struct Role {
    id: String,
    statements: Vec<Statement>,
}

/// The reason for a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No role has this name.
    Nobody,
    /// This statement denies it.
    Denied {
        /// The statement's `Sid`.
        sid: String,
    },
    /// No statement of this role allows it.
    NotAllowed {
        /// The role's logical id.
        role: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => formatter.write_str("nobody of this name has a role"),
            Self::Denied { sid } => write!(formatter, "{sid} denies it"),
            Self::NotAllowed { role } => write!(formatter, "no statement of {role} allows it"),
        }
    }
}

impl Judge {
    /// Reads the roles of a template.
    ///
    /// # Errors
    /// With a sentence, when the template contains something that is not understood here.
    pub fn of(template: &Template) -> Result<Self, String> {
        let mut roles = BTreeMap::new();
        for role in template.of_type("AWS::IAM::Role") {
            let function = template.functions().into_iter().find(|function| {
                let own = template.named_by(function.resource.property("Role"));
                own.is_some_and(|own| own.id == role.id)
            });
            let name = function
                .and_then(crate::template::Function::folder)
                .unwrap_or(role.id);
            let statements = role
                .statements()
                .into_iter()
                .map(Statement::read)
                .collect::<Result<_, _>>()
                .map_err(|problem| format!("{}: {problem}", role.id))?;
            let id = role.id.to_owned();
            roles.insert(name.to_owned(), Role { id, statements });
        }
        Ok(Self {
            names: Names::of(template)?,
            roles,
        })
    }

    /// The callers with a role: folders of functions, and ids of roles that no function uses.
    pub fn callers(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// The logical id of a caller's role.
    #[must_use]
    pub fn role_of(&self, caller: &str) -> Option<&str> {
        self.roles.get(caller).map(|role| role.id.as_str())
    }

    /// Decides one request.
    ///
    /// # Errors
    /// With the reason for a refusal.
    pub fn decide(&self, caller: &str, request: &Request) -> Result<(), Refusal> {
        let role = self.roles.get(caller).ok_or(Refusal::Nobody)?;
        let mut allowed = false;
        for statement in &role.statements {
            if statement.is_about(request) {
                if statement.denies {
                    let sid = statement.sid.clone();
                    return Err(Refusal::Denied { sid });
                }
                allowed = true;
            }
        }
        if allowed {
            Ok(())
        } else {
            let role = role.id.clone();
            Err(Refusal::NotAllowed { role })
        }
    }

    /// Decides a call, such as `DynamoDB.PutItem` with its JSON, and returns the requests in it. Also refuses
    /// a put of an audit entry without the condition that keeps it from replacing another.
    ///
    /// # Errors
    /// With a sentence that names caller, action, rows and the missing permission.
    pub fn decide_call(
        &self,
        caller: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Vec<Request>, String> {
        let requests = self.names.requests(operation, input)?;
        for request in &requests {
            self.decide(caller, request).map_err(|refusal| {
                let rows = match request.partitions() {
                    [] => String::new(),
                    keys => format!(" for {}", keys.join(", ")),
                };
                let Request {
                    action, resource, ..
                } = request;
                format!("{caller} may not call {action} on {resource}{rows}: {refusal}")
            })?;
        }
        audit::check(operation, input).map_err(|problem| format!("{caller}: {problem}"))?;
        Ok(requests)
    }
}

#[cfg(test)]
mod tests;
