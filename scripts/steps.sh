# Sourced by the scripts of this folder: what they have in common is how they speak and whose rights they use.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }

fail() {
    printf 'strata: %s\n' "$*" >&2
    exit 1
}

seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", to - from }'; }

# step "what it does" command…: says it before, and after how long it took. The command's status is the step's.
# Never `step … || …` with a function of several commands: bash then goes on inside it after one that failed.
step() {
    local from=$EPOCHREALTIME status
    step_under_way=$1
    shift
    say "→ $step_under_way …"
    "$@"
    status=$?
    if [ "$status" -eq 0 ]; then
        say "  done in $(seconds_since "$from")"
        step_under_way=""
    fi
    return "$status"
}
step_under_way=""
trap '[ -z "$step_under_way" ] || printf "strata: failed: %s\n" "$step_under_way" >&2' EXIT

# Runs a line of shell with root's rights, or says exactly what to run and stops.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        sh -c "$1"
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo sh -c "$1"
    else
        step_under_way=""
        fail "this needs rights that $(id -un) does not have. Run this as root, then start again:

    $1
"
    fi
}

# The folder with initdb and postgres: the setting, PATH, then the distribution's newest. Nothing when there is none.
postgres_bin() {
    local initdb folder
    if [ -n "${STRATA_POSTGRES_BIN:-}" ]; then
        [ -x "$STRATA_POSTGRES_BIN/initdb" ] && printf '%s\n' "$STRATA_POSTGRES_BIN"
        return 0
    fi
    for initdb in "$(command -v initdb || true)" $(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -Vr); do
        [ -x "$initdb" ] || continue
        folder=$(dirname "$(readlink -f "$initdb")")
        if [ -x "$folder/postgres" ]; then
            printf '%s\n' "$folder"
            return 0
        fi
    done
}
