//! Where a portal is, checked before anything is sent there.

use url::{Host, Url};

const IDENTITY: &str = "https://identitytoolkit.googleapis.com";
const TOKEN: &str = "https://securetoken.googleapis.com";

/// The three addresses of one portal. Each is https, or http on this machine only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    api: Url,
    identity: Url,
    token: Url,
}

/// An address that cannot be used. It does not repeat the address, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {field} address {problem}")]
pub struct EndpointError {
    /// Which of the three: `api`, `identity` or `token`.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: EndpointProblem,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointProblem {
    /// It is no absolute web address.
    #[error("is not a web address such as https://portal.example")]
    NotAnAddress,
    /// It would send tokens in the clear.
    #[error("must start with https:// (http:// is for this machine only)")]
    NotHttps,
    /// It holds a user name or a password.
    #[error("must not hold a user name or password")]
    UserInfo,
    /// It has a `?query` or a `#fragment`.
    #[error("must not have a query or a fragment")]
    QueryOrFragment,
}

impl Endpoints {
    /// Checks the addresses of a portal.
    ///
    /// `api` may be given with or without a trailing `/apiV1`; the others with or without a trailing `/v1`, and
    /// default to the public sign-in services.
    pub fn parse(api: &str, identity: Option<&str>, token: Option<&str>) -> Result<Self, EndpointError> {
        let mut api = base("api", api, "apiV1")?;
        append(&mut api, "apiV1");
        Ok(Self {
            api,
            identity: base("identity", identity.unwrap_or(IDENTITY), "v1")?,
            token: base("token", token.unwrap_or(TOKEN), "v1")?,
        })
    }

    /// The portal's address without `/apiV1` and without a trailing slash.
    pub fn api_base(&self) -> String {
        let api = without_slash(&self.api);
        api.strip_suffix("/apiV1").unwrap_or(api).to_owned()
    }

    /// The sign-in service's address without `/v1` and without a trailing slash.
    pub fn identity_base(&self) -> String {
        without_slash(&self.identity).to_owned()
    }

    /// The token service's address without `/v1` and without a trailing slash.
    pub fn token_base(&self) -> String {
        without_slash(&self.token).to_owned()
    }

    /// The address of a route.
    pub(crate) fn route(&self, name: &str) -> Url {
        let mut url = self.api.clone();
        append(&mut url, "v1");
        append(&mut url, name);
        url
    }

    /// The address to which a password is sent, without the key.
    pub(crate) fn password_sign_in(&self) -> Url {
        let mut url = self.identity.clone();
        append(&mut url, "v1");
        append(&mut url, "accounts:signInWithPassword");
        url
    }

    /// The address to which a refresh token is sent, without the key.
    pub(crate) fn token_exchange(&self) -> Url {
        let mut url = self.token.clone();
        append(&mut url, "v1");
        append(&mut url, "token");
        url
    }
}

/// Whether the address is on this machine, where a proxy would only be in the way.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An absolute web address over which a secret may go.
pub(crate) fn address(text: &str) -> Result<Url, EndpointProblem> {
    let url = Url::parse(text.trim()).map_err(|_| EndpointProblem::NotAnAddress)?;
    if !url.has_host() || url.cannot_be_a_base() {
        return Err(EndpointProblem::NotAnAddress);
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(EndpointProblem::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointProblem::UserInfo);
    }
    Ok(url)
}

fn base(field: &'static str, text: &str, tail: &str) -> Result<Url, EndpointError> {
    let wrong = |problem| EndpointError { field, problem };
    let mut url = address(text).map_err(wrong)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(EndpointProblem::QueryOrFragment));
    }
    let path = url.path().trim_end_matches('/');
    let path = match path.rsplit_once('/') {
        Some((before, last)) if last == tail => before,
        _ => path,
    };
    let path = path.trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn append(url: &mut Url, segment: &str) {
    let path = format!("{}/{segment}", url.path().trim_end_matches('/'));
    url.set_path(&path);
}

fn without_slash(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ways_of_writing_a_base_mean_the_same() {
        for given in [
            "https://portal.example",
            "https://portal.example/",
            "https://portal.example/apiV1",
            " https://portal.example/apiV1/ ",
        ] {
            let endpoints = Endpoints::parse(given, None, None).unwrap();
            assert_eq!(endpoints.api_base(), "https://portal.example", "{given}");
            assert_eq!(
                endpoints.route("library.rollout.get").as_str(),
                "https://portal.example/apiV1/v1/library.rollout.get"
            );
        }
    }

    #[test]
    fn the_public_sign_in_services_are_the_default() {
        let endpoints = Endpoints::parse("https://portal.example", None, None).unwrap();
        assert_eq!(
            endpoints.password_sign_in().as_str(),
            "https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword"
        );
        assert_eq!(
            endpoints.token_exchange().as_str(),
            "https://securetoken.googleapis.com/v1/token"
        );
    }

    #[test]
    fn an_emulator_may_stand_in_under_a_path() {
        let endpoints = Endpoints::parse(
            "http://127.0.0.1:5001/studio/us-central1/apiV1",
            Some("http://localhost:9099/identitytoolkit.googleapis.com/v1/"),
            Some("http://[::1]:9099/securetoken.googleapis.com"),
        )
        .unwrap();
        assert_eq!(endpoints.api_base(), "http://127.0.0.1:5001/studio/us-central1");
        assert_eq!(
            endpoints.identity_base(),
            "http://localhost:9099/identitytoolkit.googleapis.com"
        );
        assert_eq!(
            endpoints.token_exchange().as_str(),
            "http://[::1]:9099/securetoken.googleapis.com/v1/token"
        );
    }

    #[test]
    fn an_address_that_could_leak_a_token_is_refused() {
        use EndpointProblem::{NotAnAddress, NotHttps, QueryOrFragment, UserInfo};
        for (given, problem) in [
            ("", NotAnAddress),
            ("portal.example", NotAnAddress),
            ("mailto:desk@portal.example", NotAnAddress),
            ("http://portal.example", NotHttps),
            ("http://127.0.0.1.portal.example", NotHttps),
            ("http://localhost.portal.example", NotHttps),
            ("http://10.0.0.1", NotHttps),
            ("ftp://portal.example", NotHttps),
            ("https://ana@portal.example", UserInfo),
            ("https://:hunter2@portal.example", UserInfo),
            ("https://portal.example/?key=hunter2", QueryOrFragment),
            ("https://portal.example/#hunter2", QueryOrFragment),
        ] {
            let error = Endpoints::parse(given, None, None).unwrap_err();
            assert_eq!((error.field, error.problem), ("api", problem), "{given}");
            assert!(!error.to_string().contains("hunter2"));
        }
        let error = Endpoints::parse("https://a.example", Some("x"), None).unwrap_err();
        assert_eq!(error.field, "identity");
        let error = Endpoints::parse("https://a.example", None, Some("x")).unwrap_err();
        assert_eq!(error.field, "token");
    }
}
