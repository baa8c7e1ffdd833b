#!/bin/sh
# Is gen/API.md what the generator makes of the schemas? Exit 0 when equal, 1 when not, 77 when its tools are missing.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$root/src/codegen/reference_generate.sh" "$out/API.md"
if ! diff "$root/gen/API.md" "$out/API.md"; then
    echo "gen/API.md is stale: run ninja regen" >&2
    exit 1
fi
