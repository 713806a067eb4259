//! What the portal, the keychain and the store report, in the words of the person who must act on it.

use crate::error::{Code, Problem};
use desk_core::EnvironmentName;
use desk_keychain::KeychainError;
use desk_portal::{Exchange, NotEnvelopeKind, Outcome, SignInError};
use desk_store::{OpenError, RestoreError, StoreError};

const UNCHANGED: &str = "Nothing was changed; the rollout is as it was.";
const NOT_SEEN: &str =
    "The phase is not known at the moment; members may see something else than this screen shows.";

/// The problem that an exchange which did not go well is, for a *read*. Never called for [`Outcome::Ok`].
pub(crate) fn read_problem(exchange: &Exchange) -> Problem {
    let mut detail = format!(
        "{} · request {} · status {}",
        exchange.route,
        exchange.support_id(),
        exchange
            .status
            .map_or_else(|| "none".to_owned(), |status| status.to_string()),
    );
    if let Outcome::BadReply { detail: misfit } = &exchange.outcome {
        detail.push_str(" · ");
        detail.push_str(misfit);
    }
    let problem = match &exchange.outcome {
        Outcome::Unreachable { detail } => Problem::new(
            Code::Offline,
            format!("The portal cannot be reached: {detail}."),
            NOT_SEEN,
            "Check the network. The desk keeps asking by itself; reading the log and preparing texts still work.",
        ),
        Outcome::ConnectionLost { detail } => Problem::new(
            Code::Offline,
            format!("The connection to the portal broke: {detail}."),
            NOT_SEEN,
            "The desk keeps asking by itself. If it lasts, check the network.",
        ),
        Outcome::NotRenewed { error } => return sign_in_problem(&exchange.identity, error),
        Outcome::TimedOut => Problem::new(
            Code::Offline,
            "The portal does not answer in time.",
            NOT_SEEN,
            "The desk keeps asking by itself. If it lasts, ask the platform team whether the service is up.",
        ),
        Outcome::Tls { detail } => Problem::new(
            Code::Offline,
            format!("The connection to the portal is not secure: {detail}."),
            "Nothing was sent. Somebody may stand between this machine and the portal.",
            "Do not go on over this network. Check the portal's address and this machine's clock.",
        ),
        Outcome::SignedOut { .. } => Problem::new(
            Code::SignedOut,
            format!("The portal does not accept the sign-in of {}.", exchange.identity),
            "This account can neither read nor set the phase until it is signed in again.",
            "Sign in again under Settings, Identities.",
        ),
        Outcome::NotStaff { .. } => Problem::new(
            Code::NotStaff,
            format!("{} is not staff for the portal.", exchange.identity),
            UNCHANGED,
            "Sign in with an account that holds the staff claim; admin alone is not enough.",
        ),
        Outcome::RolloutBlocked { message, .. } => Problem::new(
            Code::RolloutBlocked,
            format!("The present phase does not allow this: {message}"),
            UNCHANGED,
            "This is the rollout doing its work. Move the phase first if it should be open.",
        ),
        Outcome::RateLimited { retry_after } => Problem::new(
            Code::RateLimited,
            "The portal asks for a pause: too many requests from this account.",
            UNCHANGED,
            format!(
                "Wait {} seconds; the desk tries again by itself.",
                retry_after.as_secs() + 1
            ),
        ),
        Outcome::NotEnvelope { kind, .. } => Problem::new(
            Code::BadReply,
            format!(
                "The portal's answer cannot be read: {}.",
                not_envelope_words(*kind)
            ),
            NOT_SEEN,
            "Refresh. If it lasts, give the platform team the details.",
        ),
        Outcome::Refused {
            status: 500..,
            message,
            ..
        } => Problem::new(
            Code::BadReply,
            format!("The portal reports a fault of its own: {message}"),
            NOT_SEEN,
            "Refresh. If it lasts, give the platform team the details.",
        ),
        Outcome::Refused { code, message, .. } => Problem::new(
            Code::Refused,
            format!("The portal refused: {message} ({code})."),
            UNCHANGED,
            "Read the reason; give the details to the platform team if it is not clear.",
        ),
        Outcome::Ok(_) | Outcome::BadReply { .. } => Problem::new(
            Code::BadReply,
            "The portal's answer is not what its contract says.",
            NOT_SEEN,
            "Refresh. If it lasts, give the platform team the details: portal and desk may be of different versions.",
        ),
    };
    problem.detailed(detail)
}

