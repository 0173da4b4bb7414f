import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { machineNamed } from "../../lab/roster";
import type { Engine } from "../lab/program/drive";
import type { RawFleet, RawNode } from "../lab/program/raw";
import { file, spare } from "../lab/program/spare";
import { operator } from "../lab/support";
import { measure, type Row } from "./measure";
import { takenBy, takenDuring, type Clocked } from "./processor";
import { each, machines, must0, nameOf, row, withMachines } from "./shared";

const roles = 6;
/** Commands of a wave in which every role has changed: the roles, and the node's `finish`. */
const commands = machines.length * each * (roles + 1);
/** Commands by which it is measured what one takes. */
const samples = 50;

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

/** Processor time of a node, in milliseconds: for one login, and for one command over a connection that is there. */
async function ofSsh(folder: string, command: string): Promise<{ login: number; session: number }> {
    const [machine] = machines as [string];
    const { address } = machineNamed(machine);
    const known = join(folder, "known_hosts");
    writeFileSync(known, `${address} ${spare(machine, {}).hostKey}\n`);
    const ssh = `ssh -F none -o BatchMode=yes -o UserKnownHostsFile=${known} -o ControlPath=${folder}/%C ${nameOf(0, 0)}@${address}`;
    const shell = (script: string): Promise<unknown> => operator(["sh", "-ec", script]);
    const repeated = `for i in $(seq ${samples}); do ${ssh} '${command}' </dev/null; done`;
    const login = (await takenDuring([machine], () => shell(repeated))) / samples;
    // The connection stays until it is told to end; `-n` and no output of its own, or the shell would wait for it.
    await shell(`${ssh} -nNf -o ControlMaster=yes >/dev/null 2>&1`);
    const session = (await takenDuring([machine], () => shell(repeated))) / samples;
    await shell(`${ssh} -O exit 2>/dev/null`);
    return { login, session };
}

/** What is measured with the engine, on machines that are prepared. */
async function rows(engine: Engine, clock: Clocked): Promise<Row[]> {
    await must0("the first up", engine.up(fleetOf(0)));
    // Once: when it is done again nothing changes any more.
    const [before, start] = [takenBy(machines), performance.now()];
    await must0("an up", engine.up(fleetOf(1)));
    const changed = row("120 nodes × 6 roles, all changed: up", performance.now() - start);
    const [ofEngine, ofNodes] = [clock.last, takenBy(machines) - before];
    const idle = await measure("the same, nothing changed: engine alone", 1, () =>
        must0("an unchanged up", engine.up(fleetOf(1))),
    );
    const ofIdle = clock.last;
    const [nothing, bare] = [
        await ofSsh(engine.folder, "true"),
        await ofSsh(engine.folder, "sudo -n python3 -I -S -c pass"),
    ];
    const logins = (nothing.login - nothing.session) * machines.length * each;
    return [
        changed,
        idle,
        row("processor time of the engine and its plugins", ofEngine),
        row("of these, when nothing changed", ofIdle),
        row("of the nodes: a login each", logins),
        row("of the nodes: a session for every command", nothing.session * commands),
        row("of the nodes: sudo and Python's own start", (bare.session - nothing.session) * commands),
        row("of the nodes: converge.py", ofNodes - logins - bare.session * commands),
    ];
}

/**
 * 120 nodes with six roles each, all changed: the whole, the engine alone, and who took how much processor time, in
 * milliseconds. On a busy computer only the latter says something.
 */
export const scaleRows = (): Promise<Row[]> => withMachines(rows);
