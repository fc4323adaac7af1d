#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the images of the Dockerfile without Docker, as root on Debian bookworm: buildah with chroot isolation, on a base that
# mmdebstrap makes from the machine's own package sources (/etc/apt). Nothing is pulled from anywhere else.
#
#   deploy/image/build.sh [TARGET …]        default: worker api → localhost/evalx-worker:VERSION, localhost/evalx-api:VERSION
#
#   BASE=NAME      an image that buildah has (or may pull) instead of the base made here, e.g. debian:bookworm-slim
#   STORAGE=DIR    buildah's storage there instead of where the machine has it
#   OUTPUT=DIR     write DIR/evalx-TARGET.tar as well, for `docker load`, `minikube image load`, `ctr image import`
set -euo pipefail
cd "$(dirname "$0")/../.."

for target in "$@"; do
    [[ $target =~ ^(worker|api)$ ]] || {
        echo "build.sh: unknown target \"$target\"; there are: worker api" >&2
        exit 2
    }
done
[ $# -gt 0 ] || set -- worker api
[ "$(id -u)" -eq 0 ] || {
    echo "build.sh: needs root (buildah's chroot isolation and mmdebstrap do)" >&2
    exit 1
}
scripts/setup.sh image

storage=()
[ -z "${STORAGE:-}" ] || storage=(--root "$STORAGE/root" --runroot "$STORAGE/run")
buildah() { command buildah "${storage[@]}" "$@"; }

# The Debian archives that this machine's apt knows, as lines of a sources.list; not its other ones.
debian_sources() {
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Origin: Debian' 'Created-By: Packages' | sort -u
}

# As Debian's own slim images are: essential packages and apt, no manuals, no translations.
make_base() {
    local name=$1 container
    dir=$(mktemp -d /var/tmp/evalx-base-XXXXXX)
    trap 'rm -rf "$dir"' EXIT
    debian_sources >"$dir/sources"
    [ -s "$dir/sources" ] || {
        echo "build.sh: apt knows no Debian archive here; run apt-get update, or name an image with BASE=" >&2
        return 1
    }
    echo "build.sh: making $name from this machine's package sources"
    # (usr-is-merged: the package that would merge /usr of older systems brings the whole of perl.)
    mmdebstrap --quiet --mode=root --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/info/*' bookworm "$dir/base.tar" - <"$dir/sources" >"$dir/log" 2>&1 || {
        cat "$dir/log" >&2
        return 1
    }
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$dir/base.tar" / >/dev/null
    buildah config --cmd bash "$container"
    buildah commit --quiet --rm "$container" "$name" >/dev/null
    rm -rf "$dir"
}

base=${BASE:-localhost/evalx-base:bookworm}
if [ -z "${BASE:-}" ] && ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    make_base "$base"
fi

version=$(sed -n "s/^project('evalx'.* version: '\([^']*\)'.*/\1/p" meson.build)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
created=$(date -u +%Y-%m-%dT%H:%M:%SZ -d "@$(git log -1 --format=%ct 2>/dev/null || date +%s)")
for target in "$@"; do
    name=localhost/evalx-$target:$version
    echo "build.sh: building $name"
    # Docker's format, since OCI's has no health check.
    buildah build --quiet --isolation chroot --format docker --layers --build-arg "BASE=$base" --build-arg "VERSION=$version" \
        --build-arg "REVISION=$revision" --build-arg "CREATED=$created" --target "$target" --tag "$name" --file Dockerfile . >/dev/null
    size=$(buildah images --format '{{.Size}}' "$name")
    echo "build.sh: $name is ready, $size"
    if [ -n "${OUTPUT:-}" ]; then
        mkdir -p "$OUTPUT"
        rm -f "$OUTPUT/evalx-$target.tar"
        buildah push --quiet "$name" "docker-archive:$OUTPUT/evalx-$target.tar:${name#localhost/}"
    fi
done
