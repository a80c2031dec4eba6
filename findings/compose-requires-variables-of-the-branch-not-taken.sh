#!/usr/bin/env bash
# Docker Compose 2.26.1-4 (Debian's docker-compose): nested variables in the branch of a value that is not used.
#
# Usual guess: `${ADDRESS:-${HOST:?say which host}}` is as in a shell (POSIX, Shell Command Language, 2.6.2): what
# follows `:-` is expanded only if ADDRESS is not set, so that HOST is required only then.
# What happens: Compose expands both branches first. With ADDRESS set, a HOST that is not set ends every command
# with an error; without the `:?` it warns of HOST on every command, though HOST is in no value. The same holds for
# `${TLS:+${HOST:?...}}` if TLS is not set.
# So: no `:?` within another expansion, and `${HOST:-}` rather than `$HOST`, if nobody is to be warned.
#
# Output seen, 2026-11-29:
#   sh: a.example
#   compose, required: error while interpolating services.a.environment.SERVER: required variable HOST is missing a value: say which host
#   compose, not taken: error while interpolating services.a.environment.SERVER: required variable HOST is missing a value: say which host
#   compose, unset: The "HOST" variable is not set. Defaulting to a blank string.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset HOST TLS
export ADDRESS=a.example

# Prints the last thing that Compose says of a file in which SERVER has this value.
compose() {
    printf 'services:\n  a:\n    image: a\n    environment:\n      SERVER: "%s"\n' "$1" >"$folder/compose.yaml"
    docker compose --project-directory "$folder" --file "$folder/compose.yaml" config --quiet 2>&1 |
        tail -n 1 | sed 's/.*msg="\(.*\)"$/\1/; s/\\"/"/g' || true
}

# shellcheck disable=SC2016 # Compose has to expand them, not this script
values=('${ADDRESS:-${HOST:?say which host}}' '${TLS:+${HOST:?say which host}}' '${ADDRESS:-$HOST}')
shell=$(sh -c "echo \"${values[0]}\"")
required=$(compose "${values[0]}")
not_taken=$(compose "${values[1]}")
unset_=$(compose "${values[2]}")
printf '%s\n' "sh: $shell" "compose, required: $required" "compose, not taken: $not_taken" "compose, unset: $unset_"

[ "$shell" = a.example ]
grep -q 'required variable HOST is missing' <<<"$required"
grep -q 'required variable HOST is missing' <<<"$not_taken"
grep -q '"HOST" variable is not set' <<<"$unset_"