/// The problem that a *save* is which surely changed nothing: refused, or never sent.
pub(crate) fn save_problem(exchange: &Exchange) -> Problem {
    let mut problem = read_problem(exchange);
    match &exchange.outcome {
        // Nobody else is asked to wait, and a save is never sent a second time without being told to.
        Outcome::RateLimited { retry_after } => {
            problem.next = format!("Wait {} seconds, then save again.", retry_after.as_secs() + 1);
        }
        Outcome::Unreachable { .. } | Outcome::NotRenewed { .. } | Outcome::NotEnvelope { .. } => {
            UNCHANGED.clone_into(&mut problem.meaning);
            "Save again when the portal answers; a phase change is never queued. If it lasts, use the rollout panel in the portal's staff page."
                .clone_into(&mut problem.next);
        }
        _ => {}
    }
    problem
}

fn not_envelope_words(kind: NotEnvelopeKind) -> &'static str {
    match kind {
        NotEnvelopeKind::Html => "a web page came instead",
        NotEnvelopeKind::Empty => "it was empty",
        NotEnvelopeKind::Truncated => "it ended in the middle",
        NotEnvelopeKind::WrongType | NotEnvelopeKind::NotJson | NotEnvelopeKind::WrongShape => {
            "it was not in the portal's form"
        }
        NotEnvelopeKind::TooLarge => "it was larger than 8 MiB",
        NotEnvelopeKind::OriginRefused => "the portal took the desk for a web page",
        NotEnvelopeKind::Redirect => "the portal pointed to another address, which the desk does not follow",
    }
}

/// The problem that a failed sign-in or refresh is.
pub(crate) fn sign_in_problem(identity: &str, error: &SignInError) -> Problem {
    let stays = "Nothing was changed. The account cannot be used by the desk.";
    match error {
        SignInError::WrongCredentials { code } => Problem::new(
            Code::SignedOut,
            format!("The sign-in of {identity} was refused: address or password is wrong, or the kept sign-in is no longer valid."),
            stays,
            "Sign in again with the account's e-mail address and password.",
        )
        .about("password")
        .detailed(code.clone()),
        SignInError::Disabled => Problem::new(
            Code::SignedOut,
            format!("The account of {identity} is disabled."),
            stays,
            "Ask whoever manages the accounts to enable it, or use another.",
        )
        .about("email"),
        SignInError::TooManyAttempts => Problem::new(
            Code::RateLimited,
            "Too many sign-ins were tried; the sign-in service asks for a pause.",
            stays,
            "Wait a few minutes, then try once more.",
        ),
        SignInError::ApiKeyRefused => {
            Problem::invalid("apiKey", "The sign-in service does not accept the API key.", "Copy the key again from the portal's project settings.")
        }
        SignInError::Unreachable { detail } => Problem::new(
            Code::Offline,
            format!("The sign-in service cannot be reached: {detail}."),
            stays,
            "Check the network and the address, then try again.",
        ),
        SignInError::TimedOut => Problem::new(
            Code::Offline,
            "The sign-in service does not answer in time.",
            stays,
            "Try again; if it lasts, check the network.",
        ),
        SignInError::Tls { detail } => Problem::new(
            Code::Offline,
            format!("The connection to the sign-in service is not secure: {detail}."),
            "Nothing was sent.",
            "Do not go on over this network. Check the address and this machine's clock.",
        ),
        SignInError::BadReply { detail } => Problem::new(
            Code::BadReply,
            "The sign-in service's answer cannot be read.",
            stays,
            "Check the address; give the details to the platform team.",
        )
        .detailed(detail.clone()),
        SignInError::WrongProject { found } => Problem::new(
            Code::WrongIdentity,
            format!("The account belongs to the project {found}, not to this portal's."),
            stays,
            "Check the project id and the API key, or use an account of this portal.",
        )
        .about("projectId"),
        SignInError::NotKept(error) => Problem::new(
            Code::KeychainUnavailable,
            format!("The portal renewed the sign-in of {identity}, but it could not be kept: {error}"),
            "The new sign-in was not used, so nothing is lost.",
            "Unlock the keychain and try again, or sign in for this session only.",
        ),
    }
}

