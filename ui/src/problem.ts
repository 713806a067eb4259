import type { Problem } from "./bindings/Problem";

/** What a rejected command gave. Anything but a problem is a fault in the desk itself, and is said to be. */
export function asProblem(thrown: unknown): Problem {
  if (isProblem(thrown)) return thrown;
  return {
    code: "internal",
    message: "The desk itself failed.",
    meaning: "It is not known whether what you asked for was done.",
    next: "Refresh, and look at the phase before you act again.",
    detail: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
  };
}

/** What to show of a rejected command: nothing where the person stopped waiting for it. */
export function problemToShow(thrown: unknown): Problem | null {
  const problem = asProblem(thrown);
  return problem.code === "stopped" ? null : problem;
}

/** Everything about a problem as text, for a message to whoever helps. */
export function details(problem: Problem, at: number): string {
  const lines = [
    problem.message,
    problem.meaning,
    problem.next,
    `code: ${problem.code}`,
    ...(problem.field === undefined ? [] : [`field: ${problem.field}`]),
    ...(problem.detail === undefined ? [] : [`detail: ${problem.detail}`]),
    `seen: ${new Date(at).toISOString()}`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === "object" && value !== null && "code" in value && "message" in value && "next" in value
  );
}
