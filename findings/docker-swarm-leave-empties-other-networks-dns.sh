#!/usr/bin/env bash
# Docker Engine 26.1.5, busybox-static 1.35.0 (Debian): who still finds whom after `docker swarm leave`.
#
# Usual guess: an engine that leaves its swarm takes the swarm's services and overlay networks away; a bridge network
# of its own, such as every Compose project has, never was the swarm's and goes on as before.
# What happens: leaving empties the engine's embedded DNS (127.0.0.11) for all networks. Containers on a bridge network
# keep their connections and their addresses, but no name is known on it any more, not even after a minute, until a
# container is connected anew.
# So: do not leave a swarm while Compose projects run on that engine, and do not test both at once.
#
# It needs an engine that is in no swarm, and joins one on loopback for a moment. Output seen, 2026-11-28:
#   before: found
#   in a swarm: found
#   after leaving: not found
#   a minute later: not found
set -euo pipefail

[ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = inactive ] || { echo "this engine is in a swarm" >&2 && exit 2; }
name=swarm-leave-$$
folder=$(mktemp -d)
clean_up() {
    docker rm --force "$name-one" "$name-other" >/dev/null 2>&1 || true
    docker network rm "$name" >/dev/null 2>&1 || true
    docker rmi "$name" >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT
(cd "$folder" && apt-get download busybox-static >/dev/null 2>&1 && dpkg-deb --extract busybox-static_*.deb root)
tar --create --directory "$folder/root" . | docker import - "$name" >/dev/null
box=$(cd "$folder/root" && find . -name busybox -type f -perm -u+x | sed 's/^\.//' | head -1)

found() {
    if docker exec "$name-one" "$box" nslookup -type=a "$name-other" 127.0.0.11 >/dev/null 2>&1; then
        echo found
    else
        echo "not found"
    fi
}

docker network create "$name" >/dev/null
for one in one other; do
    docker run --detach --pull never --name "$name-$one" --network "$name" "$name" "$box" sleep 600 >/dev/null
done
said=("before: $(found)")
docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1 >/dev/null
said+=("in a swarm: $(found)")
docker swarm leave --force >/dev/null
said+=("after leaving: $(found)")
sleep 60
said+=("a minute later: $(found)")
printf '%s\n' "${said[@]}"
[ "${said[*]}" = "before: found in a swarm: found after leaving: not found a minute later: not found" ]
