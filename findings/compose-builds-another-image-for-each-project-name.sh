#!/usr/bin/env bash
# Docker Compose 2.26.1 (Debian's docker-compose) and buildx 0.13.1, Engine 26.1.5: what `docker compose build` builds.
#
# Usual guess: the same Dockerfile, context and `image:` give the same image, whatever the project is called: a project's
# name is for containers, networks and volumes. A second build is answered from the cache, and changes nothing.
# What happens: Compose writes the project's name into the image, as the label com.docker.compose.project. Building
# under another name (COMPOSE_PROJECT_NAME, or a checkout in another folder) moves the tag to a new image id. `up` in the
# first project then recreates its containers; and containers that are started from the image by other means inherit
# the label, so that whoever looks for the project's containers by it finds them too.
# So: build images that several projects share under one fixed `--project-name`.
#
# Output seen, 2026-11-28:
#   one one: same id
#   one other: another id, label other
set -euo pipefail

folder=$(mktemp -d)
image=compose-label-$$
trap 'docker rmi --force "$image" >/dev/null 2>&1; rm -rf "$folder"' EXIT
cd "$folder"
echo hello >file
printf 'FROM scratch\nCOPY file /\n' >Dockerfile
printf 'services:\n  it:\n    image: %s\n    build: .\n' "$image" >compose.yaml

build() {
    docker compose --project-name "$1" build --quiet >/dev/null 2>&1
    docker image inspect --format '{{.Id}}' "$image"
}
first=$(build one) again=$(build one) other=$(build other)
label=$(docker image inspect --format '{{index .Config.Labels "com.docker.compose.project"}}' "$image")
echo "one one: $([ "$first" = "$again" ] && echo same || echo another) id"
echo "one other: $([ "$first" = "$other" ] && echo same || echo another) id, label $label"
[ "$first" = "$again" ] && [ "$first" != "$other" ] && [ "$label" = other ]
