//! Accessibility, judged by axe in the page itself.

use serde_json::Value;

use super::{Desk, repository};

impl Desk {
    /// Fails with every violation that axe finds in what the window shows now, contrast included.
    pub async fn assert_accessible(&self) {
        let violations = self.axe_violations().await;
        assert!(violations.is_empty(), "axe objects:\n{}", violations.join("\n"));
    }

    /// Each violation as a line: rule, impact, what to do, and where.
    pub async fn axe_violations(&self) -> Vec<String> {
        let axe = repository().join("ui/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&axe)
            .unwrap_or_else(|error| panic!("{} ({error}); see make test", axe.display()));
        self.execute(&axe).await;
        let found = self
            .client()
            .execute_async(
                "const done = arguments[arguments.length - 1];
                 axe.run().then((found) => done(found.violations), (error) => done(String(error)));",
                Vec::new(),
            )
            .await
            .unwrap();
        let violations = found.as_array().unwrap_or_else(|| panic!("axe failed: {found}"));
        violations.iter().map(line).collect()
    }
}

fn line(violation: &Value) -> String {
    let text = |key: &str| violation[key].as_str().unwrap_or_default();
    let places: Vec<String> = violation["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|node| node["target"].to_string())
        .collect();
    format!(
        "{} ({}): {}: {}",
        text("id"),
        text("impact"),
        text("help"),
        places.join(", ")
    )
}
