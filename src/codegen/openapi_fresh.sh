#!/bin/sh
# Is gen/http what the generator makes of the OpenAPI document? Exit 0 when equal, 1 when not, 77 when PyYAML is missing.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=/usr/bin/python3
if ! "$python" -c 'import yaml' 2>/dev/null; then
    echo "SKIPPED: $python has no PyYAML (python3-yaml): gen/http was not compared" >&2
    exit 77
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$python" -B "$root/src/codegen/openapi_generate.py" "$root/openapi/kvindex.v1.yaml" "$out"
if ! diff -r "$root/gen/http" "$out"; then
    echo "gen/http is stale: run ninja regen" >&2
    exit 1
fi
