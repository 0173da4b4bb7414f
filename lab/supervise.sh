#!/bin/sh
# A machine's power supply: boots it, boots it again after `reboot`, ends when it is switched off or cut.
# usage: supervise.sh NAME NAMESPACE BASE FOLDER RUN CGROUP; runs in a mount namespace of its own, so that the disk is unmounted by its end.
set -u
name=$1 namespace=$2 base=$3 folder=$4 run=$5 cgroup=$6

echo $$ >"$cgroup/cgroup.procs"
mount -t overlay "lab-$name" -o "lowerdir=$base,upperdir=$folder/upper,workdir=$folder/work" "$folder/root" || exit 1
while :; do
    # The machine sees the unified control groups only, also on a host that still has the old ones.
    # Settings of its own network are its own affair, as on real machines.
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network systemd-nspawn --quiet --directory="$folder/root" --machine="$name" --boot \
        --register=no --keep-unit --network-namespace-path="/run/netns/$namespace" --capability=CAP_NET_ADMIN,CAP_NET_RAW \
        --bind=/dev/net/tun --resolv-conf=off --timezone=off --link-journal=no --console=read-only --kill-signal=SIGRTMIN+3 </dev/null
    code=$?
    [ "$code" = 133 ] || break
    nsenter "--net=/run/netns/$namespace" nft flush ruleset # 133 = reboot; a kernel that starts anew has no rules
done
[ "$code" != 0 ] || : >"$run/off"
exit "$code"
