#!/bin/sh
# Debian 11 with its Python, 3.9, the oldest that converge.py runs on, in a directory that the tests of converge.py are run in.
# Runs as root in an empty directory with OUT (directory to fill) set. Packages come from the mirror of the host's own apt sources;
# LAB_DEBIAN_11_MIRROR names another one, for instance an archive of old releases once the mirror has let this one go.
set -eu
here=$(dirname "$0")
mirror=${LAB_DEBIAN_11_MIRROR:-${LAB_DEBIAN_MIRROR:-$(sh "$here/../debian-13/mirror" debian)}}

apt-config dump | sed -n 's/^\(Acquire::\(http::Proxy\|https::Proxy\|Check-Valid-Until\|Check-Date\)\) "\(.*\)";$/\1 "\3";/p' >apt.conf
mmdebstrap --aptopt="$PWD/apt.conf" --mode=root --variant=essential --include=python3 --format=directory --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bullseye "$OUT/root" "deb $mirror bullseye main" || {
    echo "Debian 11 could not be made from $mirror. If that mirror no longer has it, set LAB_DEBIAN_11_MIRROR=http://…/debian to one that has." >&2
    exit 1
}
