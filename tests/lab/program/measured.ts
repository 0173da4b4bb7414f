import { note, on } from "../support";
import * as seven from "./seven";

const times: string[] = [];

/** Notes a time for people; nothing is asserted of it but the limit of the wait. */
export function timed(what: string, seconds: number): void {
    times.push(`${what}: ${seconds.toFixed(1)} s`);
    note("mesh-times.txt", `${times.join("\n")}\n`);
    console.log(times.at(-1));
}

/** A verb of ./fleet for the seven nodes that must succeed. */
export async function fleetMust(...args: string[]): Promise<string> {
    const { code, text } = await seven.fleet(...args);
    if (code !== 0) throw new Error(`./fleet ${args.join(" ")} ended with ${code}:\n${text}`);
    return text;
}

/** When each interface was made, by node: one that is made anew has another start of its unit. */
export async function interfaces(nodes: readonly string[]): Promise<Record<string, string>> {
    const show = ["systemctl", "show", "-p", "ActiveEnterTimestampMonotonic", "--value", "wg-quick@wg0"];
    const found = await Promise.all(nodes.map((node) => on(node, ...show)));
    return Object.fromEntries(nodes.map((node, index) => [node, found[index]!.stdout.trim()]));
}
