import type { Check } from "../../fleet/check";
import { staying } from "../../fleet/leaving";
import { isPrivate, parsePrefix, toAddress } from "../../fleet/net";
import { derivable } from "../../mesh/plan";
import { lastAddress, writtenRanges } from "./ranges";

/** LANs without room for a router and a machine. */
export const tooSmallLan: Check = (checked) =>
    writtenRanges(checked)
        .lans.filter(({ prefix }) => prefix.length > 30)
        .map(({ text, what, path, prefix }) => ({
            code: "SE103" as const,
            path,
            message: `${text}, ${what}, has ${2 ** (32 - prefix.length)} addresses: a router and a machine need a network of 4 (/30).`,
            fix: "Write the whole network as the router has it, mostly a /24.",
        }));

/** A mesh with more nodes than addresses. */
export const tooSmallMesh: Check = ({ inventory }) => {
    const count = Object.keys(staying(inventory).nodes).length;
    const room = derivable(inventory);
    if (count < 2 || count <= room) return [];
    const length = 32 - Math.ceil(Math.log2(4 * (count + 3)));
    const { base } = parsePrefix(inventory.mesh.network);
    const wider = toAddress(Math.floor(base / 2 ** (32 - length)) * 2 ** (32 - length));
    return [
        {
            code: "SE104",
            path: ["mesh", "network"],
            message: `${count} nodes, and ${inventory.mesh.network} has ${room} addresses for them (2^${32 - parsePrefix(inventory.mesh.network).length} − 3).`,
            fix: `Write \`mesh: { network: ${wider}/${length} }\`, a quarter full then.`,
        },
    ];
};

/** Locations that do not say their LAN. */
export const lanUnsaid: Check = ({ inventory }) =>
    Object.entries(inventory.locations).flatMap(([name, { lan }]) => {
        const inside = Object.values(staying(inventory).nodes).filter(
            ({ location, address }) => location === name && address !== undefined && isPrivate(address),
        );
        const [first] = inside;
        if (lan !== undefined || first === undefined) return [];
        const guess = `${(first.address ?? "").replace(/\.\d+$/, ".0")}/24`;
        return [
            {
                code: "SE105" as const,
                path: ["locations", name],
                message: `Nobody says the LAN of ${name}, where ${inside.length} machine${inside.length === 1 ? " stands" : "s stand"} behind NAT: neither a wrong address nor an overlap is seen.`,
                fix: `Write \`lan: ${guess}\` or what the router has.`,
            },
        ];
    });

/** Mesh and VPC in public ranges. */
export const privateRanges: Check = (checked) => {
    const { mesh, vpcs } = writtenRanges(checked);
    return [...mesh, ...vpcs]
        .filter(({ prefix }) => !isPrivate(toAddress(prefix.base)) || !isPrivate(lastAddress(prefix)))
        .map(({ text, what, path }) => ({
            code: "SE106" as const,
            path,
            message: `${text}, ${what}, belongs to others on the internet: their machines could not be reached any more.`,
            fix: "Write a private network such as 10.44.0.0/24.",
        }));
};
