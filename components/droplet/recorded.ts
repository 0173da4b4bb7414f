/** What the state knows of a droplet. */
export interface RecordedDroplet {
    /** Its reserved IP. */
    readonly address?: string;
    /** The host key that the program made, `ssh-ed25519 AAAA…`. */
    readonly hostKey?: string;
    /** Id at DigitalOcean. */
    readonly id?: string;
    /** Number of the machine behind the name; while there is none, of the one that its host key was made for. */
    readonly incarnation?: number;
    /** Ids of machines that were replaced and are still to be deleted. */
    readonly condemned?: readonly string[];
    /** Slug of its size. */
    readonly size?: string;
    /** URNs of those of its three resources (machine, address, host key) that may be deleted. */
    readonly loose?: readonly string[];
}

/** What the state knows of every droplet, by node. */
export type RecordedDroplets = Readonly<Record<string, RecordedDroplet>>;

interface Resource {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    /** Replaced, and not yet deleted. */
    readonly delete?: boolean;
    readonly protect?: boolean;
    readonly replacementTrigger?: unknown;
    readonly outputs?: { readonly ipAddress?: unknown; readonly publicKeyOpenssh?: unknown; readonly size?: unknown };
}

interface State {
    /** As `pulumi stack export` writes it. */
    readonly deployment?: { readonly resources?: readonly Resource[] } | null;
    /** As the file backend keeps it. */
    readonly checkpoint?: { readonly latest?: { readonly resources?: readonly Resource[] } | null };
}

/** Names of the resources of a droplet: `droplet gematria`, `address of gematria`, `host key of gematria`. */
export const names = {
    droplet: (node: string): string => `droplet ${node}`,
    address: (node: string): string => `address of ${node}`,
    hostKey: (node: string): string => `host key of ${node}`,
} as const;

/**
 * Reads out of a stack's state what was rented.
 * @param text an exported state, or a checkpoint of the file backend
 * @throws SyntaxError when it is not JSON
 */
export function readDroplets(text: string): RecordedDroplets {
    const { deployment, checkpoint } = JSON.parse(text) as State;
    const found: Record<string, RecordedDroplet> = {};
    for (const resource of deployment?.resources ?? checkpoint?.latest?.resources ?? []) {
        const [, node] = /^(?:droplet|address of|host key of) (\S+)$/.exec(resource.urn.split("::").at(-1) ?? "") ?? [];
        if (node === undefined) continue;
        if (resource.delete === true) {
            found[node] = { ...found[node], ...condemnedOf(resource, found[node]) };
            continue;
        }
        const loose = [...(found[node]?.loose ?? []), ...(resource.protect === true ? [] : [resource.urn])];
        found[node] = { ...found[node], ...factOf(resource), ...(loose.length === 0 ? {} : { loose }) };
    }
    return found;
}

function condemnedOf({ type, id }: Resource, { condemned = [] }: RecordedDroplet = {}): RecordedDroplet {
    return type === "digitalocean:index/droplet:Droplet" && id !== undefined ? { condemned: [...condemned, id] } : {};
}

function factOf({ type, id, replacementTrigger: trigger, outputs }: Resource): RecordedDroplet {
    const { ipAddress, publicKeyOpenssh, size } = outputs ?? {};
    const incarnation = typeof trigger === "number" ? { incarnation: trigger } : {};
    switch (type) {
        case "digitalocean:index/droplet:Droplet":
            return {
                ...(id === undefined ? {} : { id }),
                ...incarnation,
                ...(typeof size === "string" ? { size } : {}),
            };
        case "digitalocean:index/reservedIp:ReservedIp":
            return typeof ipAddress === "string" ? { address: ipAddress } : {};
        case "tls:index/privateKey:PrivateKey":
            // The engine writes a resource after those it depends on: where there is a machine, its own number comes later and counts.
            return {
                ...incarnation,
                ...(typeof publicKeyOpenssh === "string" ? { hostKey: publicKeyOpenssh.trim() } : {}),
            };
        default:
            return {};
    }
}
