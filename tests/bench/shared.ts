import { pace } from "../../tools/cli/pulumi";
import { Engine } from "../lab/program/drive";
import { spare, start } from "../lab/program/spare";
import { lab, must, operator } from "../lab/support";
import type { Row } from "./measure";
import { Clocked } from "./processor";

/** The machines that all nodes are on. */
export const machines = ["box", "crate"];
/** Nodes on each machine at most: names of one user, with a root directory, a lock and a state of their own. */
export const each = 60;

/** `--root` goes behind every command line of a node, so that the production line needs no change. */
const sudo = `#!/bin/sh
case $USER in
n[0-9]*) exec /usr/bin/sudo "$@" --root "/srv/nodes/$USER" ;;
esac
exec /usr/bin/sudo "$@"
`;

/** Login of a node, and its name. */
export const nameOf = (machine: number, index: number): string => `n${String(machine * each + index).padStart(3, "0")}`;

/**
 * Makes a machine's nodes, with nothing under their roots. One user under sixty names: sixty users would be sixty of systemd's user managers, which no
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
            rm -rf /srv/nodes/$name; mkdir -p /srv/nodes/$name/etc; cp /etc/passwd /etc/group /srv/nodes/$name/etc
        done`;
    await must(["tools/node", "lab/main.ts", "exec", machines[machine]!, "--", "sh", "-c", script], { input: sudo });
}

/** Waits for an up that has to end well. */
export const must0 = async (what: string, run: ReturnType<Engine["up"]>): Promise<void> => {
    const { code, text } = await run;
    if (code !== 0) throw new Error(`${what} ended with ${code}:\n${text.slice(-3000)}`);
};

/** A row of one figure. */
export const row = (name: string, ms: number): Row => ({ name, times: [ms] });

/**
 * Prepares the machines, measures, and takes them away.
 * @param measured gets the engine, and the processor time that it took
 */
export async function withMachines<T>(measured: (engine: Engine, clock: Clocked) => Promise<T>): Promise<T> {
    await start(...machines);
    await Promise.all(machines.map((_, machine) => prepare(machine)));
    const clock = new Clocked(operator);
    const engine = await Engine.make(clock.start, { PULUMI_SKIP_CHECKPOINTS: "true", ...pace });
    try {
        // The program itself, and the unit that systemctl is told of, lie under no root of their own.
        const own = machines.map((machine) => [machine, spare(machine, {})] as const);
        await must0("the machines' own up", engine.up({ nodes: Object.fromEntries(own) }));
        return await measured(engine, clock);
    } finally {
        engine.dispose();
        for (const machine of machines) await lab("power", "off", machine);
    }
}
