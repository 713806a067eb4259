//! Posting to an incoming webhook: one try, and what is known of it afterwards.

use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::endpoints::{address, is_loopback};
use crate::transport::{self, Failure};
use crate::{BuildError, EndpointProblem, Timeouts};

/// The address of an incoming webhook. Its path is a secret: whoever has it can post.
pub struct Webhook {
    url: Url,
}

/// What is known of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The receiver took it.
    Taken,
    /// The receiver refused it: nothing was posted.
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// It was never sent.
    NotSent {
        /// Why; never the address.
        detail: String,
    },
    /// It may have been posted: no answer came, or one that does not tell.
    Unknown {
        /// Why; never the address.
        detail: String,
    },
}

impl Webhook {
    /// Reads an address.
    ///
    /// # Errors
    /// What is no web address, holds a user name or a password, or is plain http to another machine.
    pub fn parse(text: &SecretString) -> Result<Self, EndpointProblem> {
        Ok(Self {
            url: address(text.expose_secret())?,
        })
    }

    /// The part of the address that is no secret.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the receiver is on this machine.
    pub fn is_local(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Posts a JSON document. Nothing is ever sent a second time: no retry, no redirect.
    ///
    /// # Errors
    /// When the client could not be set up; nothing was sent.
    pub async fn post(&self, json: String, timeouts: Timeouts) -> Result<Posted, BuildError> {
        let client = transport::client(&self.url, timeouts)?;
        let request = client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(json);
        Ok(match transport::send(request).await {
            // The status says that it was taken; what became of the rest of the reply does not matter.
            Ok(reply) => judge(reply.status),
            Err(Failure::Unreachable { detail } | Failure::Tls { detail }) => Posted::NotSent { detail },
            Err(Failure::TimedOut) => Posted::Unknown {
                detail: "no answer in time".to_owned(),
            },
            Err(Failure::ConnectionLost { detail }) => Posted::Unknown { detail },
        })
    }
}

/// A receiver that fails may have posted before it did.
fn judge(status: u16) -> Posted {
    match status {
        200..300 => Posted::Taken,
        300..500 => Posted::Refused { status },
        _ => Posted::Unknown {
            detail: format!("the receiver answered with status {status}"),
        },
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("host", &self.host())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_keeps_the_secret_is_taken() {
        use EndpointProblem::{NotAnAddress, NotHttps, UserInfo};
        for (given, problem) in [
            ("hooks.example/T0/B0/secret", NotAnAddress),
            ("http://hooks.example/T0/B0/secret", NotHttps),
            ("ftp://hooks.example/secret", NotHttps),
            ("https://ana:secret@hooks.example/T0", UserInfo),
        ] {
            let error = Webhook::parse(&given.into()).unwrap_err();
            assert_eq!(error, problem, "{given}");
            assert!(!error.to_string().contains("secret"));
        }
        for given in [
            "https://hooks.example/services/T0/B0/secret",
            " https://hooks.example/v1?token=secret ",
            "http://127.0.0.1:8080/secret",
        ] {
            let webhook = Webhook::parse(&given.into()).unwrap();
            assert!(!format!("{webhook:?}").contains("secret"));
            assert!(!webhook.host().contains("secret"));
        }
    }

    #[test]
    fn what_does_not_prove_that_nothing_was_posted_is_unknown() {
        assert_eq!(judge(200), Posted::Taken);
        assert_eq!(judge(204), Posted::Taken);
        for status in [302, 400, 403, 404, 410, 429] {
            assert_eq!(judge(status), Posted::Refused { status });
        }
        for status in [500, 502, 503, 504] {
            assert!(matches!(judge(status), Posted::Unknown { .. }), "{status}");
        }
    }
}
