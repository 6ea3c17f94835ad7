#!/bin/sh
# Makes debian:bookworm-slim out of Debian's packages, for podman on a machine that reaches no image registry.
# Needs, once: apt-get install --no-install-recommends podman runc buildah podman-compose mmdebstrap
set -eu
archive=$(mktemp --suffix .tar)
trap 'rm -f "$archive"' EXIT
mmdebstrap --variant=minbase bookworm "$archive"
podman import --change CMD=/bin/bash "$archive" debian:bookworm-slim
