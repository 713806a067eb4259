import type { FaultKindView } from "../../bindings/FaultKindView";

/** Whether a fault, as the command line spells it, is of this kind: it starts with the kind's whole word. */
export function isOf(fault: string, kind: string): boolean {
  return fault === kind || (fault.startsWith(kind) && !/[a-z0-9_-]/i.test(fault.charAt(kind.length)));
}

/** The faults that are of no kind in the catalogue. */
export function unlisted(faults: string[], catalogue: FaultKindView[]): string[] {
  return faults.filter((fault) => !catalogue.some(({ kind }) => isOf(fault, kind)));
}
