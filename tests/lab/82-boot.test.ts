import { renderBoot } from "../../components/node/boot/render";
import { planMachines } from "../../components/node/plan";
import { inventorySchema } from "../../components/fleet/schema";
import type { Role } from "../../components/converge/schema";
import { Engine } from "./program/drive";
import { attempt, file, fleetOf, start, textOf } from "./program/spare";
import { fleet, must, note, on, operator, until, withInventory } from "./support";

/*
 * The boot configuration of a Raspberry Pi on a machine that has its files, and a unit in the place of its firmware: that
 * takes tryboot.txt for one boot when the restart asked for it, as on a Pi. Then a restart that `up` does by itself.
 */

const program = ["python3", "-I", "/usr/local/lib/sovereign-edge/converge.py"] as const;
const config = "# The person's own.\ndtparam=audio=on\n\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n";
const cmdline = "console=tty1 root=PARTUUID=12345678-02 rootfstype=ext4 fsck.repair=yes rootwait\n";

const firmware = `#!/bin/sh
boot=/boot/firmware
if [ "$1" = stop ]; then
    cat /run/systemd/reboot-param >/var/lib/reboot-param
    exit
fi
name=cmdline.txt
if [ "$(cat /var/lib/reboot-param)" = '0 tryboot' ] && [ -e $boot/tryboot.txt ]; then
    name=$(sed -n 's/^cmdline=//p' $boot/tryboot.txt)
fi
rm -f /var/lib/reboot-param
cp $boot/$name /run/cmdline
mount --bind /run/cmdline /proc/cmdline
`;
const firmwareUnit = `[Unit]
Before=sovereign-edge-boot.service witness.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/firmware start
ExecStop=-/usr/local/sbin/firmware stop

[Install]
WantedBy=multi-user.target
`;

/** A service that does not stand a kernel with \`bad=1\`. */
const witness: Role = {
    files: {
        "/etc/systemd/system/witness.service": file(
            "[Service]\nExecStart=sh -c '! grep -w bad=1 /proc/cmdline && exec sleep infinity'\n[Install]\nWantedBy=multi-user.target\n",
        ),
    },
    units: { "witness.service": { enabled: true, running: true } },
};

const { pi } = planMachines(
    inventorySchema.parse({
        version: 1,
        fleet: "raw",
        nodes: { pi: { hardware: "pi5-8gb", pages: "4k", address: "192.168.1.2" } },
    }),
);
const good = renderBoot(pi!)!;
const wish = "/etc/sovereign-edge/boot.json";
const bad: Role = {
    ...good,
    files: { ...good.files, [wish]: file(good.files![wish]!.text.replace("panic=10", "bad=1")) },
};

interface Report {
    readonly needed: readonly string[];
    readonly failed: readonly string[];
    readonly trying: boolean;
    readonly boot: string;
}

async function report(): Promise<Report> {
    return (JSON.parse((await on("box", ...program, "status")).stdout) as { reboot: Report }).reboot;
}

/** Restarts box, and waits until a trial is over and the firmware has read its usual files. */
async function restart(seconds: number): Promise<void> {
    const { boot } = await report();
    await on("box", ...program, "reboot");
    await until("the restart of box", seconds, async () => {
        const { code, stdout } = await attempt("box", ...program, "status");
        if (code !== 0) return false;
        const { reboot } = JSON.parse(stdout) as { reboot: Report };
        if (reboot.boot === boot || reboot.trying) return false;
        const onTrial = await attempt("box", "grep", "sovereign_edge.try", "/proc/cmdline");
        return reboot.failed.length === 0 || onTrial.code === 1;
    });
}

/** What the firmware reads at a usual boot, and what else lies there. */
async function partition(): Promise<{ config: string; cmdline: string; names: string }> {
    const [one, two] = await Promise.all(
        ["config.txt", "cmdline.txt"].map((name) => textOf("box", `/boot/firmware/${name}`)),
    );
    return { config: one!, cmdline: two!, names: (await on("box", "ls", "/boot/firmware")).stdout };
}

