#!/bin/sh
# A disk for User-mode Linux machines: the base image of the other machines with what such a machine lacks, as a sparse ext4 file.
# Runs as root in an empty directory with OUT (directory to fill) and BASE (the result of debian-13) set. Packages come from the mirror of the
# host's own apt sources; LAB_DEBIAN_MIRROR names another one.
set -eu
here=$(dirname "$0")
mirror=${LAB_DEBIAN_MIRROR:-$(sh "$here/../debian-13/mirror" debian)}

cp -a "$BASE/root" root
# wg and wg-quick, and nothing that they merely recommend.
apt-config dump | sed -n 's/^\(Acquire::\(http::Proxy\|https::Proxy\|Check-Valid-Until\|Check-Date\)\) "\(.*\)";$/\1 "\3";/p' >root/etc/apt/apt.conf.d/99build
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >root/etc/apt/build.list
cp /etc/resolv.conf root/etc/resolv.conf
in_root() {
    chroot root env DEBIAN_FRONTEND=noninteractive apt-get --option Dir::Etc::SourceList=/etc/apt/build.list --option Dir::Etc::SourceParts=/nowhere \
        --option APT::Sandbox::User=root --option DPkg::Options::=--force-unsafe-io --yes --no-install-recommends "$@"
}
in_root update
in_root install wireguard-tools
in_root clean
rm -rf root/etc/apt/apt.conf.d/99build root/etc/apt/build.list root/etc/resolv.conf root/var/lib/apt/lists/*

sh "$here/customize" root "$here"
truncate --size=2G "$OUT/root.ext4"
# Without lazy initialisation the machine's kernel does not write on a disk at rest; without reserved blocks a full disk is full for root too.
mke2fs -q -t ext4 -m 0 -E lazy_itable_init=0,lazy_journal_init=0 -d root "$OUT/root.ext4"
