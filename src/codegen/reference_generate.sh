#!/bin/sh
# Writes the API reference of proto/ and openapi/ to the file OUT. Exit 77 when the tools are missing.
set -eu
if [ $# -ne 1 ]; then
    echo "usage: $0 OUT" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
skip() {
    echo "SKIPPED: $1" >&2
    exit 77
}
command -v protoc >/dev/null || skip "protoc is not installed (protobuf-compiler)"
/usr/bin/python3 -c "import google.protobuf" 2>/dev/null || skip "python3-protobuf is not installed"
/usr/bin/python3 -c "import yaml" 2>/dev/null || skip "python3-yaml is not installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
protoc -I "$root/proto" --include_source_info --descriptor_set_out="$work/descriptors" kvindex/v1/kvindex.proto
/usr/bin/python3 -B "$root/src/codegen/reference_generate.py" "$root/openapi/kvindex.v1.yaml" "$work/descriptors" kvindex.v1 "$1"
