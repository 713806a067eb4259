#!/usr/bin/env bash
# Opens the desk's window; without a display, does the window's first job on the command line instead.
set -euo pipefail

readonly desk=$1

if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" = Darwin ]; then
  exec "$desk"
fi

# A data directory of its own, so that nobody's desk is touched.
data=$(mktemp --directory)
trap 'rm -rf "$data"' EXIT

step() {
  printf '\n$ cutover-desk'
  local argument
  for argument; do
    case $argument in
      *' '*) printf ' "%s"' "$argument" ;;
      *) printf ' %s' "$argument" ;;
    esac
  done
  echo
  "$desk" --data-dir "$data" "$@"
}

echo "There is no display, so no window can open. The same job on the command line, on a practice portal of its own:"
step phase show
step phase set phase_2_member_writes --note "First look at the desk"
step phase show
printf '\nWith a display, make run opens the window. All commands: %s --help\n' "$desk"
