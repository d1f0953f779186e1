#!/usr/bin/env bash
# Build an image, start it as compose does (no root, nothing writable but /tmp), ask for its health,
# have a photo inpainted from outside and stop it. Any step that does not hold ends with an error.
#
#   docker/check.sh [cpu|gpu]
#
#   ENGINE         docker (default) or podman
#   BASE           the base image, where python:3.11-slim cannot be pulled
#   BUILD_OPTIONS  more options for `$ENGINE build`, such as "--network host"
#   RUN_OPTIONS    more options for `$ENGINE run`, such as "--gpus all" for the gpu image
#   PORT           a free port of this machine (18000)
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:-cpu}
engine=${ENGINE:-docker}
port=${PORT:-18000}
image=pconv-inpainting:$target
container=inpaint-check-$$
pictures=$(mktemp -d)
read -ra build_options <<<"${BUILD_OPTIONS:-}"
read -ra run_options <<<"${RUN_OPTIONS:-}"

say() { printf '%s\n' "$*"; }
fail() {
    say "FAILED: $*" >&2
    "$engine" logs "$container" >&2 || true
    exit 1
}
clean_up() {
    "$engine" rm --force "$container" >/dev/null 2>&1 || true
    rm -rf "$pictures"
}
trap clean_up EXIT
inside() { "$engine" exec "$container" "$@"; }

"$engine" build --target "$target" --tag "$image" ${BASE:+--build-arg "BASE=$BASE"} \
    "${build_options[@]}" . >"$pictures/build.log" 2>&1 || {
    cat "$pictures/build.log" >&2
    exit 1
}
bytes=$("$engine" image inspect --format '{{.Size}}' "$image")
say "built $image: $((bytes / 1000000)) MB"

chmod 777 "$pictures"
cp docker/check_pictures.py "$pictures"
"$engine" run --detach --name "$container" --read-only --tmpfs /tmp --cap-drop ALL \
    --security-opt no-new-privileges --volume "$pictures:/check" --env "INPAINT_PORT=$port" \
    --publish "127.0.0.1:$port:$port" "${run_options[@]}" "$image" >/dev/null

for attempt in {1..120}; do
    if inside python -m service health >/dev/null 2>&1; then break; fi
    [ "$("$engine" inspect --format '{{.State.Running}}' "$container")" = true ] || fail "it stopped"
    [ "$attempt" -lt 120 ] || fail "not healthy after a minute"
    sleep 0.5
done
say "healthy"

[ "$(inside id -u)" != 0 ] || fail "it runs as root"
if inside touch /app/written 2>/dev/null; then fail "its root file system can be written to"; fi
say "runs as user $(inside id -u) on a read-only root"

inside python /check/check_pictures.py draw /check
status=$(curl --silent --show-error --output "$pictures/answer.png" --write-out '%{http_code}' \
    --form "image=@$pictures/photo.png" --form "mask=@$pictures/mask.png" \
    "http://127.0.0.1:$port/inpaint")
[ "$status" = 200 ] || fail "POST /inpaint answered $status: $(cat "$pictures/answer.png")"
inside python /check/check_pictures.py compare /check || fail "the answer is wrong"
say "model: $(curl --silent --show-error --fail "http://127.0.0.1:$port/model")"

"$engine" stop --time 30 "$container" >/dev/null
code=$("$engine" inspect --format '{{.State.ExitCode}}' "$container")
[ "$code" = 0 ] || fail "it stopped with exit code $code"
say "stopped cleanly"
