import type { AttachmentView } from "../src/bindings/AttachmentView";
import type { EvidenceView } from "../src/bindings/EvidenceView";
import type { ExportReport } from "../src/bindings/ExportReport";
import type { KeyView } from "../src/bindings/KeyView";
import { NOW, runOf } from "./fixtures";

const HASH = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/** The key that bundles are signed with. */
export const KEY: KeyView = {
  fingerprint: HASH,
  publicKey: "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
  forThisSessionOnly: false,
};

/** A file that was attached. */
export function attachmentOf(more: Partial<AttachmentView> = {}): AttachmentView {
  return {
    run: "R-014",
    sha256: HASH,
    name: "incident 42.png",
    mediaType: "image/png",
    bytes: 204_800,
    item: "rollback-drill",
    actor: "staff_ana",
    atMs: NOW - 120_000,
    ...more,
  };
}

/** Evidence of which two things are open. */
export function evidenceOf(more: Partial<EvidenceView> = {}): EvidenceView {
  return {
    run: runOf(),
    runs: [runOf()],
    items: [
      {
        id: "phase-metadata",
        words: "Active rollout phase metadata (phase, updatedByUid, updatedAtMs, note).",
        state: "there",
        why: "Phase 2, set by staff_ana.",
        attached: 0,
      },
      {
        id: "phase-metrics",
        words: "Phase metrics JSON artifact from staff panel.",
        state: "outdated",
        why: "The snapshot attached last is from before the phase was set.",
        attached: 0,
      },
      {
        id: "smoke-log",
        words: "Smoke log (account used, action, result, timestamp).",
        state: "missing",
        why: "The checklist was not run.",
        attached: 0,
      },
      {
        id: "failed-requests",
        words: "Any failure request ids with support codes.",
        state: "not_needed",
        why: "No request failed that should not have.",
        attached: 0,
      },
      {
        id: "rollback-drill",
        words: "Rollback drill timing record (if executed in this cycle).",
        state: "there",
        why: "1 drill, with every split.",
        attached: 1,
      },
    ],
    attachments: [attachmentOf()],
    exports: [],
    ...more,
  };
}

/** A bundle that was written while two things were missing. */
export function bundleOf(more: Partial<ExportReport> = {}): ExportReport {
  return {
    path: "/home/ana/.local/share/cutover-desk/evidence/R-014",
    run: "R-014",
    bundleSha256: HASH,
    signedBy: HASH,
    keyForThisSessionOnly: false,
    missing: ["smoke-log: The checklist was not run."],
    verification: {
      valid: true,
      complete: false,
      signedBy: HASH,
      findings: [],
      missing: ["smoke-log: The checklist was not run."],
      info: [],
      journal: { first: 1, last: 40, lastHash: HASH, withheld: 0, redacted: 0 },
      files: 31,
      bytes: 310_000,
    },
    ...more,
  };
}
