#!/bin/sh
# Fill the white parts of a mask in a photo:  examples/curl.sh photo.jpg mask.png filled.png
# INPAINT_URL names another server, INPAINT_KEY its key.
set -eu

if ! curl --silent --show-error --fail-with-body --output "$3" \
    ${INPAINT_KEY:+--header "Authorization: Bearer $INPAINT_KEY"} \
    --form "image=@$1" --form "mask=@$2" \
    "${INPAINT_URL:-http://127.0.0.1:8000}/inpaint"
then
    # The answer is not a picture then, but says what is wrong (application/problem+json).
    [ ! -e "$3" ] || { cat "$3" >&2; rm "$3"; }
    exit 1
fi
