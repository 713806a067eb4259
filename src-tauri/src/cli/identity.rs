//! `identity`: accounts that the desk acts as.

use super::{Global, Printer, Status, credentials::secret_from_stdin, printer::problem_text, with_desk};
use clap::Subcommand;
use desk_app::{
    Code, Credential, Desk, Problem, Role,
    view::{IdentityState, IdentityView},
};

#[derive(Subcommand)]
pub enum Command {
    /// List the four roles and their accounts
    List,
    /// Sign an account in for a role and keep it in the keychain
    Set {
        /// operator, member-smoke, staff-smoke or admin-smoke
        role: String,
        /// The account's e-mail address
        #[arg(
            long,
            value_name = "E",
            required_unless_present = "refresh_token_stdin",
            conflicts_with = "refresh_token_stdin"
        )]
        email: Option<String>,
        /// Read the password from standard input
        #[arg(
            long,
            required_unless_present = "refresh_token_stdin",
            conflicts_with = "refresh_token_stdin"
        )]
        password_stdin: bool,
        /// Read a refresh token from standard input
        #[arg(long)]
        refresh_token_stdin: bool,
    },
    /// Sign in with what is kept and ask the portal who it is
    Check {
        /// Only this role
        role: Option<String>,
    },
    /// Delete what is kept for a role
    Forget {
        /// The role
        role: String,
    },
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    with_desk(global, async |desk| act(desk, command, printer).await).await
}

async fn act(desk: &Desk, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::List => {
            let all = desk.identities().await?;
            printer.result(&all, || all.iter().map(line).collect::<Vec<_>>().join("\n"));
            Ok(Status::Yes)
        }
        Command::Set { role, email, .. } => {
            let role = Desk::role(&role)?;
            let secret = secret_from_stdin()?;
            // An address comes with a password, a refresh token without one: the words were checked for that.
            let credential = match email {
                Some(email) => Credential::Password {
                    email,
                    password: secret,
                },
                None => Credential::RefreshToken(secret),
            };
            let view = desk.set_identity(role, credential, false).await?;
            printer.result(&view, || line(&view));
            Ok(Status::Yes)
        }
        Command::Check { role } => {
            let roles = match role {
                Some(word) => vec![Desk::role(&word)?],
                None => Role::ALL.to_vec(),
            };
            let mut views = Vec::with_capacity(roles.len());
            for role in roles {
                views.push(desk.check_identity(role).await?);
            }
            printer.result(&views, || views.iter().map(line).collect::<Vec<_>>().join("\n"));
            let first = views.iter().find_map(|view| view.problem.as_ref());
            Ok(first.map_or(Status::Yes, |problem| Status::of(problem.code)))
        }
        Command::Forget { role } => {
            let role = Desk::role(&role)?;
            desk.forget_identity(role).await?;
            printer.result(&serde_json::json!({ "forgotten": role }), || {
                format!("Forgot {role}.")
            });
            Ok(Status::Yes)
        }
    }
}

fn line(view: &IdentityView) -> String {
    let state = match view.state {
        IdentityState::Missing => "nobody",
        IdentityState::Kept => "kept",
        IdentityState::Ready => "ready",
        IdentityState::NotStaff => "NOT STAFF",
        IdentityState::SignedOut => "SIGNED OUT",
    };
    let staff = match (view.staff, view.needs_staff) {
        (Some(true), _) => "staff",
        (Some(false), true) => "not staff, but must be",
        (Some(false), false) => "member",
        (None, _) => "",
    };
    let line = format!(
        "{:<13} {:<11} {:<24} {staff}",
        view.role,
        state,
        view.uid.as_deref().unwrap_or("-")
    );
    match &view.problem {
        Some(problem) if problem.code != Code::SignedOut || view.state != IdentityState::Missing => {
            format!(
                "{}\n  {}",
                line.trim_end(),
                problem_text(problem).replace('\n', "\n  ")
            )
        }
        _ => line.trim_end().to_owned(),
    }
}
