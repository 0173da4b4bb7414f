# shellcheck shell=sh
# How tools/setup speaks: quiet when all is well, one line with the time taken for each thing it does. Sourced by tools/setup.
# $cache is the user's cache directory of this project.

: "${cache:?}"

# fail MESSAGE: says what is wrong and ends the set-up.
fail() {
    echo "tools/setup: $*" >&2
    exit 1
}

# digest: the SHA-256 of standard input, in hex.
digest() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1
}

# step NAME COMMAND…: runs the command with its output in a log file; says how long it took, every half minute that it goes
# on, and shows the end of the log when it fails.
step() {
    step_name=$1
    shift
    mkdir -p "$cache/log"
    step_log=$cache/log/$(printf %s "$step_name" | tr -cs '[:alnum:].' '-').log
    step_start=$(date +%s)
    echo "setup: $step_name …"
    "$@" >"$step_log" 2>&1 </dev/null &
    step_pid=$!
    trap 'kill "$step_pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$step_pid" 2>/dev/null; do
        sleep 0.1
        step_seconds=$(($(date +%s) - step_start))
        if [ "$step_seconds" -ge $((30 + ${step_said:-0})) ]; then
            step_said=$step_seconds
            echo "setup: $step_name … $step_seconds s"
        fi
    done
    step_said=0
    trap - INT TERM
    if ! wait "$step_pid"; then
        tail -n 40 "$step_log" >&2
        fail "$step_name failed; the whole output is in $step_log"
    fi
    echo "setup: $step_name done in $(($(date +%s) - step_start)) s"
}

# with_lock NAME COMMAND…: runs the command while no other set-up of this user holds the lock; takes over one whose owner died.
with_lock() {
    lock=$cache/$1.lock
    shift
    mkdir -p "$cache"
    until mkdir "$lock" 2>/dev/null; do
        lock_owner=$(cat "$lock/pid" 2>/dev/null || echo 0)
        if [ "$lock_owner" -gt 0 ] && ! kill -0 "$lock_owner" 2>/dev/null; then
            rm -rf "$lock"
            continue
        fi
        [ "${lock_said:-}" = "$lock_owner" ] || echo "setup: waiting for another set-up (process $lock_owner)"
        lock_said=$lock_owner
        sleep 0.5
    done
    echo $$ >"$lock/pid"
    trap 'rm -rf "$lock"' EXIT
    "$@"
    rm -rf "$lock"
    trap - EXIT
}
