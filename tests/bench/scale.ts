import type { RawFleet, RawNode } from "../lab/program/raw";
import { Engine } from "../lab/program/drive";
import { file, spare, start } from "../lab/program/spare";
import { lab, must, on, operator } from "../lab/support";
import { measure, type Row } from "./measure";

/** The machines that all nodes are on. */
export const machines = ["box", "crate"];
/** Nodes on each machine: users with a root directory, a lock and a state of their own. */
const each = 60;
const roles = 6;

/** `--root` goes behind every command line of a user, so that the production line needs no change. */
const sudo = `#!/bin/sh
case $(id -un) in
n[0-9]*) exec /usr/bin/sudo "$@" --root "/srv/nodes/$(id -un)" ;;
esac
exec /usr/bin/sudo "$@"
`;

/** Login of a node, and its name. */
export const nameOf = (machine: number, index: number): string => `n${String(machine * each + index).padStart(3, "0")}`;

/** Makes a machine's users, with nothing under their roots; sixty of them log in at once, which a machine with one would refuse. */
export async function prepare(machine: number): Promise<void> {
    const names = Array.from({ length: each }, (_, index) => nameOf(machine, index)).join(" ");
    const script = `set -eu
        cat >/usr/local/bin/sudo; chmod 0755 /usr/local/bin/sudo
        echo 'MaxStartups 500' >/etc/ssh/sshd_config.d/10-bench.conf; systemctl reload ssh
        for name in ${names}; do
            id $name >/dev/null 2>&1 || useradd --create-home --shell /bin/sh $name
            install -d -o $name -m 0700 /home/$name/.ssh
            install -o $name -m 0600 /home/admin/.ssh/authorized_keys /home/$name/.ssh/authorized_keys
            echo "$name ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/$name
            rm -rf /srv/nodes/$name; mkdir -p /srv/nodes/$name/etc; cp /etc/passwd /etc/group /srv/nodes/$name/etc
        done`;
    await must(["tools/node", "lab/main.ts", "exec", machines[machine]!, "--", "sh", "-c", script], { input: sudo });
}

/** Every node with six roles of four kilobytes; the version is in all of them. */
function fleetOf(version: number): RawFleet {
    const text = `a line of version ${version}\n`.repeat(200);
    const states = Object.fromEntries(
        Array.from({ length: roles }, (_, role) => [`role-${role}`, { files: { [`/etc/bench/${role}`]: file(text) } }]),
    );
    const nodes = machines.flatMap((machine, number) =>
        Array.from({ length: each }, (_, index): [string, RawNode] => {
            const name = nameOf(number, index);
            return [name, { ...spare(machine, states), user: name, road: 30_000 + number * each + index }];
        }),
    );
    return { nodes: Object.fromEntries(nodes) };
}

/** Milliseconds that the runs of converge.py on a machine took by their own count. */
async function ownCount(machine: string): Promise<number> {
    const logs = await on(machine, "sh", "-c", "cat /srv/nodes/*/var/log/sovereign-edge/history.jsonl");
    return logs.stdout
        .split("\n")
        .filter((line) => line !== "")
        .reduce((sum, line) => sum + (JSON.parse(line) as { ms: number }).ms, 0);
}

/** Waits for an up that has to end well. */
export const must0 = async (what: string, run: ReturnType<Engine["up"]>): Promise<void> => {
    const { code, text } = await run;
    if (code !== 0) throw new Error(`${what} ended with ${code}:\n${text.slice(-3000)}`);
};

/** 120 nodes with six roles each, all changed: the whole, the engine alone, and what converge.py counted itself, in milliseconds. */
export async function scaleRows(): Promise<Row[]> {
    await start(...machines);
    await Promise.all(machines.map((_, machine) => prepare(machine)));
    const engine = await Engine.make(operator, { PULUMI_SKIP_CHECKPOINTS: "true" });
    try {
        // The program itself, and the unit that systemctl is told of, lie under no root of their own.
        await must0(
            "the machines' own up",
            engine.up({ nodes: Object.fromEntries(machines.map((m) => [m, spare(m, {})])) }),
        );
        await must0("the first up", engine.up(fleetOf(0)));
        const before = await Promise.all(machines.map(ownCount));
        let version = 0;
        const changed = await measure("120 nodes × 6 roles, all changed: up", 1, () => {
            version += 1;
            return must0("an up", engine.up(fleetOf(version)));
        });
        const after = await Promise.all(machines.map(ownCount));
        const own = after.reduce((sum, ms, index) => sum + ms - (before[index] ?? 0), 0) / version;
        const idle = await measure("the same, nothing changed: engine alone", 1, () =>
            must0("an unchanged up", engine.up(fleetOf(version))),
        );
        return [changed, idle, { name: "converge.py's own count, over two cores", times: [own / 2] }];
    } finally {
        engine.dispose();
        for (const machine of machines) await lab("power", "off", machine);
    }
}
