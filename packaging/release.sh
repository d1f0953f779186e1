#!/usr/bin/env bash
# Run all checks, then write what to publish into dist/: wheel, images, notes, checksums.
# `make release` calls it. ENGINE (docker or podman) builds the images, with BASE and BUILD_OPTIONS as
# in docker/check.sh; ENGINE=none leaves them out.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
engine=${ENGINE:-docker}

fail() {
    echo "release: $*" >&2
    exit 1
}

[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed"
if git rev-parse -q --verify "refs/tags/v$version" >/dev/null; then
    fail "v$version is tagged already: raise the version in pyproject.toml"
fi
notes=$(python3 packaging/notes.py "$version") || fail "write what is new in $version first"
[ "$engine" = none ] || command -v "$engine" >/dev/null ||
    fail "$engine is missing: set ENGINE to docker or podman, or to none for no images"

make check test test-long
rm -rf dist
mkdir dist
make wheel
[ "$engine" = none ] || make images ENGINE="$engine"
printf '%s\n' "$notes" >"dist/NOTES-$version.md"
(cd dist && sha256sum -- * >SHA256SUMS)

echo
echo "dist/ holds what to publish of $version:"
ls -l dist
echo
echo "git tag -a v$version -F dist/NOTES-$version.md && git push origin v$version"
