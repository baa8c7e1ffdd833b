#!/bin/sh
# gen/proto and gen/rpc are what the generator makes of proto/ today. Exit 77 when its tools are not the pinned ones.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$root/src/codegen/proto_generate.sh" "$out"
status=0
for part in proto rpc; do
    diff -r "$root/gen/$part" "$out/$part" || status=1
done
[ $status -eq 0 ] || echo "gen/ is not fresh: run ninja regen" >&2
exit $status
