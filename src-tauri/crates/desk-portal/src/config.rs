//! What a [`Portal`](crate::Portal) is built from.

use std::time::Duration;

use desk_core::EnvironmentName;
use secrecy::SecretString;

use crate::Endpoints;

/// How long the client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection, TLS included. Running out means that nothing was sent.
    pub connect: Duration,
    /// For one request from its start to the last byte of its reply. Running out means that nobody knows whether
    /// it was carried out. Each retry has this much again.
    pub call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(20),
        }
    }
}

/// Everything that describes one environment's portal.
#[derive(Clone, Debug)]
pub struct PortalOptions {
    /// The environment's name, for telemetry.
    pub environment: EnvironmentName,
    /// Where the portal and its sign-in services are.
    pub endpoints: Endpoints,
    /// The key that the sign-in services ask for.
    pub api_key: SecretString,
    /// The project whose ID tokens are accepted; a token made out to another is refused. Absent: not checked.
    pub project_id: Option<String>,
    /// How long to wait.
    pub timeouts: Timeouts,
}
