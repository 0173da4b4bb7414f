import { readFileSync } from "node:fs";
import type { DesiredFile, Role } from "../../../components/converge/schema";
import { hostKeyOf } from "../../../lab/identity";
import { machineNamed } from "../../../lab/roster";
import { lab, on, run, until, type Result } from "../support";
import type { RawFleet, RawNode } from "./raw";

/** Loopback ports of the roads to the spare machines. */
const roads: Readonly<Record<string, number>> = { box: 29_020, crate: 29_021 };

const program = "/usr/local/lib/sovereign-edge/converge.py";

/** Brings the lab up and spare machines with it, freshly booted and free of what another test left on them. */
export async function start(...names: string[]): Promise<void> {
    await lab("up");
    for (const name of names) {
        await lab("power", "off", name);
        await lab("power", "on", name);
        await on(name, "sh", "-c", `test ! -e ${program} || python3 -I ${program} release`);
    }
}

/** A spare machine of the lab as a raw node. */
export function spare(name: string, roles: Readonly<Record<string, Role>>, more: Partial<RawNode> = {}): RawNode {
    const hostKey = readFileSync(`${hostKeyOf(name)}.pub`, "utf8")
        .split(" ")
        .slice(0, 2)
        .join(" ");
    const { address } = machineNamed(name);
    return { address, port: 22, user: "admin", hostKey, road: roads[name]!, roles, ...more };
}

/** A fleet of one spare machine. */
export const fleetOf = (
    name: string,
    roles: Readonly<Record<string, Role>>,
    more: Partial<RawNode> = {},
): RawFleet => ({
    nodes: { [name]: spare(name, roles, more) },
});

/** A file of root's that everybody may read. */
export const file = (text: string, ...validate: string[]): DesiredFile => ({
    mode: "0644",
    owner: "root:root",
    text,
    ...(validate.length === 0 ? {} : { validate }),
});

/** A command on a machine; may fail. */
export const attempt = (node: string, ...argv: string[]): Promise<Result> =>
    run(["tools/node", "lab/main.ts", "exec", node, "--", ...argv]);

/** Text of a file on a machine. */
export const textOf = async (node: string, path: string): Promise<string> => (await on(node, "cat", path)).stdout;

/** What converge.py says of itself on a machine. */
export async function statusOf(node: string): Promise<{ roles: Record<string, { result: string }> }> {
    return JSON.parse((await on(node, "python3", "-I", program, "status")).stdout) as Awaited<
        ReturnType<typeof statusOf>
    >;
}

/** Whether sshd of a machine answers the operator. */
export async function sshAnswers(node: string, port = 22): Promise<boolean> {
    const { address } = machineNamed(node);
    const script = `exec 3<>/dev/tcp/${address}/${port} && read -t 2 -r line <&3 && case $line in SSH-2.0-*) ;; *) exit 1; esac`;
    return (await attempt("operator", "timeout", "3", "bash", "-c", script)).code === 0;
}

/** Waits until a machine has booted and its sshd answers. */
export const answering = (node: string, seconds = 60): Promise<void> =>
    until(`sshd of ${node}`, seconds, () => sshAnswers(node));
