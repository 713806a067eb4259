//! `--credentials -`: credentials for one call, where no keychain exists. And secrets from standard input.

use desk_app::{Credential, Desk, Problem, Role};
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::HashMap, io::Read};

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Given {
    Password {
        email: String,
        password: SecretString,
    },
    RefreshToken {
        #[serde(rename = "refreshToken")]
        refresh_token: SecretString,
    },
}

/// What one call is given.
pub struct Credentials {
    /// The accounts to act as.
    pub accounts: HashMap<Role, Credential>,
    /// The address to post announcements to.
    pub webhook: Option<SecretString>,
}

#[derive(Deserialize)]
struct Document {
    webhook: Option<SecretString>,
    #[serde(flatten)]
    accounts: HashMap<String, Given>,
}

/// Reads `{identity: {email, password} | {refreshToken}, webhook: address}`.
pub fn read_stdin() -> Result<Credentials, Problem> {
    parse(&stdin_text()?)
}

fn parse(text: &str) -> Result<Credentials, Problem> {
    // serde's own message may quote what it read; nothing of a secret is repeated here.
    let given: Document = serde_json::from_str(text).map_err(|error| {
        Problem::invalid(
            "credentials",
            format!(
                "The credentials on standard input cannot be read (line {}, column {}).",
                error.line(),
                error.column()
            ),
            r#"Give {"operator": {"email": "…", "password": "…"}} or {"operator": {"refreshToken": "…"}}."#,
        )
    })?;
    let accounts = given.accounts.into_iter().map(|(role, given)| {
        let credential = match given {
            Given::Password { email, password } => Credential::Password { email, password },
            Given::RefreshToken { refresh_token } => Credential::RefreshToken(refresh_token),
        };
        Ok((Desk::role(&role)?, credential))
    });
    Ok(Credentials {
        accounts: accounts.collect::<Result<_, Problem>>()?,
        webhook: given.webhook,
    })
}

/// One secret from standard input, without the line's end.
pub fn secret_from_stdin() -> Result<SecretString, Problem> {
    let text = stdin_text()?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(Problem::invalid(
            "stdin",
            "Standard input is empty.",
            "Pipe the secret into the command.",
        ));
    }
    Ok(SecretString::from(secret.to_owned()))
}

fn stdin_text() -> Result<String, Problem> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| {
            Problem::invalid(
                "stdin",
                "Standard input cannot be read.",
                "Pipe UTF-8 text into the command.",
            )
            .detailed(error.to_string())
        })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read_and_a_mistake_repeats_no_secret() {
        let both =
            r#"{"operator":{"email":"a@b","password":"canary"},"member-smoke":{"refreshToken":"canary"}}"#;
        assert_eq!(parse(both).unwrap().accounts.len(), 2);
        let webhook = parse(r#"{"webhook":"https://hooks.example/canary"}"#).unwrap();
        assert!(webhook.webhook.is_some() && webhook.accounts.is_empty());
        for bad in [
            r#"{"operator":{"email":"a@b","password":5,"x":"canary"}}"#,
            r#"{"owner":{"refreshToken":"canary"}}"#,
            r#"{"operator":"canary"}"#,
            r#"{"webhook":{"canary":5}}"#,
            "canary",
        ] {
            let Err(problem) = parse(bad) else {
                panic!("{bad} was taken")
            };
            assert!(!format!("{problem:?}").contains("canary"), "{problem:?}");
        }
    }
}
