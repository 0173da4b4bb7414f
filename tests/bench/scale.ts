import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { machineNamed } from "../../lab/roster";
import { Engine } from "../lab/program/drive";
import type { RawFleet, RawNode } from "../lab/program/raw";
import { file, spare, start } from "../lab/program/spare";
import { lab, must, operator } from "../lab/support";
import { measure, type Row } from "./measure";
import { Clocked, takenBy, takenDuring } from "./processor";

const machines = ["box", "crate"];
/** Nodes on each machine: names of one user, with a root directory, a lock and a state of their own. */
const each = 60;
const roles = 6;
/** Commands of a wave in which every role has changed: the roles, and the node's `finish`. */
const commands = machines.length * each * (roles + 1);
/** Logins by which it is measured what one takes. */
const logins = 50;

/** `--root` goes behind every command line of a node, so that the production line needs no change. */
const sudo = `#!/bin/sh
case $USER in
n[0-9]*) exec /usr/bin/sudo "$@" --root "/srv/nodes/$USER" ;;
esac
exec /usr/bin/sudo "$@"
`;

const nameOf = (machine: number, index: number): string => `n${String(machine * each + index).padStart(3, "0")}`;

/**
 * Makes a machine's nodes. One user under sixty names: sixty users would be sixty of systemd's user managers, which no
 * machine of a fleet has. Sixty log in at once, which a machine with one would refuse.
 */
async function prepare(machine: number): Promise<void> {
    const names = Array.from({ length: each }, (_, index) => nameOf(machine, index)).join(" ");
    const script = `set -eu
        cat >/usr/local/bin/sudo; chmod 0755 /usr/local/bin/sudo
        echo 'MaxStartups 500' >/etc/ssh/sshd_config.d/10-bench.conf; systemctl reload ssh
        echo "#2000 ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/bench
        for name in ${names}; do
            id $name >/dev/null 2>&1 || useradd --non-unique --uid 2000 --create-home --shell /bin/sh $name
            install -d -o $name -m 0700 /home/$name/.ssh
            install -o $name -m 0600 /home/admin/.ssh/authorized_keys /home/$name/.ssh/authorized_keys
            mkdir -p /srv/nodes/$name/etc; cp /etc/passwd /etc/group /srv/nodes/$name/etc
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

/** Processor time of a node for one login that runs a command, in milliseconds. */
async function ofLogin(folder: string, command: string): Promise<number> {
    const [machine] = machines as [string];
    const { address } = machineNamed(machine);
    const known = join(folder, "known_hosts");
    writeFileSync(known, `${address} ${spare(machine, {}).hostKey}\n`);
    const ssh = `ssh -F none -o BatchMode=yes -o UserKnownHostsFile=${known} ${nameOf(0, 0)}@${address} '${command}' </dev/null`;
    const all = (): Promise<unknown> => operator(["sh", "-ec", `for i in $(seq ${logins}); do ${ssh}; done`]);
    return (await takenDuring([machine], all)) / logins;
}

const must0 = async (what: string, run: ReturnType<Engine["up"]>): Promise<void> => {
    const { code, text } = await run;
    if (code !== 0) throw new Error(`${what} ended with ${code}:\n${text.slice(-3000)}`);
};

/** A row of one figure. */
const row = (name: string, ms: number): Row => ({ name, times: [ms] });

/**
 * 120 nodes with six roles each, all changed: the whole, the engine alone, and who took how much processor time, in
 * milliseconds. On a busy computer only the latter says something.
 */
export async function scaleRows(): Promise<Row[]> {
    await start(...machines);
    await Promise.all(machines.map((_, machine) => prepare(machine)));
    const clock = new Clocked(operator);
    const engine = await Engine.make(clock.start, { PULUMI_SKIP_CHECKPOINTS: "true" });
    try {
        // The program itself, and the unit that systemctl is told of, lie under no root of their own.
        await must0(
            "the machines' own up",
            engine.up({ nodes: Object.fromEntries(machines.map((m) => [m, spare(m, {})])) }),
        );
        await must0("the first up", engine.up(fleetOf(0)));
        const before = takenBy(machines);
        let version = 0;
        const changed = await measure("120 nodes × 6 roles, all changed: up", 1, () => {
            version += 1;
            return must0("an up", engine.up(fleetOf(version)));
        });
        const [ofEngine, ofNodes] = [clock.last, (takenBy(machines) - before) / version];
        const idle = await measure("the same, nothing changed: engine alone", 1, () =>
            must0("an unchanged up", engine.up(fleetOf(version))),
        );
        const ofIdle = clock.last;
        const login = await ofLogin(engine.folder, "true");
        const bare = await ofLogin(engine.folder, "sudo -n python3 -I -c pass");
        return [
            changed,
            idle,
            row("processor time of the engine and its plugins", ofEngine),
            row("of these, when nothing changed", ofIdle),
            row("of the nodes: sshd and the session", login * commands),
            row("of the nodes: sudo and Python's own start", (bare - login) * commands),
            row("of the nodes: converge.py", ofNodes - bare * commands),
        ];
    } finally {
        engine.dispose();
        for (const machine of machines) await lab("power", "off", machine);
    }
}