/// The problem that a keychain error is.
pub(crate) fn keychain_problem(error: &KeychainError) -> Problem {
    let meaning = "Sign-ins cannot be kept or read. The practice portal and everything recorded still work.";
    let session = "or sign in for this session only (Settings, Identities).";
    match error {
        KeychainError::Unavailable => Problem::new(
            Code::KeychainUnavailable,
            "This computer offers no keychain.",
            meaning,
            format!("Start one (GNOME Keyring or KWallet on Linux) and try again, {session}"),
        ),
        KeychainError::NoCollection => Problem::new(
            Code::KeychainUnavailable,
            "The keychain has no login collection to keep sign-ins in.",
            meaning,
            format!("Create one in the system's keychain program and make it the default, {session}"),
        ),
        KeychainError::Locked => Problem::new(
            Code::KeychainLocked,
            "The keychain is locked.",
            meaning,
            format!("Unlock it and try again, {session}"),
        ),
        KeychainError::Refused => Problem::new(
            Code::KeychainLocked,
            "The keychain's prompt was refused.",
            meaning,
            format!("Try again and allow it, {session}"),
        ),
        KeychainError::TimedOut => Problem::new(
            Code::KeychainLocked,
            "The keychain does not answer; a prompt may wait behind another window.",
            meaning,
            format!("Answer the prompt and try again, {session}"),
        ),
        KeychainError::Other { detail } => Problem::new(
            Code::KeychainUnavailable,
            "The keychain failed.",
            meaning,
            format!("Try again, {session}"),
        )
        .detailed(detail.clone()),
    }
}

/// The problem that a failed write or read of the store is.
pub(crate) fn store_problem(error: &StoreError) -> Problem {
    let meaning = "The act was not recorded, and what was not recorded is not said to be done.";
    match error {
        StoreError::Full => Problem::new(
            Code::StoreFull,
            "The disk is full; the journal cannot be written.",
            meaning,
            "Free some space, then do it again. Rolling back works without the journal.",
        ),
        StoreError::Busy => Problem::new(
            Code::Busy,
            "Another desk is writing to the journal for longer than five seconds.",
            meaning,
            "Try again; close a command that hangs.",
        ),
        StoreError::Damaged { what } => Problem::new(
            Code::StoreDamaged,
            "The journal's file is damaged.",
            meaning,
            "Start the desk again: it puts the file aside and offers the newest backup.",
        )
        .detailed(what.clone()),
        StoreError::Exists { path } => Problem::invalid(
            "file",
            format!("{} exists already; a backup never overwrites.", path.display()),
            "Choose another file.",
        ),
        other => Problem::new(
            Code::StoreFailed,
            "The journal cannot be used.",
            meaning,
            "Start the desk again; if it lasts, give the details to the platform team.",
        )
        .detailed(chain(other)),
    }
}

