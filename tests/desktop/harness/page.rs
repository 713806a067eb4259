//! What a person does at the window, and sees.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::Value;

use super::{Desk, artifacts};

/// For how long something may take to appear.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How often the window is asked.
pub const POLL: Duration = Duration::from_millis(50);

impl Desk {
    /// Waits until `check` holds; `what` says for what, should it not.
    pub async fn until(&self, what: &str, mut check: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !check().await {
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}; the window shows:\n{}",
                self.text().await
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// All that can be read in the window.
    pub async fn text(&self) -> String {
        let text = self
            .execute("return document.body ? document.body.innerText : ''")
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// What the first visible element that matches this CSS selector says, as soon as there is one.
    pub async fn text_of(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    /// Waits until what matches this CSS selector says this.
    pub async fn wait_until_says(&self, css: &str, text: &str) {
        self.until(&format!("{css} to say {text:?}"), async || {
            match self.visible(Locator::Css(css)).await {
                Some(element) => element.text().await.is_ok_and(|said| said.contains(text)),
                None => false,
            }
        })
        .await;
    }

    /// Waits until this can be read in the window.
    pub async fn wait_for_text(&self, text: &str) {
        self.until(&format!("the text {text:?}"), async || {
            self.text().await.contains(text)
        })
        .await;
    }

    /// Waits until nothing visible matches this CSS selector.
    pub async fn wait_until_gone(&self, css: &str) {
        self.until(&format!("{css} to go"), async || {
            self.visible(Locator::Css(css)).await.is_none()
        })
        .await;
    }

    /// The first visible element that matches this CSS selector, as soon as there is one.
    pub async fn find(&self, css: &str) -> Element {
        self.wait_for(Locator::Css(css)).await
    }

    /// Clicks what matches this CSS selector.
    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Clicks the button, link, label or tab with exactly this name, visible or for assistive technology.
    pub async fn click_text(&self, name: &str) {
        assert!(!name.contains('"'), "XPath cannot quote this: {name}");
        let xpath = format!(
            "//*[self::button or self::a or self::label or self::summary \
             or @role='button' or @role='tab' or @role='radio' or @role='menuitem']\
             [normalize-space(.)=\"{name}\" or @aria-label=\"{name}\"]"
        );
        self.wait_for(Locator::XPath(&xpath)).await.click().await.unwrap();
    }

    /// Types this into the field that matches this CSS selector, in place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses these keys where the focus is. [`fantoccini::key::Key`] has the special ones.
    pub async fn press(&self, keys: &str) {
        let focused = self.client().active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn execute(&self, script: &str) -> Value {
        self.client().execute(script, Vec::new()).await.unwrap()
    }

    /// Leaves a picture of the window in `tests/artifacts`.
    pub async fn screenshot(&self, name: &str) {
        let png = self.client().screenshot().await.unwrap();
        std::fs::write(artifacts().join(format!("{name}.png")), png).unwrap();
    }

    async fn wait_for(&self, locator: Locator<'_>) -> Element {
        let mut found = None;
        self.until(&format!("{locator:?}"), async || {
            found = self.visible(locator).await;
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    async fn visible(&self, locator: Locator<'_>) -> Option<Element> {
        let found = match self.client().find_all(locator).await {
            Ok(found) => found,
            // Redrawn while it was looked through: as good as not there yet.
            Err(error) if error.is_stale_element_reference() => return None,
            Err(error) => panic!("{locator:?} cannot be looked for: {error}"),
        };
        for element in found {
            // An element that has gone meanwhile is as good as invisible.
            if element.is_displayed().await.unwrap_or(false) {
                return Some(element);
            }
        }
        None
    }
}
