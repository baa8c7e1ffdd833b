#!/bin/sh
# Generates gen/proto and gen/rpc from proto/ into the folder OUT.
# The standard services come from Debian's grpc-proto package.
# Exit 77 when the tools are missing or of other versions than those the checked-in files were made with.
set -eu
if [ $# -ne 1 ]; then
    echo "usage: $0 OUT" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$1
standard=/usr/share/grpc-proto
files="kvindex/v1/kvindex.proto grpc/health/v1/health.proto grpc/reflection/v1/reflection.proto"
twin=grpc/reflection/v1alpha/reflection.proto # the wire format of v1, so its messages need no C types

skip() {
    echo "SKIPPED: $1" >&2
    exit 77
}
command -v protoc >/dev/null || skip "protoc is not installed (protobuf-compiler)"
command -v protoc-c >/dev/null || skip "protoc-c is not installed (protobuf-c-compiler)"
[ "$(protoc --version)" = "libprotoc 3.21.12" ] || skip "protoc is $(protoc --version), not 3.21.12"
[ "$(protoc-c --version | head -n 1)" = "protobuf-c 1.4.1" ] || skip "protoc-c is not 1.4.1"
[ -f "$standard/$twin" ] || skip "the standard .proto files are not installed (grpc-proto)"
/usr/bin/python3 -c "import google.protobuf" 2>/dev/null || skip "python3-protobuf is not installed"

mkdir -p "$out/proto" "$out/rpc"
export PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086 # $files is a list of words, here and below
protoc -I "$root/proto" -I "$standard" --include_imports --include_source_info \
    --descriptor_set_out="$work/all" $files
/usr/bin/python3 "$root/src/codegen/proto_drop_services.py" <"$work/all" >"$work/messages"
# shellcheck disable=SC2086
protoc-c --descriptor_set_in="$work/messages" --c_out="$out/proto" $files
# shellcheck disable=SC2086
protoc -I "$root/proto" -I "$standard" \
    --plugin=protoc-gen-kvindex="$root/src/codegen/protoc_gen_kvindex.py" \
    --kvindex_out=name=kvindex,twin=grpc.reflection.v1alpha/grpc.reflection.v1:"$out/rpc" $files $twin
