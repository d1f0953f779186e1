#!/usr/bin/env bash
# Make a base image with Debian's own Python, for machines that reach a Debian mirror but no image
# registry. Needs root and debootstrap. Then: BASE=localhost/inpaint-base:bookworm docker/check.sh
#
#   ENGINE   docker (default) or podman
set -euo pipefail

engine=${ENGINE:-docker}
image=localhost/inpaint-base:bookworm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/root"
# This machine's certificates: those of a company's proxy among them.
cp --dereference /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
rm -rf "$work"/root/var/cache/apt/* "$work"/root/var/lib/apt/lists/*
tar --directory "$work/root" --create . | "$engine" import - "$image"
