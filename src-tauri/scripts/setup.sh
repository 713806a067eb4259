#!/usr/bin/env bash
# Installs what is missing for one of: run, test, fuzz, audit. When nothing is missing it changes nothing and takes no time.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly minimum_rust=1.90.0
readonly minimum_node=20.19.0
readonly nextest_version=0.9.143
readonly fuzz_version=0.13.2
readonly deny_version=0.20.2

# Debian 12 and Ubuntu 24.04 name these alike.
readonly packages_to_run=(build-essential pkg-config libdbus-1-dev libgtk-3-dev libwebkit2gtk-4.1-dev)
readonly packages_to_test=(webkit2gtk-driver xvfb xclip libxtst6 gnome-keyring dbus procps python3 python3-venv)

say() { printf 'setup: %s\n' "$*" >&2; }

stop() {
  say "$@"
  exit 1
}

at_least() { # at_least MINIMUM ACTUAL
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort --version-sort | head -n 1)" = "$1" ]
}

check_rust() {
  command -v cargo >/dev/null && command -v rustc >/dev/null ||
    stop "Rust is missing. Install $minimum_rust or newer from https://rustup.rs, then run this again."
  local version
  version=$(rustc --version | cut -d ' ' -f 2)
  at_least "$minimum_rust" "${version%%-*}" ||
    stop "Rust $version is too old; $minimum_rust or newer is needed. With rustup: rustup update stable"
}

check_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    stop "Node.js is missing. Install $minimum_node or newer from https://nodejs.org, then run this again."
  local version
  version=$(node --version)
  at_least "$minimum_node" "${version#v}" ||
    stop "Node.js $version is too old; $minimum_node or newer is needed. See https://nodejs.org"
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
  [ "$(uname -s)" = Linux ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "this is not Debian or Ubuntu; make sure that what they call these is installed: $*"
    return
  fi
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null ||
      stop "some system packages are missing. Install them, then run this again:
  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo -n)
  fi

  say "installing ${missing[*]}"
  # Installing unpacks much into the temporary directory, and /tmp is often small or cleaned meanwhile.
  # apt reads some of it as a user of its own.
  apt_tmp=$(mktemp --directory --tmpdir=/var/tmp cutover-desk-apt.XXXXXX)
  trap 'rm -rf "$apt_tmp"' EXIT
  chmod 1777 "$apt_tmp"
  apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive TMPDIR="$apt_tmp" apt-get --yes "$@"; }

  apt update || say "not every package list could be refreshed; going on with those that could"
  if ! apt install --no-install-recommends "${missing[@]}"; then
    say "that did not go through; repairing and trying once more"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive dpkg --configure --pending || true
    apt --fix-broken install || true
    apt update || true
    apt install --no-install-recommends "${missing[@]}" ||
      stop "apt could not install: ${missing[*]}"
  fi
}

install_ui_packages() {
  local stamp=ui/node_modules/.installed-package-lock.json
  cmp --silent ui/package-lock.json "$stamp" && return
  say "installing the UI's packages"
  (cd ui && npm ci --no-audit --no-fund)
  cp ui/package-lock.json "$stamp"
}

# What others wrote to check bags and signatures with, in an environment of its own and not in the checkout; the tests look for it here.
install_python_packages() {
  local environment="${XDG_CACHE_HOME:-$HOME/.cache}/cutover-desk/python"
  local stamp="$environment/requirements.txt"
  # An environment goes stale, too, when the Python it was made with is gone.
  cmp --silent tests/requirements.txt "$stamp" &&
    "$environment/bin/python" -c 'import sys' 2>/dev/null && return
  command -v python3 >/dev/null || stop "Python 3 is missing. Install 3.11 or newer, then run this again."
  say "installing the tests' Python packages"
  python3 -m venv --clear "$environment"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement tests/requirements.txt
  cp tests/requirements.txt "$stamp"
}

install_cargo_tool() { # install_cargo_tool SUBCOMMAND VERSION
  cargo "$1" --version >/dev/null 2>&1 && return
  say "installing cargo-$1 $2"
  CARGO_TARGET_DIR="${XDG_CACHE_HOME:-$HOME/.cache}/cutover-desk/tools" \
    cargo install --locked "cargo-$1" --version "$2"
}

check_component() { # check_component SUBCOMMAND COMPONENT
  cargo "$1" --version >/dev/null 2>&1 || rustup component add "$2" ||
    stop "cargo $1 is missing. With rustup: rustup component add $2"
}

case "${1:-}" in
  run)
    check_rust
    check_node
    install_packages "${packages_to_run[@]}"
    install_ui_packages
    ;;
  test)
    check_rust
    check_node
    install_packages "${packages_to_run[@]}" "${packages_to_test[@]}"
    install_ui_packages
    install_python_packages
    check_component fmt rustfmt
    check_component clippy clippy
    install_cargo_tool nextest "$nextest_version"
    ;;
  fuzz)
    check_rust
    install_packages build-essential
    install_cargo_tool fuzz "$fuzz_version"
    ;;
  audit)
    check_rust
    install_cargo_tool deny "$deny_version"
    ;;
  *)
    echo "usage: $0 run|test|fuzz|audit" >&2
    exit 2
    ;;
esac
