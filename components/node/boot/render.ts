import { program } from "../../converge/command";
import type { DesiredFile, Role } from "../../converge/schema";
import type { Machine } from "../plan";

const wish = "/etc/sovereign-edge/boot.json";
const unit = "sovereign-edge-boot.service";
const unitFile = `/etc/systemd/system/${unit}`;
const watchdog = "/etc/systemd/system.conf.d/60-sovereign-edge-watchdog.conf";

/** Seconds after which the board's watchdog restarts a system that hangs. Its counter ends at 16; systemd takes no watchdog at all when asked for more. */
const watchdogSeconds = 14;

/** Packages of the role: Raspberry Pi OS 12 has no swap in compressed memory of its own. */
export function bootPackages({ os }: Machine): string[] {
    return os === "raspberry-pi-os-12" ? ["zram-tools"] : [];
}

/** Whether a machine is started by the firmware of a Raspberry Pi. */
export function isRaspberryPi({ profile }: Machine): boolean {
    return /^pi\d-/.test(profile);
}

/** Whether the role chooses the kernel of a machine, and with it the size of its pages. */
export function choosesKernel(machine: Machine): boolean {
    return hasFirmwareFiles(machine) && machine.profile.startsWith("pi5-") && machine.pageSize === 4096;
}

/** The role `boot` of a Raspberry Pi; nothing for other machines. */
export function renderBoot(machine: Machine): Role | undefined {
    if (!isRaspberryPi(machine)) return undefined;
    const swap = swapOf(machine);
    const guarded: Role = {
        ...swap,
        files: { ...swap.files, [watchdog]: fileOf(`[Manager]\nRuntimeWatchdogSec=${watchdogSeconds}\n`) },
        actions: { watchdog: { argv: ["systemctl", "daemon-reload"], on: { [watchdog]: true } } },
    };
    return hasFirmwareFiles(machine) ? withTrial(guarded, machine) : guarded;
}

/**
 * Whether `config.txt` and `cmdline.txt` are a person's to edit. Debian's and Ubuntu's tools write theirs anew with every
 * kernel, and their kernels have the memory cgroup and 4 KiB pages.
 */
function hasFirmwareFiles({ os }: Machine): boolean {
    return os.startsWith("raspberry-pi-os-");
}

/** With what the firmware is to be told, which it tries for one boot (`converge.py boot`). */
function withTrial(role: Role, machine: Machine): Role {
    const call = (what: string): string[] => ["/usr/bin/python3", "-I", program, "boot", what];
    return {
        ...role,
        files: { ...role.files, [wish]: fileOf(wishText(machine)), [unitFile]: fileOf(unitText) },
        units: { ...role.units, [unit]: { enabled: true, running: true } },
        actions: { ...role.actions, "stage-boot": { argv: call("stage"), on: { [wish]: true } } },
        removal: { boot: { argv: call("drop") } },
    };
}

/**
 * Lines for all models in config.txt, and words of cmdline.txt. The device tree of the firmware switches the memory cgroup
 * off, and with it every limit of memory; the later word wins (raspberrypi/linux#6980). A kernel that panics starts again, so
 * that a trial that fails so ends as well.
 */
function wishText(machine: Machine): string {
    const { os, pcie } = machine;
    const config = [
        ...(choosesKernel(machine) ? ["kernel=kernel8.img"] : []),
        ...(pcie === undefined ? [] : [`dtparam=pciex1_gen=${pcie}`]),
    ];
    const atBoot = os === "raspberry-pi-os-13" ? { swap: "in compressed memory, none on the disk" } : {};
    return `${JSON.stringify({ config, cmdline: ["cgroup_enable=memory", "panic=10"], atBoot }, undefined, 1)}\n`;
}

/** Swap in compressed memory: on a card it wears it out. Raspberry Pi OS 13 writes back to the disk unless told otherwise (rpi-swap). */
function swapOf({ os }: Machine): Pick<Role, "files" | "units"> {
    if (os === "raspberry-pi-os-13") {
        return { files: { "/etc/rpi/swap.conf.d/60-sovereign-edge.conf": fileOf("[Main]\nMechanism=zram\n") } };
    }
    if (os !== "raspberry-pi-os-12") return { files: {} };
    const settings = "/etc/default/zramswap";
    return {
        files: { [settings]: fileOf("ALGO=lz4\nPERCENT=50\n") },
        units: {
            "dphys-swapfile.service": { enabled: false, running: false, masked: true },
            "zramswap.service": { enabled: true, running: true, restartOn: { [settings]: true } },
        },
    };
}

const unitText = `[Unit]
Description=Keeps a boot configuration with which the machine is well (sovereign-edge)
After=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/python3 -I ${program} boot confirm
TimeoutStartSec=600

[Install]
WantedBy=multi-user.target
`;

/** A file of root's that everybody may read, with whose it is in its first line where the format has comments. */
function fileOf(text: string): DesiredFile {
    const head = text.startsWith("{") ? "" : "# Of sovereign-edge.\n";
    return { mode: "0644", owner: "root:root", text: `${head}${text}` };
}