const block = "# Begin of sovereign-edge\n[all]\nkernel=kernel8.img\n# End of sovereign-edge\n";
const kept = {
    config: config + block,
    cmdline: `${cmdline.trim()} cgroup_enable=memory panic=10\n`,
    names: "cmdline.txt\nconfig.txt\n",
};

let engine: Engine;

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    await start("box");
    const put = async (path: string, text: string, mode = "0644"): Promise<void> => {
        await on(
            "box",
            "sh",
            "-c",
            'mkdir -p "$(dirname "$1")"; printf %s "$2" >"$1"; chmod "$3" "$1"',
            "sh",
            path,
            text,
            mode,
        );
    };
    await put("/boot/firmware/config.txt", config);
    await put("/boot/firmware/cmdline.txt", cmdline);
    await put("/usr/local/sbin/firmware", firmware, "0755");
    await put("/etc/systemd/system/firmware.service", firmwareUnit);
    await on("box", "systemctl", "enable", "--now", "firmware.service");
    engine = await Engine.make(operator);
});

afterAll(async () => {
    engine.dispose();
    await attempt("box", "systemctl", "disable", "--now", "firmware.service");
    await attempt("box", "sh", "-c", "umount /proc/cmdline; rm -rf /boot/firmware /usr/local/sbin/firmware");
});

test("a change is tried for one boot, and stays when the machine is well", async () => {
    const up = await engine.up(fleetOf("box", { boot: good, witness }));
    expect([up.code, up.text]).toEqual([0, expect.anything()]);
    expect(await partition()).toMatchObject({ config, cmdline });
    expect((await report()).needed).toEqual([
        "the boot configuration changes: kernel=kernel8.img, cgroup_enable=memory, panic=10",
        "swap changes: in compressed memory, none on the disk",
    ]);
    await restart(120);
    expect(await report()).toMatchObject({ needed: [], failed: [] });
    expect(await partition()).toEqual(kept);
    const again = await engine.up(fleetOf("box", { boot: good, witness }));
    expect([again.code, again.text]).toEqual([0, expect.stringMatching(/\d+ unchanged/)]);
    expect(again.text).not.toMatch(/ (created|updated|changed)/);
});

test("a change with which a service does not run is taken back by itself", async () => {
    expect((await engine.up(fleetOf("box", { boot: bad, witness }))).code).toBe(0);
    // The trial, and the restart that ends it.
    await restart(400);
    const { failed, needed } = await report();
    expect(failed).toEqual(["bad=1, without panic=10: witness.service did not run"]);
    expect(needed).toEqual([]);
    expect(await partition()).toEqual(kept);
    expect((await on("box", "systemctl", "is-active", "witness.service")).stdout).toBe("active\n");
    note("boot-history.txt", (await on("box", "cat", "/var/log/sovereign-edge/history.jsonl")).stdout);
});

test("leaving puts the files back as the person had them", async () => {
    expect((await engine.up(fleetOf("box", { witness }))).code).toBe(0);
    expect(await partition()).toEqual({ config, cmdline, names: "cmdline.txt\nconfig.txt\n" });
});

test("up says that a node needs a reboot, and restarts it only where the inventory allows it", async () => {
    const line = "alice:    { hardware: amd64-1gb, ";
    expect((await fleet("up")).code).toBe(0);
    await on("alice", "sh", "-c", "echo linux-image-6.12 >/run/reboot-required.pkgs; touch /run/reboot-required");
    expect((await fleet("status")).text).toContain("alice: needs a reboot: updated: linux-image-6.12");
    const bootOf = async (): Promise<string> => (await on("alice", "cat", "/proc/sys/kernel/random/boot_id")).stdout;
    const before = await bootOf();
    expect((await fleet("up")).code).toBe(0);
    expect(await bootOf()).toBe(before);
    await withInventory([[line, `${line}reboot: allowed, `]], async () => {
        const up = await fleet("up");
        note("boot-up.txt", `${up.text}\n${up.seconds} s`);
        expect([up.code, up.text]).toEqual([0, expect.anything()]);
        expect(up.text).toContain("alice is restarted: updated: linux-image-6.12");
        expect(up.text).toMatch(/alice is back and well after [\d.]+ s/);
        expect(await bootOf()).not.toBe(before);
        expect((await fleet("up")).text).not.toContain("restarted");
    });
});
