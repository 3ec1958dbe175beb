//! The people who run an account: logins, members, roles, invitations, sign-in and mails.

pub mod availability;
pub mod client_access;
pub mod first_admin;
pub mod identity;
pub mod invitation;
pub mod login;
pub mod login_method;
pub mod mail;
pub mod member;
pub mod member_standing;
pub mod notices;
pub mod password;
pub mod rights;
pub mod role;
pub mod session;
pub mod team_record;
pub mod throttle;
pub mod work;
