#!/bin/sh
# Linux as a program (User-mode Linux), from the source package of Debian 13, with little more than the machines of the lab need: nftables with the
# family inet and WireGuard, which Debian's own package of it lacks, and half of its boot time.
# Runs in an empty directory with OUT (directory to fill) and JOBS set. Packages come from the mirror of the host's own apt sources;
# LAB_DEBIAN_MIRROR names another one.
set -eu
here=$(dirname "$0")
[ "$(uname -m)" = x86_64 ] || exit 0 # It runs on PCs only.
mirror=${LAB_DEBIAN_MIRROR:-$(sh "$here/../debian-13/mirror" debian)}

# The host's apt with sources and lists of its own.
mkdir -p state/lists/partial cache/archives/partial
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >sources.list
own_apt() {
    apt-get --quiet --option Dir::State="$PWD/state" --option Dir::Cache="$PWD/cache" --option Dir::Etc::SourceList="$PWD/sources.list" \
        --option Dir::Etc::SourceParts=/nowhere --option APT::Architecture=amd64 --option Acquire::Languages=none --option APT::Sandbox::User=root "$@"
}
own_apt update
own_apt download linux-source-6.12
dpkg-deb --fsys-tarfile linux-source-6.12_*.deb | tar --extract --to-stdout --wildcards '*/linux-source-6.12.tar.xz' | xz --decompress |
    tar --extract --exclude-from="$here/unused"

cd linux-source-6.12
# The registers of a process, in bytes: 2,696 do not hold those of a host with AMX (11,008), and no process would start. A smaller host
# takes what it has of them. They stand on the kernel's stack too, hence its size in kernel.config.
sed -i 's/(HOST_FP_SIZE, 2696)/(HOST_FP_SIZE, 12288)/' arch/x86/um/user-offsets.c
grep -q '(HOST_FP_SIZE, 12288)' arch/x86/um/user-offsets.c
make ARCH=um KCONFIG_ALLCONFIG="$here/kernel.config" allnoconfig
sh "$here/missing" "$here/kernel.config" .config
make ARCH=um -j "$JOBS"
make ARCH=um INSTALL_MOD_PATH="$OUT" INSTALL_MOD_STRIP=1 modules_install
mv "$OUT/lib/modules" "$OUT/modules"
rmdir "$OUT/lib"
rm -f "$OUT"/modules/*/build # a link to where it was built
strip --output-file="$OUT/linux" linux
