#!/usr/bin/env bash
# Docker Engine 26.1.5 and buildx 0.13.1 (Debian): `docker build .` while an ignored file comes and goes in the folder.
#
# Usual guess: what .dockerignore excludes does not matter to a build. At worst, a file that is deleted just as the
# context is read is missing from it.
# What happens: if a file vanishes after its folder was listed and before it is looked at, all files and folders that
# come after it in that folder, in the order of their names, are left out, and nothing says so. The build then fails:
# "failed to read dockerfile: open Dockerfile: no such file or directory", or "failed to calculate checksum of ref ...:
# not found" for a file that has been there all the time. Names with a dot come first, so that the journals of a SQLite
# database (.coverage.*-journal, while tests run) hide everything. In a folder below one that is excluded, they do not.
# So: keep temporary files out of the folder of the context, and of the folders that are copied from it.
#
# Output seen, 2026-12-01:
#   beside the Dockerfile: 6 of 40 builds fail
#     failed to compute cache key: "/kept": not found
#     failed to read dockerfile: open Dockerfile: no such file or directory
#   in an excluded folder: 0 of 40 builds fail
set -euo pipefail

context=$(mktemp -d)
image=vanished-file-$$
coming_and_going=
clean_up() {
    if [ -n "$coming_and_going" ]; then kill "$coming_and_going" && wait "$coming_and_going" || true; fi 2>/dev/null
    docker rmi --force "$image" >/dev/null 2>&1 || true
    rm -rf "$context" "$context.errors"
}
trap clean_up EXIT
mkdir -p "$context/excluded/folder"
echo hello >"$context/kept"
printf 'FROM scratch\nCOPY kept /\n' >"$context/Dockerfile"
printf '*\n!kept\n' >"$context/.dockerignore"

come_and_go() {
    local end=$((SECONDS + 300))
    while [ $SECONDS -lt $end ]; do
        for n in 1 2 3 4 5 6 7 8 9; do : >"$1/.journal$n"; done
        rm -f "$1"/.journal*
    done
}

failed() { # how many of 40 builds, while files come and go in this folder
    come_and_go "$1" &
    coming_and_going=$!
    local failures=0
    for _ in $(seq 40); do
        docker build --quiet --tag "$image" "$context" >/dev/null 2>>"$context.errors" || failures=$((failures + 1))
    done
    kill "$coming_and_going" && wait "$coming_and_going" 2>/dev/null || true
    coming_and_going=
    found=$failures
}

failed "$context"
beside=$found
echo "beside the Dockerfile: $beside of 40 builds fail"
grep "^ERROR" "$context.errors" | sed 's/failed to calculate checksum of ref [^ ]* //; s/ERROR: failed to solve:/ /' | sort -u
failed "$context/excluded/folder"
echo "in an excluded folder: $found of 40 builds fail"
[ "$beside" -gt 0 ] && [ "$found" -eq 0 ]
