//! What a decision rests on, in a form that can be kept, and compared with what is true when it is saved.

use super::{ArtifactFacts, Judgement, SmokeFacts, Verdict};
use serde::{Deserialize, Serialize};

/// What the decision to advance rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionDigest {
    /// Each gate's verdict, in the runbook's order.
    pub verdicts: Vec<GateVerdict>,
    /// The SHA-256 of the attached artifact; none while none is attached.
    pub artifact_sha256: Option<String>,
    /// The smoke run's id.
    pub smoke_run_id: Option<String>,
    /// The SHA-256 of the runbook.
    pub runbook_sha256: String,
}

/// A gate's verdict, without its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateVerdict {
    /// The gate's id.
    pub gate: String,
    /// Its verdict.
    pub verdict: Verdict,
}

impl DecisionDigest {
    /// The digest of these facts.
    pub fn new(
        judgements: &[Judgement],
        artifact: Option<&ArtifactFacts>,
        smoke: Option<&SmokeFacts>,
        runbook_sha256: &str,
    ) -> Self {
        Self {
            verdicts: judgements
                .iter()
                .map(|judgement| GateVerdict {
                    gate: judgement.gate.clone(),
                    verdict: judgement.verdict,
                })
                .collect(),
            artifact_sha256: artifact
                .filter(|artifact| artifact.attached)
                .map(|artifact| artifact.sha256.clone()),
            smoke_run_id: smoke.map(|smoke| smoke.id.clone()),
            runbook_sha256: runbook_sha256.to_owned(),
        }
    }

    /// What is different now, a sentence each; empty when the decision still rests on the same.
    pub fn changes_until(&self, now: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        if self.runbook_sha256 != now.runbook_sha256 {
            changes.push("Another runbook is in force.".to_owned());
        }
        for after in &now.verdicts {
            match self.verdict_of(&after.gate) {
                Some(before) if before == after.verdict => {}
                Some(before) => changes.push(format!(
                    "The gate {} was {before} and is {}.",
                    after.gate, after.verdict
                )),
                None => changes.push(format!("The gate {} is new, and {}.", after.gate, after.verdict)),
            }
        }
        for before in &self.verdicts {
            if now.verdict_of(&before.gate).is_none() {
                changes.push(format!("The gate {} is gone.", before.gate));
            }
        }
        if self.artifact_sha256 != now.artifact_sha256 {
            changes.push("Another metrics artifact is attached, or none.".to_owned());
        }
        if self.smoke_run_id != now.smoke_run_id {
            changes.push("There is another smoke run.".to_owned());
        }
        changes
    }

    fn verdict_of(&self, gate: &str) -> Option<Verdict> {
        let found = self.verdicts.iter().find(|verdict| verdict.gate == gate);
        found.map(|verdict| verdict.verdict)
    }
}
