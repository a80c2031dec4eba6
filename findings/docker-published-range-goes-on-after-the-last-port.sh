#!/usr/bin/env bash
# Docker Engine 26.1.5 (Debian's docker.io), with a C compiler: which port of a published range a container gets.
#
# Usual guess: `--publish 127.0.0.1:43210-43213:80` (and `ports: ["43210-43213:80"]` in Compose) gives the lowest
# port of the range that is free. So a service that runs once always has the first one.
# What happens: the engine remembers, for each range, the port that it gave last, and goes on from there, even if
# all before it are free again. It begins again only behind the end of the range, or when the engine restarts. One
# container that is started, removed and started again walks through the whole range.
# So: a range is no default for a port that people type. The same port again needs a single number.
#
# Output seen, 2026-11-28 (the first is arbitrary if the range was used before):
#   43210 43211 43212 43213 43210
set -euo pipefail

folder=$(mktemp -d)
image=published-range-$$
trap 'docker rm --force "$image" >/dev/null 2>&1; docker rmi "$image" >/dev/null 2>&1; rm -rf "$folder"' EXIT
printf '#include <unistd.h>\nint main(void) { pause(); }\n' >"$folder/wait.c"
cc -static -o "$folder/wait" "$folder/wait.c"
tar --create --directory "$folder" wait | docker import - "$image" >/dev/null

ports=()
for _ in 1 2 3 4 5; do
    docker run --detach --name "$image" --pull never --publish 127.0.0.1:43210-43213:80 "$image" /wait >/dev/null
    ports+=("$(docker port "$image" 80 | sed 's/.*://')")
    docker rm --force "$image" >/dev/null
done
echo "${ports[*]}"

# Four runs, four ports; the fifth run is back at the first.
[ "$(printf '%s\n' "${ports[@]:0:4}" | sort -u | wc -l)" = 4 ] && [ "${ports[0]}" = "${ports[4]}" ]
