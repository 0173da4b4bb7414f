import type { Check, Checked } from "../../fleet/check";
import { staying } from "../../fleet/leaving";
import { contains6, globalRange6, uniqueLocalRange6 } from "../../fleet/net6";
import { planPaths } from "../../mesh/paths";
import { meshMtu } from "../../mesh/plan";
import { behindNat } from "../../node/machine";
import type { NodeEntry } from "../../node/schema";

/** RFC 8200 §5: what every line has to carry, in bytes; Linux takes IPv6 off an interface that carries less. */
const smallest = 1280;

const shows = "`ip -6 address show scope global` on the machine shows it.";

interface Written {
    readonly name: string;
    readonly node: NodeEntry;
    readonly ipv6: string;
    readonly path: readonly string[];
}

/** The nodes that have an IPv6 address. */
function writtenIn({ inventory }: Checked): Written[] {
    return Object.entries(inventory.nodes).flatMap(([name, node]) =>
        node.ipv6 === undefined ? [] : [{ name, node, ipv6: node.ipv6, path: ["nodes", name, "ipv6"] }],
    );
}

/** Addresses that nobody reaches from another location. */
export const usable6: Check = (checked) =>
    writtenIn(checked)
        .filter(({ ipv6 }) => !contains6(globalRange6, ipv6))
        .map(({ ipv6, path }) => ({
            code: "SE102" as const,
            path,
            message: `No machine of another location reaches ${ipv6}: it lies outside ${globalRange6}, which is what the internet routes.`,
            fix: `Write the address that it keeps: ${shows} Or delete the line.`,
        }));

/** Two nodes at one IPv6 address. */
export const same6: Check = (checked) => {
    const written = writtenIn(checked);
    return written.flatMap(({ name, ipv6, path }, index) => {
        const other = written.slice(0, index).find((one) => one.ipv6 === ipv6);
        if (other === undefined) return [];
        const message = `${ipv6} is the address of ${other.name} already.`;
        return [{ code: "SE010" as const, path, message, fix: `Give ${name} its own: ${shows}` }];
    });
};

/** Addresses outside the network of their location. */
export const insideLan6: Check = (checked) =>
    writtenIn(checked).flatMap(({ node: { location = "" }, ipv6, path }) => {
        const lan = checked.inventory.locations[location]?.ipv6;
        if (lan === undefined || contains6(lan, ipv6) || !contains6(globalRange6, ipv6)) return [];
        return [
            {
                code: "SE016" as const,
                path,
                message: `${ipv6} lies outside ${lan}, the LAN of ${location}.`,
                fix: "Correct the address, the location or its `ipv6`.",
            },
        ];
    });

/** Addresses that no tunnel goes to. */
export const used6: Check = (checked) => {
    const paths = planPaths(staying(checked.inventory), ({ kind }) => kind === "ipv6");
    const ends = new Set(paths.flatMap(({ between }) => between));
    return writtenIn(checked)
        .filter(({ name, node }) => !ends.has(name) && node.leaving === undefined)
        .map(({ name, node, path }) => ({
            code: "SE108" as const,
            path,
            message: behindNat(node)
                ? `No tunnel goes over the IPv6 of ${name}: no node behind another NAT has some too.`
                : `No tunnel goes over the IPv6 of ${name}: it is dialled at its public IPv4 address.`,
            fix: behindNat(node)
                ? "Write the `ipv6` of a node of another location as well, or delete the line."
                : "Delete the line.",
        }));
};

/** A mesh whose IPv6 network is others', or does not go through its tunnels. */
export const mesh6: Check = ({ inventory }) => {
    const { ipv6 } = inventory.mesh;
    if (ipv6 === undefined) return [];
    const path = ["mesh", "ipv6"];
    const mtu = meshMtu(inventory);
    const foreign = contains6(uniqueLocalRange6, ipv6.replace(/\/.*/, ""))
        ? []
        : [
              {
                  code: "SE106" as const,
                  path,
                  message: `${ipv6}, the mesh's IPv6 network, lies outside ${uniqueLocalRange6}: it is somebody else's, or will be.`,
                  fix: "Draw one: `echo fd$(openssl rand -hex 5 | sed 's/\\(..\\)\\(....\\)/\\1:\\2:/')::/64` (RFC 4193).",
              },
          ];
    const narrow =
        mtu >= smallest
            ? []
            : [
                  {
                      code: "SE109" as const,
                      path,
                      message: `The tunnels carry ${mtu} bytes, because of the narrowest line of the fleet: IPv6 needs ${smallest}.`,
                      fix: `Leave the mesh's IPv6 network out, or find a line of ${smallest + 80} bytes.`,
                  },
              ];
    return [...foreign, ...narrow];
};
