#!/usr/bin/env bash
# Docker Compose 2.26.1-4 (Debian's docker-compose), Docker Engine 26.1.5, with a C compiler: the exit code of
# `docker compose wait first second`, and when it returns. The first container exits with 3, the second, later, with 0.
#
# The usual guess: as its help says, it blocks until the first container stops, so 3. Or it waits for both, and is not 0
# if either failed.
# The behaviour: it waits for both, prints both codes, and exits with the code of the one that stopped last: 0. A failure
# is lost unless it comes last; so it is with the replicas of one service. Ask each container instead: `docker wait`
# prints every code, one in a line.
#
# Output seen, 2026-12-01:
#   first exits with 3, second with 0: both have stopped, exit code 0
#   first exits with 0, second with 3: both have stopped, exit code 3
set -euo pipefail

folder=$(mktemp -d)
name=compose-wait-$$
trap 'docker compose --file "$folder/compose.yaml" down >/dev/null 2>&1
    docker rmi "$name" >/dev/null 2>&1; rm -rf "$folder"' EXIT
cd "$folder"
cat >leave.c <<'C'
#include <stdlib.h>
#include <unistd.h>

/* leave SECONDS CODE */
int main(int count, char **words) {
    (void)count;
    sleep(atoi(words[1]));
    return atoi(words[2]);
}
C
cc -static -o leave leave.c
tar --create leave | docker import - "$name" >/dev/null

failed=0
for codes in "3 0" "0 3"; do
    read -r early late <<<"$codes"
    printf 'name: %s
services:
  first: {image: %s, command: /leave 3 %s, network_mode: none}
  second: {image: %s, command: /leave 6 %s, network_mode: none}
' "$name" "$name" "$early" "$name" "$late" >compose.yaml
    docker compose up --detach >/dev/null 2>&1
    code=0
    docker compose wait first second >codes || code=$?
    running=$(docker compose ps --quiet --status running)
    echo "first exits with $early, second with $late: ${running:+not }both have stopped, exit code $code"
    [ -z "$running" ] && [ "$(wc -l <codes)" = 2 ] && [ "$code" = "$late" ] || failed=1
    docker compose down >/dev/null 2>&1
done
exit "$failed"
