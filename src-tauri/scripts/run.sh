#!/usr/bin/env bash
# Opens the desk's window; without a display, plays the whole runbook on the command line instead.
set -euo pipefail

readonly desk=$1

if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" = Darwin ]; then
  exec "$desk"
fi

# A data directory of its own, so that nobody's desk is touched. The evidence stays, for whoever wants to look at it.
data=$(mktemp --directory)
evidence=$(mktemp --directory)/R-001
trap 'rm -rf "$data"' EXIT

echo "There is no display, so no window can open. The whole runbook on the command line instead, on a practice portal of its own:"
printf '\n$ cutover-desk rehearse --out "%s"\n' "$evidence"
"$desk" --data-dir "$data" rehearse --out "$evidence"
printf '\n$ cutover-desk evidence verify "%s"\n' "$evidence"
"$desk" evidence verify "$evidence"
printf '\nWith a display, make run opens the window. All commands: %s --help\n' "$desk"