/// The problem that a store that cannot be opened is.
pub(crate) fn open_problem(error: &OpenError) -> Problem {
    match error {
        OpenError::Newer { found, known } => Problem::new(
            Code::StoreNewer,
            format!("The journal was written by a newer desk (version {found}; this one knows {known})."),
            "Nothing was read or changed.",
            "Update this program, or use another data directory.",
        ),
        OpenError::Damaged(damage) => {
            let offer = damage.newest_backup.as_ref().map_or_else(
                || "There is no backup: start a new journal".to_owned(),
                |backup| {
                    format!(
                        "Restore the newest backup ({} entries), or start a new journal",
                        backup.newest_seq
                    )
                },
            );
            let (message, next) = match &damage.set_aside {
                Some(_) => (
                    "The journal's file is damaged. It was put aside, not deleted.",
                    format!("{offer}; the damaged file stays where it was put."),
                ),
                None => (
                    "The journal's file is damaged.",
                    "Close every other window and command of the desk, then start again.".to_owned(),
                ),
            };
            let aside = damage
                .set_aside
                .as_ref()
                .map(|path| path.display().to_string())
                .unwrap_or_default();
            let problem = Problem::new(
                Code::StoreDamaged,
                message,
                "Until you choose, nothing is recorded. The portal is not affected.",
                next,
            )
            .detailed(format!("{} {aside}", damage.what));
            // The window offers the backup only where there is one to choose.
            if damage.newest_backup.is_some() {
                problem.about("backup")
            } else {
                problem
            }
        }
        OpenError::NotOurs => Problem::new(
            Code::StoreFailed,
            "The file desk.db in the data directory belongs to another program.",
            "Nothing was read or changed.",
            "Choose another data directory.",
        ),
        OpenError::NeedsOwner | OpenError::InUse => Problem::new(
            Code::Busy,
            "The journal must be brought up to date first, and another desk is using it.",
            "Nothing was read or changed.",
            "Close the other window or command and start again.",
        ),
        OpenError::Store(StoreError::Full) => Problem::new(
            Code::StoreFull,
            "The disk is full; the journal cannot be opened.",
            "Nothing was read or changed.",
            "Free some space, then start again.",
        ),
        OpenError::Store(error) => Problem::new(
            Code::StoreFailed,
            "The journal cannot be opened.",
            "Nothing was read or changed.",
            "Check that the data directory can be written to; give the details to the platform team.",
        )
        .detailed(chain(error)),
    }
}

/// Asked for an environment that is not there.
pub(crate) fn no_environment(name: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is no environment called {name:?}."),
        UNCHANGED,
        format!("Use {} or add a portal first.", EnvironmentName::PRACTICE),
    )
    .about("environment")
}

/// A fault in the desk itself.
pub(crate) fn internal_problem(error: &dyn std::error::Error) -> Problem {
    Problem::new(
        Code::Internal,
        "The desk has a fault of its own.",
        "What was being done may be half done; the journal says how far it came.",
        "Start the desk again and give the details to whoever looks after it.",
    )
    .detailed(chain(error))
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A failed request to a backup, in words.
pub(crate) fn restore_problem(error: &RestoreError, backup: &std::path::Path) -> Problem {
    match error {
        RestoreError::InUse => Problem::new(
            Code::Busy,
            "Another desk is open on this data directory.",
            "Nothing was changed.",
            "Close the window and any other command, then restore again.",
        ),
        RestoreError::NotDamaged => Problem::new(
            Code::Busy,
            "There is a journal already; it is not damaged.",
            "Nothing was changed.",
            "Start the desk again.",
        ),
        RestoreError::Newer { found, known } => open_problem(&OpenError::Newer {
            found: *found,
            known: *known,
        }),
        RestoreError::Store(error)
            if !matches!(error, StoreError::Damaged { .. } | StoreError::Io { .. }) =>
        {
            store_problem(error)
        }
        other => Problem::invalid(
            "file",
            format!("{} is no sound backup of a desk.", backup.display()),
            "Choose another backup; the present journal is as it was.",
        )
        .detailed(chain(other)),
    }
}
