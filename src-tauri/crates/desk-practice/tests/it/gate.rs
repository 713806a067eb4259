//! Every cell of the recorded gate matrix: route x phase x identity, with an empty body.

use serde_json::{Value, json};

use crate::support::{Bench, still};

#[tokio::test]
async fn every_cell_of_the_gate_matrix_agrees() {
    let matrix: Value =
        serde_json::from_str(include_str!("../../../../../tests/recordings/gate-matrix.json")).unwrap();
    let bench = Bench::start(still()).await;
    let (mut cells, mut differences) = (0, Vec::new());
    for phase in ["phase_1_read_only", "phase_2_member_writes", "phase_3_admin_full"] {
        bench.set_phase(phase).await;
        for (route, phases) in matrix.as_object().unwrap() {
            for (identity, cell) in phases[phase].as_object().unwrap() {
                let verdict = bench.call(identity, route, json!({})).await.verdict();
                if cell.as_str() != Some(&verdict) {
                    differences.push(format!(
                        "{route} in {phase} as {identity}: recorded {cell}, seen {verdict}"
                    ));
                }
                cells += 1;
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(cells, 408);
}
