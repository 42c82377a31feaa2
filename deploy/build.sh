#!/usr/bin/env bash
# Checks the toolchain and builds the whole tree once, with progress: sourced by deploy/try and tests/run.

# What is missing, with the command that brings it.
need_toolchain() {
  [ "$(uname -s)" = Linux ] || die "this runs on Debian or Ubuntu; on this system see README.md"
  if ! command -v cargo >/dev/null && [ -s "${CARGO_HOME:-$HOME/.cargo}/env" ]; then
    # shellcheck disable=SC1091
    . "${CARGO_HOME:-$HOME/.cargo}/env"
  fi
  local want have
  want=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$top/Cargo.toml")
  command -v cargo >/dev/null || die "cargo is missing: install Rust $want or newer from https://rustup.rs"
  have=$(cd "$top" && rustc --version 2>/dev/null | awk '{print $2}')
  [ -n "$have" ] || die "rustc does not run: rustup toolchain install stable"
  [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" = "$want" ] || die "Rust $have is too old, $want or newer is needed: rustup update stable"
  command -v cc >/dev/null || die "a C compiler is missing (zstd and ring need one): apt-get install build-essential"
}

target_folder() { echo "${CARGO_TARGET_DIR:-$top/target}"; }

# Counts what cargo compiles and shows it: one line that moves on a terminal, a line now and then elsewhere.
progress() {
  local total=$1 count=0 line name
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$build_log"
    case $line in
      *Compiling\ * | *Checking\ *) ;;
      *) continue ;;
    esac
    count=$((count + 1))
    name=$(awk '{print $2}' <<<"$line")
    if [ -t 1 ]; then
      printf '\r\033[K  %d of about %d: %s' "$count" "$total" "$name"
    elif [ $((count % 40)) = 0 ]; then
      printf '  %d of about %d: %s\n' "$count" "$total" "$name"
    fi
  done
  [ ! -t 1 ] || printf '\r\033[K'
}

# Runs cargo with progress; what it says goes to the terminal only when it fails.
cargo_with_progress() {
  local what=$1 begun total
  shift
  build_log=$(mktemp)
  begun=$SECONDS
  say "$what …"
  (cd "$top" && cargo fetch --locked -q --target "$(rustc -vV | sed -n 's/^host: //p')") || die "the crates could not be downloaded: is there a network?"
  total=$(cd "$top" && cargo tree --workspace --offline --locked -e normal,build --prefix none 2>/dev/null | awk '{print $1, $2}' | sort -u | wc -l)
  if ! (cd "$top" && cargo "$1" --locked "${@:2}" 2>&1) | progress "$total"; then
    grep -vE '^ *(Compiling|Checking|Fresh|Downloaded|Downloading) ' "$build_log" | tail -n 60 >&2
    rm -f "$build_log"
    return 1
  fi
  rm -f "$build_log"
  say "  done in $((SECONDS - begun)) s"
}

build_workspace() {
  cargo_with_progress "Building (the first time takes some minutes)" build --workspace || die "it does not build; the compiler's reason is above"
}
