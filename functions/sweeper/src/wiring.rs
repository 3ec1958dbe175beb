//! The adapters behind the sweeper's ports.

use crate::Deps;
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    account::email_address::EmailAddress, job::InviteFirstAdmin, text::clean_name, vars::Vars,
};

/// Name of the first account if the stack was told none.
const ACCOUNT_NAME_DEFAULT: &str = "Vestibule";
/// The stack's parameter behind `ADMIN_EMAIL`.
const ADMIN_EMAIL_PARAMETER: &str = "AdminEmail";

/// The sweeper's ports, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> Deps {
    // A wrong address must not keep the other jobs waiting until the operator corrects it.
    let first_admin = first_admin(adapters.vars()).unwrap_or_else(|problem| {
        tracing::error!(
            parameter = ADMIN_EMAIL_PARAMETER,
            "{problem}; nobody is invited"
        );
        None
    });
    Deps {
        outbox: adapters.outbox(),
        paces: adapters.send_pacer(),
        queues: adapters.dispatch_queues(),
        first_admin_orders: adapters.set_up(),
        team: adapters.team_queue(),
        first_admin,
        clock: adapters.clock(),
    }
}

/// The first admin: `ADMIN_EMAIL`, `ADMIN_NAME`, and the account `ACCOUNT_NAME`. Without a name, the first part of the
/// address stands in. Fails with a sentence about a wrong address.
fn first_admin(vars: &mut Vars<'_>) -> Result<Option<InviteFirstAdmin>, String> {
    let email = vars.optional("ADMIN_EMAIL");
    let name = vars.optional("ADMIN_NAME");
    let account_name = vars.optional("ACCOUNT_NAME");
    let Some(email) = email else {
        return Ok(None);
    };
    let email =
        EmailAddress::parse(&email).map_err(|rule| format!("{ADMIN_EMAIL_PARAMETER} {rule}"))?;
    let name = name
        .as_deref()
        .and_then(clean_name)
        .unwrap_or_else(|| email.parts().0.to_owned());
    let account_name = account_name
        .as_deref()
        .and_then(clean_name)
        .unwrap_or_else(|| ACCOUNT_NAME_DEFAULT.to_owned());
    Ok(Some(InviteFirstAdmin {
        email,
        name,
        account_name,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> Result<Option<InviteFirstAdmin>, String> {
        let get = |name: &str| {
            let value = set.iter().find(|(variable, _)| *variable == name);
            value.map(|(_, value)| (*value).to_owned())
        };
        let mut vars = Vars::new(&get);
        let job = first_admin(&mut vars);
        assert_eq!(vars.finish(), Ok(()), "the sweeper does not start");
        job
    }

    /// SPEC D15: the first invitation needs an address and nothing else.
    #[test]
    fn the_first_admin_is_invited_by_an_address_alone() {
        let job = of(&[("ADMIN_EMAIL", " Ana@Example.com ")]).unwrap();
        let job = job.unwrap();
        assert_eq!(job.email.as_str(), "ana@example.com");
        assert_eq!(
            (job.name.as_str(), job.account_name.as_str()),
            ("ana", "Vestibule")
        );
    }

    #[test]
    fn the_names_are_those_of_the_stack_without_what_breaks_a_line() {
        let job = of(&[
            ("ADMIN_EMAIL", "ana@example.com"),
            ("ADMIN_NAME", "Ana\nSilva"),
            ("ACCOUNT_NAME", "Acme"),
        ]);
        let job = job.unwrap().unwrap();
        assert_eq!(
            (job.name.as_str(), job.account_name.as_str()),
            ("Ana Silva", "Acme")
        );
    }

    #[test]
    fn nobody_is_invited_without_an_address() {
        assert_eq!(of(&[("ADMIN_NAME", "Ana")]), Ok(None));
    }

    #[test]
    fn a_wrong_address_is_told_by_parameter_and_rule_and_stops_no_sweep() {
        let problem = of(&[("ADMIN_EMAIL", "ana@example"), ("ADMIN_NAME", "Ana")]);
        let words = "AdminEmail must be an e-mail address such as ana@example.com";
        assert_eq!(problem, Err(words.to_owned()));
    }
}
