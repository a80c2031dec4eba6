#!/usr/bin/env bash
# gunicorn 27.0.1, two servers of the same user on different ports: whom `gunicornc` commands.
#
# The usual guess: each server has a control socket of its own, or the second says that the path is taken.
# The behaviour: both use the same path in the user's home. The second takes it over without a word; from then on
# `gunicornc` speaks to that one only. When the second ends, it removes the path, and the first, which still
# serves, cannot be commanded any more. `--control-socket` gives each a path of its own.
#
# Output seen, 2026-11-29, CPython 3.11.7:
#   one server:                 gunicornc speaks to the first
#   a second one beside it:     gunicornc speaks to the second
#   the second one has ended:   gunicornc finds nobody, and the first still serves: yes
set -euo pipefail
folder=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
export HOME=$folder
unset XDG_RUNTIME_DIR
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gunicorn==27.0.1 2>/dev/null
cat >"$folder/app.py" <<'PY'
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\n"]
PY
cd "$folder"

start() {
    port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
    venv/bin/gunicorn --bind "127.0.0.1:$port" app:app >"$1.log" 2>&1 &
    servers+=($!)
    ports+=("$port")
    until grep -qs "Control socket listening" "$1.log"; do sleep 0.1; done
}
answers() { python3 -c 'import sys, urllib.request as u; u.urlopen("http://127.0.0.1:" + sys.argv[1], timeout=5)' "$1"; }
commanded() {
    local said
    said=$(venv/bin/gunicornc --command "show stats" --json 2>/dev/null) || { echo nobody && return; }
    case $said in
        *"\"pid\": ${servers[0]},"*) echo first ;;
        *"\"pid\": ${servers[1]:-none},"*) echo second ;;
        *) echo "unknown: $said" ;;
    esac
}

ports=()
start first
one=$(commanded)
start second
two=$(commanded)
kill "${servers[1]}"
wait "${servers[1]}" || true
after=$(commanded)
serves=no
answers "${ports[0]}" && serves=yes
echo "one server:                 gunicornc speaks to the $one"
echo "a second one beside it:     gunicornc speaks to the $two"
echo "the second one has ended:   gunicornc finds $after, and the first still serves: $serves"
[ "$one $two $after $serves" = "first second nobody yes" ]
