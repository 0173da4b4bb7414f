import { spareKey } from "../../components/pi/seed";

/** Sets `file` to the ed25519 key that sshd shows: the first of that type in its settings; a second one is never shown. */
const find = `set -eu
file=
for each in $(/usr/sbin/sshd -T 2>/dev/null | sed -n 's/^hostkey //p'); do
    case "$(ssh-keygen -y -P '' -f "$each" 2>/dev/null)" in "ssh-ed25519 "*) file=$each; break ;; esac
done
[ -n "$file" ] || { echo 'sshd has no ed25519 host key' >&2; exit 1; }
`;

/** POSIX sh, as root: makes the key that replaces the one in use, unless it is there, and prints its public half. */
export const makeNext = `${find}
if [ ! -s "$file.next.pub" ]; then
    rm -f "$file.next"
    ssh-keygen -q -t ed25519 -N '' -C "root@$(hostname)" -f "$file.next"
    sync
fi
cat "$file.next.pub"
`;

/** Puts that key in the place of the card's and has sshd show it; the session it runs in goes on. */
export const switchOver = `${find}
[ ! -e "$file.next" ] || mv -f "$file.next" "$file"
[ ! -e "$file.next.pub" ] || mv -f "$file.next.pub" "$file.pub"
sync
systemctl reload-or-restart ssh
`;

/** Seconds until a node shows its old host key again when nobody has logged in under the new one. */
export const hostKeyWindow = 60;

const revertUnit = "sovereign-edge-host-key";

/**
 * Does the same as a confirmed commit: the old key stays beside the new one, and comes back by itself unless `keepNext` runs
 * within `hostKeyWindow`. A machine that is started anew in between keeps the new one: both are pinned until then.
 */
export const switchConfirmed = `${find}
[ -s "$file.next" ] && [ -s "$file.next.pub" ] || { echo 'the next host key is not there' >&2; exit 1; }
back="[ ! -e $file.before ] || { mv -f $file.before $file; mv -f $file.before.pub $file.pub; sync; systemctl reload-or-restart ssh; }"
systemctl stop ${revertUnit}.timer 2>/dev/null || true
cp -p "$file" "$file.before"
ssh-keygen -y -P '' -f "$file" > "$file.before.pub"
systemd-run --quiet --collect --unit=${revertUnit} --on-active=${hostKeyWindow} --timer-property=AccuracySec=1 /bin/sh -c "$back"
mv -f "$file.next" "$file"
mv -f "$file.next.pub" "$file.pub"
sync
if /usr/sbin/sshd -t && systemctl reload-or-restart ssh; then exit 0; fi
sh -c "$back" || true
systemctl stop ${revertUnit}.timer || true
echo 'sshd does not take the new key; the old one is back' >&2
exit 1
`;

/** Keeps the key that the session came in under. */
export const keepNext = `${find}
systemctl stop ${revertUnit}.timer 2>/dev/null || true
rm -f "$file.before" "$file.before.pub" "$file.next" "$file.next.pub"
sync
`;

/** Removes the key that was to replace the one in use. */
export const dropNext = `${find}
rm -f "$file.next" "$file.next.pub"
`;

/**
 * Removes what the card held from it and from where cloud-init copied it, and keeps cloud-init from making the machine anew.
 * What a network needs (its Wi-Fi key) stays in the system's own settings, for root alone.
 */
export const scrub = `${find}
[ ! -e "$file.next.pub" ] || mv -f "$file.next.pub" "$file.pub"
for boot in /boot/firmware /boot; do
    rm -f "$boot/user-data" "$boot/network-config" "$boot/meta-data" "$boot/firstrun.sh"
done
[ ! -d /etc/cloud ] || : > /etc/cloud/cloud-init.disabled
rm -f ${spareKey}
rm -rf /var/lib/cloud/seed /var/lib/cloud/instances /var/lib/cloud/instance /run/cloud-init/instance-data*.json /run/cloud-init/combined-cloud-config.json
sync
`;
