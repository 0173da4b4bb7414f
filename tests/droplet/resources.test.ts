import { isIPv4 } from "node:net";
import type { Stack } from "../../components/fleet/stack";
import { register, type Registered } from "../support/register";
import { rentedStack } from "./support";

/** What the SDK sends in the place of a value that is not known (`unknownValue`). */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secretSignature = "4dabf18193072939515e22adb298388d";
const droplets = "digitalocean:index/droplet:Droplet";
let all: Map<string, Registered>;

beforeAll(async () => {
    all = await register(rentedStack());
});

/** Everything that a resource waits for, directly or through others. */
function waitsFor(name: string): Set<string> {
    const seen = new Set<string>();
    const walk = (one: string): void => {
        for (const next of all.get(one)?.dependsOn ?? []) if (!seen.has(next)) walk((seen.add(next), next));
    };
    walk(name);
    return seen;
}

const commandsOn = (node: string): string[] => [...all.keys()].filter((name) => name.endsWith(` on ${node}`));

test("tag, then firewall, then droplet: it is never without its firewall", () => {
    expect(all.get("firewall of gematria")!.dependsOn).toEqual(["tag of gematria"]);
    expect(waitsFor("droplet gematria")).toContain("firewall of gematria");
    expect(all.get("firewall of gematria")!.inputs).toMatchObject({ tags: ["sovereign-edge-dev-gematria"] });
});

test("every input that makes another machine is written out", () => {
    const { inputs, type } = all.get("droplet gematria")!;
    expect(type).toBe(droplets);
    expect(inputs).toMatchObject({
        name: "gematria",
        region: "nyc3",
        vpcUuid: "vpc nyc3 id",
        monitoring: true,
        dropletAgent: false,
        ipv6: true,
        tags: ["sovereign-edge-dev", "sovereign-edge-dev-gematria"],
    });
    expect(inputs).not.toHaveProperty("publicNetworking");
});

test("the private host key is in the user data alone, as a secret", () => {
    const holding = [...all.values()].filter(({ inputs }) => JSON.stringify(inputs).includes("CANARY"));
    expect(holding.map(({ name }) => name)).toEqual(["droplet gematria"]);
    expect(JSON.stringify(holding[0]!.inputs["userData"])).toContain(secretSignature);
});

test("everything on a droplet waits for its first boot, over a road that leads to its address, with the key that was made", () => {
    for (const name of commandsOn("gematria").filter((one) => one !== "boot on gematria")) {
        expect([name, waitsFor(name).has("boot on gematria")]).toEqual([name, true]);
        expect(all.get(name)!.inputs["connection"]).toMatchObject({
            value: { host: "127.0.0.1", hostKey: "ssh-ed25519 KEY-OF-host-key-of-gematria" },
        });
    }
    expect(waitsFor("boot on gematria")).toContain("droplet gematria");
    expect(waitsFor("boot on gematria")).toContain("address of gematria leads to it");
});

test("no other node waits for the machine, and only the sweep of those that name it waits for its address", () => {
    for (const name of [...commandsOn("alice"), ...commandsOn("cecilia")]) {
        const waits = waitsFor(name);
        expect([name, waits.has("droplet gematria"), waits.has("boot on gematria")]).toEqual([name, false, false]);
        expect([name, waits.has("address of gematria")]).toEqual([name, name.startsWith("finish on ")]);
    }
    const roster = JSON.parse(all.get("finish on alice")!.inputs["stdin"] as string) as { addresses: unknown };
    expect(roster.addresses).toEqual({ gematria: "203.0.113.10" });
});

const addressesOf = (found: typeof all): unknown =>
    (JSON.parse(found.get("finish on alice")!.inputs["stdin"] as string) as { addresses: unknown }).addresses;

describe("an address that cannot be had holds nobody up who names it: the sweep goes", () => {
    const failing = (rented?: Stack["rented"]): Promise<typeof all> =>
        register(rentedStack(undefined, rented), (plan) => plan, "address of gematria");

    test("without it", async () => {
        const found = await failing();
        expect(addressesOf(found)).toEqual({});
        expect(found.get("finish on alice")!.dependsOn).not.toContain("address of gematria");
    });
    test("with the one from before", async () => {
        expect(addressesOf(await failing({ gematria: { address: "203.0.113.77" } }))).toEqual({
            gematria: "203.0.113.77",
        });
    });
});

test.each(["droplet gematria", "address of gematria"])(
    "without the %s, what depends on it is registered with inputs that fit, or the engine would end the run for all",
    async (failing) => {
        const found = await register(rentedStack(), (plan) => plan, failing);
        const assignment = found.get("address of gematria leads to it")!;
        // The official provider refuses an id of 0 and what is no address.
        expect(isIPv4(String(assignment.inputs["ipAddress"]))).toBe(true);
        expect(typeof assignment.inputs["dropletId"]).toBe("number");
        expect(assignment.inputs["dropletId"]).not.toBe(0);
        expect(JSON.stringify(assignment.inputs)).not.toContain(unknownValue);
        expect(assignment.dependsOn).toEqual(expect.arrayContaining(["droplet gematria", "address of gematria"]));
        const { connection, triggers } = found.get("boot on gematria")!.inputs;
        expect(JSON.stringify([connection, triggers])).not.toContain(unknownValue);
        expect(connection).toMatchObject({ value: { host: "127.0.0.1" } });
        expect(found.get("boot on gematria")!.dependsOn).toContain("address of gematria leads to it");
    },
);

test("its own address comes with its secrets, before the zone and Caddy; nobody else's secrets wait for it", () => {
    const stored = JSON.stringify(all.get("secrets on gematria")!.inputs["stdin"]);
    expect(stored).toContain('\\"addresses\\":{\\"gematria\\":\\"203.0.113.10\\"}');
    expect(JSON.stringify(all.get("secrets on alice")!.inputs["stdin"])).not.toContain("addresses");
});

test("the routes are confirmed before anything listens", () => {
    expect(all.get("anchor on gematria")!.dependsOn).toContain("sshd on gematria");
    for (const role of ["firewall", "packages", "wireguard", "pdns", "caddy"])
        expect([role, waitsFor(`${role} on gematria`).has("anchor on gematria")]).toEqual([role, true]);
});

test("a droplet that leaves is cleaned, and the machine stays until its block goes", async () => {
    const left = await register(rentedStack(), (plan) => ({
        ...plan,
        nodes: { ...plan.nodes, gematria: { ...plan.nodes["gematria"]!, leaving: true, roles: {}, secrets: [] } },
    }));
    expect(left.get("droplet gematria")!.type).toBe(droplets);
    expect(left.get("leave on gematria")!.dependsOn).toContain("converge on gematria");
    expect(left.get("program on gematria")!.dependsOn).toContain("boot on gematria");
});

test("no request to the cloud is sent again: a droplet whose making was answered with an error would be made twice", () => {
    expect(all.get("digitalocean")!.inputs["httpRetryMax"]).toBe("0");
});
