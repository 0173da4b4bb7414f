import { backupHost, backupTargets, type BackupTarget } from "../../backups/targets";
import type { Check, Checked } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import type { Instance } from "../../services/plan";
import { sharedFate } from "./domains";

/** Where a backup leads. */
interface Target {
    readonly key: string;
    /** Blocks it copies; all when absent. */
    readonly of?: readonly string[];
    /** Service of the fleet that holds it. */
    readonly block?: string;
    /** Node that holds it; absent when it lies outside the fleet. */
    readonly node?: string;
    /** Region of an object store outside; a copy there shares the data centre with droplets of that region. */
    readonly region?: string;
    /** A disk that hangs on the machine which is copied. */
    readonly beside: boolean;
    readonly words: string;
}

/** State of which no copy lies anywhere else. */
export const copiesElsewhere: Check = (checked) => {
    const targets = backupTargets(checked.inventory).map(([key, entry]) => targetOf(key, entry, checked));
    // A store that copies are sent to would be its own source.
    const own = new Set(targets.map(({ block }) => block));
    const stateful = checked.design.instances.filter(({ state, block }) => state.length > 0 && !own.has(block));
    const lost = new Map<Target, Map<string, string[]>>();
    for (const source of stateful) {
        const copies = targets.filter(({ of }) => of === undefined || of.includes(source.block));
        const fates = copies.map((target) => fateOf(source, target, checked));
        const [nearest] = copies;
        if (nearest === undefined || fates.some((fate) => fate === undefined)) continue;
        const byFate = lost.get(nearest) ?? new Map<string, string[]>();
        const fate = fates[0] ?? "";
        byFate.set(fate, [...(byFate.get(fate) ?? []), source.block]);
        lost.set(nearest, byFate);
    }
    return [...lost].map(([target, byFate]) => lostTogether(target, byFate));
};

function lostTogether({ key, words }: Target, byFate: ReadonlyMap<string, readonly string[]>): Problem {
    const shared = [...byFate].map(([fate, blocks]) => `${fate} with ${[...new Set(blocks)].join(", ")}`);
    return {
        code: "SE133",
        path: ["backups", key],
        message: `${words} shares ${shared.join(", ")}: what takes the sources takes the copies, and no other target lies elsewhere.`,
        fix: "Add a target elsewhere: `spaces/REGION/BUCKET`, `sftp://HOST/PATH` of a friend, or a store on a node in another place.",
    };
}

/** What source and copy share; nothing when the copy lies elsewhere. */
function fateOf({ node }: Instance, { node: holder, region, beside }: Target, { design }: Checked): string | undefined {
    const machine = design.machines[node];
    if (machine === undefined) return undefined;
    if (beside) return `the machine ${node}`;
    if (region !== undefined)
        return machine.droplet && machine.site === region ? `the data centre ${region}` : undefined;
    const other = design.machines[holder ?? ""];
    return other === undefined ? undefined : sharedFate([machine, other])?.words;
}

function targetOf(key: string, { to, of }: BackupTarget, { inventory, design }: Checked): Target {
    const rest = of === undefined ? {} : { of };
    const [first = "", second = ""] = to.split("/");
    if (to.startsWith("usb://")) return { key, ...rest, beside: true, words: "A disk on USB" };
    const host = backupHost(to);
    if (host !== undefined) {
        const known = inventory.nodes[host] === undefined ? {} : { node: host };
        return { key, ...rest, ...known, beside: false, words: `The copy on ${host}` };
    }
    if (first === "spaces") return { key, ...rest, region: second, beside: false, words: `The bucket in ${second}` };
    const node = design.instances.find(({ block }) => block === first)?.node;
    return {
        key,
        ...rest,
        block: first,
        ...(node === undefined ? {} : { node }),
        beside: false,
        words: `${first} on ${node ?? "no node"}`,
    };
}
