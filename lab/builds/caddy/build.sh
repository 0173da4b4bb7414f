#!/bin/sh
# Caddy 2.11.4 as upstream's release archive holds it. Runs in an empty directory with OUT (directory to fill) set.
set -eu
here=$(dirname "$0")
work=$PWD
version=2.11.4
(
    cd "$here"
    CGO_ENABLED=0 GOGC=400 go build -mod=readonly -trimpath -buildvcs=false -tags nobadger,nomysql,nopgx \
        -ldflags "-w -s -X github.com/caddyserver/caddy/v2.CustomVersion=v$version" \
        -o "$work/caddy" github.com/caddyserver/caddy/v2/cmd/caddy
)
tar --sort=name --mtime=@1735689600 --owner=0 --group=0 --numeric-owner -cf - caddy | gzip -n >"$OUT/caddy_${version}_linux_amd64.tar.gz"
