import type { Check } from "../../fleet/check";
import { contains, parsePrefix, toAddress } from "../../fleet/net";
import { lastAddress } from "./ranges";

type Reserved = readonly (readonly [range: string, why: string])[];

/** RFC 6890: addresses that no machine has towards others. Documentation ranges are left alone: labs use them. */
const reserved: Reserved = [
    ["0.0.0.0/8", "means this network"],
    ["169.254.0.0/16", "is link-local and changes by itself"],
    ["224.0.0.0/4", "is multicast"],
    ["240.0.0.0/4", "is reserved"],
];

/** Loopback is fine for a fleet that is all on the machine it is run from; another machine would find itself there. */
const loopback = ["127.0.0.0/8", "is every machine's name for itself, and not all of the fleet is on one"] as const;

/** Addresses that no machine can have. */
export const usable: Check = ({ inventory }) => {
    const isHere = (address = ""): boolean => contains(parsePrefix(loopback[0]), address);
    const taken = Object.values(inventory.nodes).every(({ address }) => isHere(address))
        ? reserved
        : [...reserved, loopback];
    return Object.entries(inventory.nodes).flatMap(([name, { address, location, mesh }]) => {
        const lan = inventory.locations[location ?? ""]?.lan;
        return [
            ...(address === undefined ? [] : wrongAddress(["nodes", name, "address"], address, lan, taken)),
            ...(mesh === undefined ? [] : wrongAddress(["nodes", name, "mesh"], mesh, inventory.mesh.network, taken)),
        ];
    });
};

function wrongAddress(
    path: readonly string[],
    address: string,
    network: string | undefined,
    taken: Reserved,
): ReturnType<Check> {
    const why = taken.find(([range]) => contains(parsePrefix(range), address))?.[1] ?? edgeOf(address, network);
    if (why === undefined) return [];
    const fix = "Write the address that the machine answers at: `ip -4 address` on it shows it.";
    return [{ code: "SE102", path, message: `No machine can be reached at ${address}: it ${why}.`, fix }];
}

function edgeOf(address: string, network: string | undefined): string | undefined {
    if (network === undefined) return undefined;
    const prefix = parsePrefix(network);
    if (prefix.length > 30) return undefined;
    if (address === toAddress(prefix.base)) return `is the address of the network ${network} itself`;
    return address === lastAddress(prefix) ? `is the broadcast address of ${network}` : undefined;
}
