#!/bin/sh
# Debian 13 as a plain installation leaves it, in a directory that the machines lay their disks over (overlay's lower layer).
# Runs as root in an empty directory with OUT (directory to fill) set. Packages come from the mirror of the host's own apt sources;
# LAB_DEBIAN_MIRROR names another one.
set -eu
here=$(dirname "$0")

mirror=${LAB_DEBIAN_MIRROR:-$(sh "$here/mirror" debian)}
security=$(sh "$here/mirror" debian-security || true)
include=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,python3,ca-certificates,curl,iproute2,iputils-ping,procps,nftables
include=$include,kmod,netbase,less,vim-tiny,tzdata,wireguard-go

set -- --mode=root --variant=apt --include="$include" --format=directory --skip=cleanup/apt/lists \
    --dpkgopt='force-unsafe-io' --customize-hook="$here/customize" trixie "$OUT/root" \
    "deb $mirror trixie main" "deb $mirror trixie-updates main"
[ -z "$security" ] || set -- "$@" "deb $security trixie-security main"
apt-config dump | sed -n 's/^\(Acquire::\(http::Proxy\|https::Proxy\|Check-Valid-Until\|Check-Date\)\) "\(.*\)";$/\1 "\3";/p' >apt.conf
mmdebstrap --aptopt="$PWD/apt.conf" "$@"
