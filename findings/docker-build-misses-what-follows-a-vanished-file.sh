#!/usr/bin/env bash
# Docker Engine 26.1.5 and buildx 0.13.1 (Debian): `docker build .` while an ignored file comes and goes in the folder.
#
# Usual guess: what .dockerignore excludes does not matter to a build. At worst, a file that is deleted just as the
# context is read is missing from it.
# What happens: now and then the build fails, for a file that has been there all the time: "failed to read dockerfile:
# open Dockerfile: no such file or directory", or "failed to calculate checksum of ref ...: not found". BuildKit's walk
# of the folder (tonistiigi/fsutil) takes a file that vanished after it was listed for a folder to skip; and skipping
# at a file leaves out the rest of its folder. Here that is everything, since the files that come and go sort first, as
# do the journals of coverage's SQLite databases while tests run. moby/buildkit#3489 may be the same. If the files
# vanish in a folder below an excluded one, no build fails.
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
printf '*\n!kept\n!other/*.txt\n' >"$context/.dockerignore"

come_and_go() {
    local end=$((SECONDS + 300))
    while [ $SECONDS -lt $end ]; do
        for n in 1 2 3 4 5 6 7 8 9; do : >"$1/.journal$n"; done
        rm -f "$1"/.journal*
    done
}

try() { # 40 builds while files come and go in this folder; `failures` of them fail
    come_and_go "$1" &
    coming_and_going=$!
    failures=0
    for _ in $(seq 40); do
        docker build --quiet --tag "$image" "$context" >/dev/null 2>>"$context.errors" || failures=$((failures + 1))
    done
    kill "$coming_and_going" && wait "$coming_and_going" 2>/dev/null || true
    coming_and_going=
}

try "$context"
beside=$failures
echo "beside the Dockerfile: $beside of 40 builds fail"
grep "^ERROR" "$context.errors" | sed 's/failed to calculate checksum of ref [^ ]* //; s/ERROR: failed to solve:/ /' | sort -u || true
try "$context/excluded/folder"
echo "in an excluded folder: $failures of 40 builds fail"
[ "$beside" -gt 0 ] && [ "$failures" -eq 0 ]
