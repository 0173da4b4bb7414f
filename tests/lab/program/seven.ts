import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { OPERATOR_KEY, hostKeyOf } from "../../../lab/identity";
import { CLOUD } from "../../../lab/plan";
import { lab, must, on, operator, root, run, type Result } from "../support";

/** The stack's name. */
export const stack = "seven";
/** Inventory, lock, host keys and passphrase of the stack. */
const folder = resolve(root, ".lab/seven");
const settings = resolve(root, `Pulumi.${stack}.yaml`);
const inventory = resolve(folder, `${stack}.yaml`);

/** A node's line of the inventory. */
export const lines: Readonly<Record<string, string>> = {
    alice: "{ hardware: amd64-1gb, location: home, address: 192.168.8.11, mesh: 10.44.0.11 }",
    cecilia: "{ hardware: amd64-1gb, location: home, address: 192.168.8.12, mesh: 10.44.0.12 }",
    octavia: "{ hardware: amd64-1gb, location: cabin, address: 192.168.9.11, mesh: 10.44.0.13 }",
    lucidia: "{ hardware: amd64-1gb, location: cabin, address: 192.168.9.12, mesh: 10.44.0.15 }",
    aria: "{ hardware: amd64-1gb, location: office, address: 192.168.10.11, mesh: 10.44.0.14 }",
    gematria: "{ droplet: s-1vcpu-1gb, region: nyc3, mesh: 10.44.0.1 }",
    anastasia: "{ hardware: amd64-1gb, address: 203.0.113.11, mesh: 10.44.0.2 }",
};
/** The seven nodes. */
export const seven: readonly string[] = Object.keys(lines);
/** Five more: three of the lab's spare machines, and two droplets. */
const more: Readonly<Record<string, string>> = {
    box: "{ hardware: amd64-1gb, location: home, address: 192.168.8.20, mesh: 10.44.0.20 }",
    crate: "{ hardware: amd64-1gb, location: home, address: 192.168.8.21, mesh: 10.44.0.21 }",
    drawer: "{ hardware: amd64-1gb, location: office, address: 192.168.10.12, mesh: 10.44.0.22 }",
    thalia: "{ droplet: s-1vcpu-1gb, region: nyc3, mesh: 10.44.0.3 }",
    urania: "{ droplet: s-1vcpu-1gb, region: fra1, mesh: 10.44.0.4 }",
};
/** The line of every node that a fleet here can have. */
export const all: Readonly<Record<string, string>> = { ...lines, ...more };

/** The inventory that the last verb saw. */
let written = "";
/** A node's address in the mesh, as the inventory has it. */
export const meshAddress = (node: string): string =>
    new RegExp(`^  ${node}: .*mesh: ([\\d.]+)`, "m").exec(written || inventoryOf())![1]!;

/** The text of an inventory of some nodes. @param edits what is written in the place of what */
export function inventoryOf(nodes: Readonly<Record<string, string>> = lines, locations = ""): string {
    return `version: 1
fleet: ${stack}
ssh: { user: admin }
mesh: { network: 10.44.0.0/24 }
locations:
  home: { lan: 192.168.8.0/24 }
  cabin: { lan: 192.168.9.0/24${locations} }
  office: { lan: 192.168.10.0/24 }
nodes:
${Object.entries(nodes)
    .map(([name, line]) => `  ${name}: ${line}\n`)
    .join("")}`;
}

/** Writes the inventory that the next verb sees. */
export function write(text: string): void {
    written = text;
    writeFileSync(inventory, text);
}

/** Whether a node is a machine of the lab's own from the start; a droplet is made by the first `up`. */
const isOwned = (node: string): boolean => !all[node]!.startsWith("{ droplet: ");

/** Pins the host keys of machines that were on once, and notes their roads, as `./fleet add` does with a person's consent; a droplet's key is the program's. */
export function pin(nodes: readonly string[]): void {
    const keys = nodes.filter(isOwned).map((node) => {
        const [type, key] = readFileSync(`${hostKeyOf(node)}.pub`, "utf8").split(" ");
        return `${node} ${type} ${key}\n`;
    });
    const roads = nodes.map((node) => `  ${node}: ${29_100 + Object.keys(all).indexOf(node)}\n`);
    writeFileSync(resolve(folder, `${stack}.known_hosts`), keys.sort().join(""));
    writeFileSync(resolve(folder, `${stack}.lock.yaml`), `version: 1\nroads:\n${roads.join("")}`);
}

/** A verb of `./fleet` for the stack; may fail. */
export const fleet = (...args: string[]): Promise<Result> => operator(["./fleet", "-s", stack, ...args]);

