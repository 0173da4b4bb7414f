import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fingerprint } from "../../../components/fleet/known-hosts";
import { assignRoads } from "../../../components/fleet/lock";
import { parsePrefix } from "../../../components/fleet/net";
import type { Inventory } from "../../../components/fleet/schema";
import type { Stack } from "../../../components/fleet/stack";
import { hardwareOfNode } from "../../../components/node/plan";
import type { Card, CardNetwork, Wifi } from "../../../components/pi/card";
import { cardFiles } from "../../../components/pi/files";
import { loadStack, textFlag, type Context } from "../context";
import { exitCodes, Refusal, type ExitCode } from "../failure";
import { readIfThere, updateLock, writeWhole } from "../files";
import { agentKeys, makeHostKey } from "../keys";
import { pinCard } from "../card-pins";
import { askWifi } from "../wifi";

/** `./fleet prepare NODE`: writes what a card or an image needs before its first boot, and pins the host key it gives. */
export async function run(context: Context): Promise<ExitCode> {
    const { out } = context;
    const stack = loadStack(context);
    const [name = ""] = context.args.positionals;
    const facts = readNode(stack, name);
    const folder = resolve(textFlag(context, "to") ?? `card-${name}`);
    const cmdline = readIfThere(join(folder, "cmdline.txt"));
    requireRoom(folder, cmdline);
    const network = networkOf(context, stack.inventory, name, await askWifi(context));
    const hostKey = await makeHostKey(name);
    const instance = `${name}-${randomBytes(4).toString("hex")}`;
    const card: Card = { ...facts, node: name, logins: await agentKeys(), hostKey, instance, network };
    // The pin goes first: a card without one would be a machine that nobody can tell from another.
    const known = readIfThere(stack.files.knownHosts) ?? "";
    writeWhole(stack.files.knownHosts, pinCard(known, name, hostKey.publicKey));
    updateLock(stack.files.lock, (lock) => ({ ...lock, roads: assignRoads(stack.name, [name], lock.roads) }));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = cardFiles(card, cmdline);
    for (const file of files) writeWhole(join(folder, file.name), file.text, 0o600);
    out.say(`  ${name} will show the host key ${fingerprint(hostKey.publicKey)}; it is pinned.`);
    out.say(`  Written to ${folder}: ${files.map((file) => file.name).join(", ")}.`);
    out.say(nextWords(card, folder, cmdline !== undefined));
    out.result({ stack: stack.name, node: name, folder, files: files.map((file) => file.name) });
    return exitCodes.done;
}

/** What the inventory says of a node that can be prepared. @throws Refusal */
function readNode({ inventory, files, hostKeys }: Stack, name: string): Pick<Card, "os" | "user" | "port"> {
    const node = inventory.nodes[name];
    const hardware = node === undefined ? undefined : hardwareOfNode(node);
    if (node?.hardware === undefined || hardware === undefined) {
        throw new Refusal(
            `There is no node "${name}" with \`hardware:\` in ${files.inventory}. Write its line first: ${name}: { hardware: pi5-8gb, address: 192.168.1.20 }`,
        );
    }
    const pin = hostKeys.find((key) => key.node === name);
    if (pin !== undefined) {
        throw new Refusal(
            `${name} has a pinned host key already, and a card gives it another one. If its card is to be written anew, delete ${files.knownHosts}:${pin.line} first.`,
        );
    }
    const { ssh } = inventory;
    return { os: node.os ?? hardware.os, user: node.user ?? ssh.user, port: node.port ?? ssh.port ?? 22 };
}

/** @throws Refusal for a folder that holds something else: on a wrong one a card's secrets would stay */
function requireRoom(folder: string, cmdline: string | undefined): void {
    const cards = ["user-data", "meta-data", "network-config", "firstrun.sh"];
    if (!existsSync(folder) || cmdline !== undefined) return;
    const strange = readdirSync(folder).filter((name) => !cards.includes(name));
    if (strange.length === 0) return;
    throw new Refusal(
        `${folder} is no boot partition of a Raspberry Pi (it has no cmdline.txt) and holds ${strange.slice(0, 3).join(", ")}. Name the mounted partition, or a folder that is to be made: --to FOLDER`,
    );
}

function networkOf(context: Context, inventory: Inventory, name: string, wifi: Wifi | undefined): CardNetwork {
    const gateway = textFlag(context, "gateway");
    const node = inventory.nodes[name];
    const lan = inventory.locations[node?.location ?? ""]?.lan;
    const wireless = wifi === undefined ? {} : { wifi };
    if (gateway === undefined) return wireless;
    if (node?.address === undefined || lan === undefined)
        throw new Refusal(
            `A fixed address needs the node's \`address:\` and its location's \`lan:\`. Write them, or leave --gateway out (DHCP).`,
        );
    return { ...wireless, fixed: { address: node.address, prefixLength: parsePrefix(lan).length, gateway } };
}

function nextWords({ node, os }: Card, folder: string, mounted: boolean): string {
    const first = mounted
        ? "  1. Unmount the card, put it into the machine, and switch it on."
        : os.startsWith("raspberry-pi-os")
          ? `  1. Copy the files onto the first partition of the card (bootfs)${os === "raspberry-pi-os-12" ? ", run this again with --to on it so that cmdline.txt gets its part," : ""} and start the machine from it.`
          : `  1. Make the seed and attach it beside the image: cloud-localds --network-config=${folder}/network-config seed.img ${folder}/user-data ${folder}/meta-data`;
    return [
        "Next:",
        first,
        `  2. ./fleet up: its first login accepts that key only; then ${node} makes a key of its own, and what the card held is removed.`,
        ...(mounted ? [] : [`  3. Delete ${folder}: it holds ${node}'s host key until then.`]),
    ].join("\n");
}
