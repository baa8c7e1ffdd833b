#!/bin/sh
# Lints openapi/ with spectral. Exit 77, loudly, when spectral is not installed.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
spectral=$root/build/npm/node_modules/.bin/spectral
[ -x "$spectral" ] || spectral=$(command -v spectral-cli || true)
if [ -z "$spectral" ]; then
    echo "SKIPPED: spectral (npm @stoplight/spectral-cli) is not installed: openapi/ was not linted" >&2
    exit 77
fi
exec "$spectral" lint --fail-severity warn "$root/openapi/kvindex.v1.yaml" --ruleset "$root/openapi/.spectral.yaml"
