# Shared by build, run and test: where things are, and how missing things are installed. Sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
jobs=$(nproc)

say() {
    printf '==> %s\n' "$*"
}

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Started through sudo, leave what was built to the person who did so.
give_back() {
    if [[ ${SUDO_UID:-} && -d $build && $(id -u) == 0 ]]; then
        chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$build"
    fi
}

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "installing packages needs root: run as root or install sudo ($*)"
    fi
}

package_version() {
    { dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null || true; } | sed -n 's/^installed //p'
}

# install_packages USE...: the packages of tools/packages for these uses, with apt only if one is missing.
install_packages() {
    command -v dpkg-query >/dev/null || die "this needs Debian 12 or a relative of it (no dpkg-query)"
    local use name version probe missing=()
    while read -r use name version probe; do
        [[ " $* " == *" $use "* ]] || continue
        if [[ $probe ]] && bash -c "$probe" >/dev/null 2>&1; then
            continue
        fi
        [[ $(package_version "$name") ]] || missing+=("$name")
    done < <(grep -v '^#' "$root/tools/packages")
    if ((${#missing[@]})); then
        say "installing ${missing[*]}"
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    fi
    check_versions "$@"
}

# Says which packages are not of the upstream version the project is developed with; they may still work.
check_versions() {
    local use name version probe found
    while read -r use name version probe; do
        [[ " $* " == *" $use "* ]] || continue
        found=$(package_version "$name")
        found=${found#*:}
        if [[ $found && $found != "$version"* ]]; then
            say "note: $name is $found; developed with $version"
        fi
    done < <(grep -v '^#' "$root/tools/packages")
}

# stamped STAMP INPUT... -- COMMAND...: runs the command unless it has succeeded before with the same inputs.
stamped() {
    local stamp=$build/stamps/$1 inputs=()
    shift
    while [[ $1 != -- ]]; do
        inputs+=("$1")
        shift
    done
    shift
    local sum
    sum=$(cat "${inputs[@]}" | sha256sum)
    if [[ ! -f $stamp || $(cat "$stamp") != "$sum" ]]; then
        "$@"
        mkdir -p "$build/stamps"
        echo "$sum" >"$stamp"
    fi
}

# The Python packages of one requirements file, in build/venv.
python_packages() {
    local requirements=$1
    local stamp=${requirements#"$root"/}
    stamped "python-${stamp//\//-}" "$requirements" -- install_python "$requirements"
}

install_python() {
    say "Python packages: ${1#"$root"/}"
    [[ -x $build/venv/bin/python ]] || python3 -m venv "$build/venv"
    "$build/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$1"
}

# The service that kvindex is compared with, in build/nvidia. Without it the comparisons are skipped, which they say.
nvidia_packages() {
    stamped nvidia "$root/tests/conformance/requirements.txt" -- install_nvidia
    [[ -d $build/nvidia ]] || rm "$build/stamps/nvidia" # tried again next time
}

install_nvidia() {
    say "NVIDIA's indexer"
    if ! python3 -m venv --clear "$build/nvidia" || ! "$build/nvidia/bin/python" -m pip install --quiet \
        --disable-pip-version-check --only-binary :all: -r "$root/tests/conformance/requirements.txt"; then
        say "NVIDIA's indexer cannot be installed here: comparisons with it will be skipped"
        rm -rf "$build/nvidia"
    fi
}

# Go and Rust, where they can be had: only their own clients need them, and say so when they are missing.
install_toolchains() {
    local use
    for use in go rust; do
        (install_packages "$use") || true
    done
}

# The toolchains of the clients; each says what is missing. Without one its client is not tested.
have_go() {
    at_least Go 1.19 go version
}

have_rust() {
    at_least Rust 1.85 cargo --version
}

have_node() {
    at_least Node.js 18.0 node --version && at_least npm 9.0 npm --version
}

# at_least NAME VERSION COMMAND...: whether the version that the command prints is that one or newer.
at_least() {
    local name=$1 least=$2 found
    shift 2
    command -v "$1" >/dev/null || { echo "no $name (at least $least is needed)"; return 1; }
    found=$("$@" 2>&1 | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1) || true
    [[ $found && $(printf '%s\n' "$least" "$found" | sort -V | head -n 1) == "$least" ]] ||
        { echo "$name is ${found:-of an unknown version}, at least $least is needed"; return 1; }
}

# build/node becomes a copy of clients/node with everything it depends on.
node_client() {
    mkdir -p "$build/node"
    (cd "$build/node" && rm -rf src test examples dist)
    (cd "$root/clients/node" && cp -r package.json package-lock.json tsconfig.json src test examples "$build/node/")
    stamped node "$root/clients/node/package-lock.json" -- install_node
}

install_node() {
    say "npm packages of clients/node"
    (cd "$build/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

# cargo for clients/rust, with everything it makes in build/rust.
rust_cargo() {
    (cd "$root/clients/rust" && CARGO_TARGET_DIR=$build/rust cargo "$@")
}

# The index library that ours is compared with, in a program that plays our operation files: build/chain_index.
chain_index() {
    CARGO_TARGET_DIR=$build/chain_index cargo build --quiet --release --locked \
        --manifest-path "$root/tests/bench/chain_index/Cargo.toml" ||
        say "kv-index cannot be built here: comparisons with it will be skipped"
}

# cmake_build NAME TARGETS... with the cmake arguments in the array cmake_args; TARGETS "all" builds everything.
cmake_build() {
    local dir=$build/$1 launcher=()
    shift
    if command -v ccache >/dev/null; then
        launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
    fi
    cmake -S "$root" -B "$dir" -G Ninja "${launcher[@]}" "${cmake_args[@]}" >"$dir.log" 2>&1 ||
        { cat "$dir.log" >&2; die "cmake failed"; }
    ninja -C "$dir" -j "$jobs" "$@" >"$dir.log" 2>&1 || { tail -n 100 "$dir.log" >&2; die "the build failed: $dir.log"; }
}
