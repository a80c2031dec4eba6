#!/usr/bin/env bash
# Docker Compose 2.26.1-4 (Debian's docker-compose), Docker Engine 26.1.5, with a C compiler: `down` with `--project-name`.
#
# Usual guess: in the folder of compose.yaml, `docker compose -p NAME down` is `COMPOSE_PROJECT_NAME=NAME docker compose
# down`: both read compose.yaml and end what it describes.
# What happens: with -p, `down` does not read the file, but makes up the project from the labels of its containers. So a
# service that depends on one without a container (here its scale is 0) cannot be ended: "could not find once: not
# found", exit code 1, and the container goes on. `up` with the same -p has read the file and was content.
# So: name the project by the variable, or the file by --file.
#
# Output seen, 2026-11-30:
#   with -p: 1 could not find once: not found
#   with the variable: 0
set -euo pipefail

folder=$(mktemp -d)
name=down-with-p-$$
trap 'COMPOSE_PROJECT_NAME=$name docker compose --file "$folder/compose.yaml" down >/dev/null 2>&1
    docker rmi "$name" >/dev/null 2>&1; rm -rf "$folder"' EXIT
cd "$folder"
printf '#include <unistd.h>\nint main(void) { pause(); }\n' >wait.c
cc -static -o wait wait.c
tar --create wait | docker import - "$name" >/dev/null
printf 'services:
  once: {image: %s, command: /wait, scale: 0, network_mode: none}
  server:
    {image: %s, command: /wait, network_mode: none, stop_grace_period: 0s,
     depends_on: {once: {condition: service_completed_successfully}}}
' "$name" "$name" >compose.yaml

docker compose -p "$name" up --detach server >/dev/null 2>&1
with_p=0
said=$(docker compose -p "$name" down 2>&1) || with_p=$?
variable=0
COMPOSE_PROJECT_NAME=$name docker compose down >/dev/null 2>&1 || variable=$?
printf '%s\n' "with -p: $with_p ${said##*$'\n'}" "with the variable: $variable"

[ "$with_p" = 1 ] && grep -q 'could not find once' <<<"$said" && [ "$variable" = 0 ]
