import { spareKey } from "../../components/pi/seed";

const key = "/etc/ssh/ssh_host_ed25519_key";

/** POSIX sh, as root: makes the key that replaces the card's, unless it is there, and prints its public half. */
export const makeNext = `set -eu
if [ ! -s ${key}.next.pub ]; then
    rm -f ${key}.next
    ssh-keygen -q -t ed25519 -N '' -C "root@$(hostname)" -f ${key}.next
    sync
fi
cat ${key}.next.pub
`;

/** Puts that key in the place of the card's and has sshd show it; the session it runs in goes on. */
export const switchOver = `set -eu
[ ! -e ${key}.next ] || mv -f ${key}.next ${key}
[ ! -e ${key}.next.pub ] || mv -f ${key}.next.pub ${key}.pub
sync
systemctl reload-or-restart ssh
`;

/**
 * Removes what the card held from it and from where cloud-init copied it, and keeps cloud-init from making the machine anew.
 * What a network needs (its Wi-Fi key) stays in the system's own settings, for root alone.
 */
export const scrub = `set -eu
[ ! -e ${key}.next.pub ] || mv -f ${key}.next.pub ${key}.pub
for boot in /boot/firmware /boot; do
    rm -f "$boot/user-data" "$boot/network-config" "$boot/meta-data" "$boot/firstrun.sh"
done
[ ! -d /etc/cloud ] || : > /etc/cloud/cloud-init.disabled
rm -f ${spareKey}
rm -rf /var/lib/cloud/seed /var/lib/cloud/instances /var/lib/cloud/instance /run/cloud-init/instance-data*.json /run/cloud-init/combined-cloud-config.json
sync
`;
