import fc from "fast-check";
import { inventorySchema, type Inventory } from "../../components/fleet/schema";

/** A fleet as its inventory would be written: plain keys and values. */
export interface Written {
    readonly version: 1;
    readonly fleet: string;
    readonly mesh: { readonly network: string };
    readonly locations: Record<string, object>;
    readonly nodes: Record<string, Record<string, unknown>>;
    readonly services: Record<string, object>;
}

/** What is drawn for a node; the rest follows from its number. */
interface Draw {
    readonly name: string;
    readonly kind: "home" | "box" | "vps" | "droplet";
    readonly home: number;
    readonly hardware: string;
    readonly size: string;
    readonly region: string;
    readonly npu: string | undefined;
    readonly offline: boolean;
    readonly said: boolean;
}

const draw: fc.Arbitrary<Draw> = fc.record({
    name: fc.stringMatching(/^[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,3})?$/),
    kind: fc.constantFrom("home", "home", "box", "vps", "droplet"),
    home: fc.nat(7),
    hardware: fc.constantFrom("pi3-1gb", "pi4-4gb", "pi5-8gb", "amd64-16gb", "arm64-4gb", "dgx-spark"),
    size: fc.constantFrom("s-1vcpu-512mb-10gb", "s-1vcpu-1gb", "s-2vcpu-4gb", "c-2"),
    region: fc.constantFrom("nyc1", "nyc3", "fra1", "sfo3"),
    npu: fc.constantFrom(undefined, undefined, "hailo-8", "hailo-10h"),
    offline: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
    said: fc.boolean(),
});

/** The node that a draw stands for; `index` gives it addresses that nobody else has. */
export function nodeOf(one: Draw, index: number): Record<string, unknown> {
    const low = `${index >> 8}.${index & 255}`;
    const life = one.offline ? { offline: "2026-03-29" } : {};
    // Beyond what is derived: 10.44.0.2 to 10.44.255.254, of which written ones take the upper half.
    const mesh = one.said ? { mesh: `10.45.${low}` } : {};
    if (one.kind === "droplet") return { droplet: one.size, region: one.region, ...mesh, ...life };
    const common = { hardware: one.hardware, ...(one.npu === undefined ? {} : { npu: one.npu }), ...mesh, ...life };
    if (one.kind === "vps") return { ...common, address: `203.0.${low}` };
    if (one.kind === "box") return { ...common, address: `172.20.${low}` };
    return { ...common, location: `home-${one.home}`, address: `192.168.${low}` };
}

/** A random fleet of 1 to `most` nodes. */
export function fleets(most: number): fc.Arbitrary<Written> {
    const nodes = fc.uniqueArray(draw, { minLength: 1, maxLength: most, selector: ({ name }) => name, size: "max" });
    return nodes.map((draws): Written => {
        const names = draws.map(({ name }) => name);
        return {
            version: 1,
            fleet: "random",
            mesh: { network: "10.44.0.0/15" },
            locations: Object.fromEntries(
                Array.from({ length: 8 }, (_, home) => [`home-${home}`, { electricity: "0.31 EUR/kWh" }]),
            ),
            nodes: Object.fromEntries(draws.map((one, index) => [one.name, nodeOf(one, index)])),
            services: { postgres: { at: names[0] }, gitea: { at: names.at(-1) }, nats: { at: names.slice(0, 3) } },
        };
    });
}

/** The inventory as the program reads it. */
export function parsed(written: Written): Inventory {
    return inventorySchema.parse(written);
}

/** The same keys in another order, at every depth. */
export function shuffled<T>(value: T, order: (size: number) => readonly number[]): T {
    if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const moved = order(entries.length).map((index) => entries[index]!);
    return Object.fromEntries(moved.map(([key, inner]) => [key, shuffled(inner as unknown, order)])) as T;
}