/** Brings the lab up from nothing with these machines on their LANs and the internet, and makes a stack, with what gematria's droplet needs when it is among them; nothing is applied. */
export async function prepare(nodes: readonly string[] = seven): Promise<void> {
    await dispose();
    await lab("up");
    for (const home of ["cabin", "office"]) await lab("cable", "add", home);
    await lab("power", "on", ...nodes.filter(isOwned));
    mkdirSync(folder, { recursive: true });
    writeFileSync(settings, `config:\n  sovereign-edge:inventory: ${inventory}\n`);
    write(inventoryOf(Object.fromEntries(nodes.map((node) => [node, all[node]!]))));
    pin(nodes);
    await must(["tools/node", "lab/main.ts", "exec", "operator", "--", "./fleet", "init", stack]);
    if (nodes.every(isOwned)) return;
    copyFileSync(`${OPERATOR_KEY}.pub`, resolve(folder, `${stack}.authorized_keys`));
    const token = await operator(["./fleet", "-s", stack, "secret", "set", "digitalocean-token"], {
        input: CLOUD.token,
    });
    if (token.code !== 0) throw new Error(token.text);
}

/** Takes the lab down with what `dev` knows of it, and removes the stack and its files. */
export async function dispose(): Promise<void> {
    await must(["npm", "run", "-s", "down"]);
    rmSync(folder, { recursive: true, force: true });
    rmSync(settings, { force: true });
    for (const part of ["stacks", "backups", "history"])
        for (const file of [stack, `${stack}.json`, `${stack}.json.bak`, `${stack}.json.attrs`])
            rmSync(resolve(root, ".state/.pulumi", part, "sovereign-edge", file), { recursive: true, force: true });
}

/** Every ordered pair of nodes. */
export const pairsOf = (nodes: readonly string[]): [string, string][] =>
    nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to): [string, string] => [from, to]));

/** The nodes that a node's echo requests come back from, with the time to live they came back with. @param requests sent to each */
export async function answers(from: string, to: readonly string[], requests = 1): Promise<Record<string, number>> {
    const script = to
        .map(
            (node) =>
                `(ping -n -c${requests} -i0.2 -W2 ${meshAddress(node)} | sed -n 's/.*ttl=\\([0-9]*\\).*/${node} \\1/p') &`,
        )
        .join(" ");
    const { stdout } = await run(["tools/node", "lab/main.ts", "exec", from, "--", "sh", "-c", `${script} wait`]);
    const found = stdout.trim().split("\n").filter(Boolean);
    return Object.fromEntries(found.map((line) => [line.split(" ")[0]!, Number(line.split(" ")[1])]));
}

/** Every directed pair among some nodes, with the time to live of what came back; without one where nothing did. */
export async function heard(nodes: readonly string[], requests = 1): Promise<[string, string, number | undefined][]> {
    const others = (from: string): string[] => nodes.filter((to) => to !== from);
    const back = await Promise.all(nodes.map((from) => answers(from, others(from), requests)));
    return pairsOf(nodes).map(([from, to]) => [from, to, back[nodes.indexOf(from)]![to]]);
}

/** The directed pairs among some nodes that do not answer, as `alice → aria`. */
export async function silent(nodes: readonly string[] = seven, requests = 1): Promise<string[]> {
    const lost = (await heard(nodes, requests)).filter(([, , ttl]) => ttl === undefined);
    return lost.map(([from, to]) => `${from} → ${to}`);
}

/** Seconds until every directed pair among some nodes answers; fails after `limit`. */
export async function recovery(nodes: readonly string[], limit: number, requests = 1): Promise<number> {
    const start = performance.now();
    for (;;) {
        const left = await silent(nodes, requests);
        const seconds = (performance.now() - start) / 1000;
        if (left.length === 0) return seconds;
        if (seconds > limit) throw new Error(`After ${limit} s these do not answer: ${left.join(", ")}`);
    }
}

/** What `wg show wg0 WHAT` says on a node. */
export const wireguard = async (node: string, what: string): Promise<string> =>
    (await on(node, "wg", "show", "wg0", what)).stdout;

/** Public key of every node, by name. */
export async function keys(nodes: readonly string[] = seven): Promise<Record<string, string>> {
    const found = await Promise.all(nodes.map((node) => wireguard(node, "public-key")));
    return Object.fromEntries(nodes.map((node, index) => [node, found[index]!.trim()]));
}

/** The relay at which a node has another one's address now; empty when at none. */
export async function relayOf(node: string, other: string): Promise<string> {
    const peers = (await wireguard(node, "allowed-ips")).split("\n");
    const line = peers.find((text) => text.includes(`${meshAddress(other)}/32`)) ?? "";
    return ["gematria", "anastasia"].find((relay) => line.includes(`${meshAddress(relay)}/32`)) ?? "";
}
