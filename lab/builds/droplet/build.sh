#!/bin/sh
# Debian 13 as a cloud provider hands it out: the base image of the other machines with cloud-init and unattended upgrades, and without their
# administrator. Runs as root in an empty directory with OUT (directory to fill) and BASE (the result of debian-13) set. Packages come from the
# mirror of the host's own apt sources; LAB_DEBIAN_MIRROR names another one.
set -eu
here=$(dirname "$0")
mirror=${LAB_DEBIAN_MIRROR:-$(sh "$here/../debian-13/mirror" debian)}

cp -a "$BASE/root" "$OUT/root"
root=$OUT/root
apt-config dump | sed -n 's/^\(Acquire::\(http::Proxy\|https::Proxy\|Check-Valid-Until\|Check-Date\)\) "\(.*\)";$/\1 "\3";/p' >"$root/etc/apt/apt.conf.d/99build"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$root/etc/apt/build.list"
cp /etc/resolv.conf "$root/etc/resolv.conf"
in_root() {
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get --option Dir::Etc::SourceList=/etc/apt/build.list --option Dir::Etc::SourceParts=/nowhere \
        --option APT::Sandbox::User=root --option DPkg::Options::=--force-unsafe-io --yes --no-install-recommends "$@"
}
in_root update
in_root install cloud-init unattended-upgrades
in_root clean
rm -rf "$root/etc/apt/apt.conf.d/99build" "$root/etc/apt/build.list" "$root/etc/resolv.conf" "$root"/var/lib/apt/lists/*

sh "$here/customize" "$root" "$here"
