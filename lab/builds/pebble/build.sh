#!/bin/sh
# Pebble 2.10.1, the ACME server of the lab's internet. Runs with OUT (directory to fill) set.
set -eu
cd "$(dirname "$0")"
CGO_ENABLED=0 GOGC=400 go build -mod=readonly -trimpath -buildvcs=false -ldflags "-w -s" \
    -o "$OUT/pebble" github.com/letsencrypt/pebble/v2/cmd/pebble
