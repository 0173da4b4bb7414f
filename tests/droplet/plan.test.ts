import { parse } from "yaml";
import { completenessProblems } from "../../components/fleet/complete";
import { planEffects } from "../../components/fleet/effects";
import { effectsText } from "../../components/fleet/effects-text";
import { planFleet } from "../../components/fleet/plan";
import { readDroplets } from "../../components/droplet/recorded";
import { renderUserData } from "../../components/droplet/render";
import { planVpcs } from "../../components/droplet/vpcs";
import { regionNames } from "../../components/node/droplets";
import type { Stack } from "../../components/fleet/stack";
import { devText, rentedText, stackOf } from "../support/stack";
import { operatorKey, rentedStack } from "./support";

test("a fleet without droplets rents nothing and needs no token", () => {
    const plan = planFleet(stackOf("dev", devText));
    expect([plan.cloud, plan.secrets["digitalocean-token"]]).toEqual([undefined, undefined]);
});

test("a droplet is planned with what its inventory says, open to what the internet may reach and to nothing else", () => {
    const { cloud } = planFleet(rentedStack());
    expect(cloud?.droplets["gematria"]).toEqual({
        name: "gematria",
        size: "s-1vcpu-1gb",
        region: "nyc3",
        image: "debian-13-x64",
        user: "admin",
        port: 22,
        incarnation: 1,
        tag: "sovereign-edge-dev-gematria",
        open: [
            { protocol: "tcp", port: 22 },
            { protocol: "tcp", port: 53 },
            { protocol: "udp", port: 53 },
            { protocol: "tcp", port: 80 },
            { protocol: "tcp", port: 443 },
            { protocol: "udp", port: 443 },
            { protocol: "udp", port: 51820 },
        ],
        protect: true,
    });
    expect(cloud).toMatchObject({ tag: "sovereign-edge-dev", vpcs: { nyc3: "10.100.32.0/20" } });
    expect(Object.values(cloud?.keys ?? {})).toEqual([{ person: "operator", publicKey: operatorKey }]);
});

test("a key that becomes a person's stays the key that the account has, under another name", () => {
    const keysOf = (stack: Stack): unknown => planFleet(stack).cloud?.keys;
    const stack = rentedStack();
    const [short = ""] = Object.keys(planFleet(stack).cloud?.keys ?? {});
    const people = { alexa: [`${operatorKey} hers`] };
    expect(keysOf({ ...stack, inventory: { ...stack.inventory, people } })).toEqual({
        [short]: { person: "alexa", publicKey: operatorKey },
    });
});

const saidOf = (stack: Stack): string[] =>
    completenessProblems(stack).map(({ code, message, path }) => `${code} ${path.join(".")} ${message}`);

test("nobody is asked for a pin or an address of a droplet, and the token is asked for by name", () => {
    const said = saidOf({ ...rentedStack(), secretNames: [] });
    expect(said).toEqual(["SE043 nodes.gematria.droplet The secret digitalocean-token was never set."]);
});

test("a droplet that lets nobody in is refused", () => {
    expect(saidOf({ ...rentedStack(), operatorKeys: [] })).toContain(
        "SE018 nodes.gematria.droplet Nobody could log in on gematria: the fleet knows no public key.",
    );
});

test("other nodes name its address and wait for none", () => {
    const { nodes } = planFleet(rentedStack());
    const conf = nodes["alice"]?.roles["wireguard"]?.files?.["/etc/wireguard/wg0.conf"]?.text;
    expect(conf).toContain("Endpoint = {{address:gematria}}:51820\n");
    const zone = nodes["gematria"]?.roles["zone-dev.example"]?.files?.["/etc/powerdns/zones/dev.example.zone"]?.text;
    expect(zone).toContain("ai.dev.example.\t300\tIN\tA\t{{address:gematria}}\n");
});

test("its nameserver binds to the anchor, which the machine alone knows, and to the mesh", () => {
    const { roles } = planFleet(rentedStack()).nodes["gematria"]!;
    const files = roles["pdns"]!.files!;
    expect(files["/etc/powerdns/pdns.conf"]!.text).not.toContain("local-address=");
    const unit = files["/etc/systemd/system/pdns.service.d/mesh.conf"]!.text;
    expect(unit).toContain("After=wg-quick@wg0.service sovereign-edge-anchor.service\n");
    expect(unit).toContain("EnvironmentFile=/run/sovereign-edge/anchor\nExecStart=\n");
    expect(unit).toMatch(/^ExecStart=\/usr\/sbin\/pdns_server .* --local-address=\$\{ANCHOR\},10\.44\.0\.1$/m);
    expect(roles["anchor"]).toMatchObject({
        units: { "sovereign-edge-anchor.service": { enabled: true, running: true } },
        confirm: { window: 60 },
    });
    expect(planFleet(rentedStack()).nodes["alice"]!.roles["anchor"]).toBeUndefined();
});

test("what an edge on a droplet installs has to be locked like any other's", () => {
    const stack = rentedStack();
    const { caddy, ...others } = stack.lock.artifacts;
    expect(caddy).toBeDefined();
    const said = completenessProblems({ ...stack, lock: { ...stack.lock, artifacts: others } });
    expect(said.map(({ message }) => message)).toEqual([expect.stringContaining("caddy 2.11.4 (amd64)")]);
});

describe("protection", () => {
    const recorded = { gematria: { address: "203.0.113.10", incarnation: 1 } };
    const protectedIn = (text: string): boolean | undefined =>
        planFleet(rentedStack(text, recorded)).cloud?.droplets["gematria"]?.protect;

    test("holds while the incarnation is the one of the state", () => {
        expect(protectedIn(rentedText)).toBe(true);
    });
    test("is lifted for the one whose incarnation went up", () => {
        expect(protectedIn(rentedText.replace("region: nyc3", "region: nyc3, incarnation: 2"))).toBe(false);
    });
});

test("the private networks of all regions are apart, and another region changes none", () => {
    const nodes = (names: readonly string[]): Parameters<typeof planVpcs>[0]["nodes"] =>
        Object.fromEntries(names.map((region) => [region, { droplet: "s-1vcpu-1gb", region, incarnation: 1 }]));
    const all = planVpcs({ nodes: nodes(regionNames), vpcs: {} });
    expect(new Set(Object.values(all)).size).toBe(regionNames.length);
    for (const region of regionNames) {
        expect(planVpcs({ nodes: nodes([region]), vpcs: {} })).toEqual({ [region]: all[region] });
    }
    expect(planVpcs({ nodes: nodes(["nyc3"]), vpcs: { nyc3: "10.7.0.0/24", fra1: "10.8.0.0/24" } })).toEqual({
        nyc3: "10.7.0.0/24",
    });
});

test("what is rented and what is replaced is said in words", () => {
    const say = (recorded: Parameters<typeof planEffects>[0], text = rentedText): string =>
        effectsText(planEffects(recorded, planFleet(rentedStack(text)))).join("\n");
    expect(say({})).toContain("gematria: is rented (s-1vcpu-1gb in nyc3) and new: ");
    const second = rentedText.replace("region: nyc3", "region: nyc3, incarnation: 2");
    expect(say({ gematria: { incarnation: 1, roles: {} } }, second)).toContain(
        "! replaces gematria: its disk is lost; the reserved IP moves; 3 services move; everything is sent again (incarnation 1 → 2): ",
    );
});

test("another size is said, and not when the machine is another one anyway", () => {
    const say = (text: string, size: string): string =>
        effectsText(
            planEffects({}, planFleet(rentedStack(text)), undefined, { gematria: { incarnation: 1, size } }),
        ).join("\n");
    expect(say(rentedText, "s-1vcpu-2gb")).toContain(
        "! resizes gematria: is off for a minute or two (s-1vcpu-2gb → s-1vcpu-1gb); its disk stays as it is",
    );
    expect(say(rentedText, "s-1vcpu-1gb")).not.toContain("resizes");
    const second = rentedText.replace("region: nyc3", "region: nyc3, incarnation: 2");
    expect(say(second, "s-1vcpu-2gb")).not.toContain("resizes");
});

test("one whose block is gone is given back, and that is said, also when it was never told anything", () => {
    const say = (recorded: Parameters<typeof planEffects>[0], plan = planFleet(stackOf("dev", devText))): string =>
        effectsText(planEffects(recorded, plan, undefined, { vega: { id: "1", incarnation: 1 } })).join("\n");
    const words = "! vega: is given back: its droplet is deleted with its disk and its reserved IP";
    expect(say({ vega: { incarnation: 1, roles: {} } })).toContain(words);
    expect(say({})).toContain(words);
    const leaving = rentedText.replace(
        "  gematria: {",
        "  vega: { droplet: s-1vcpu-1gb, region: nyc3, leaving: gone }\n  gematria: {",
    );
    expect(say({ vega: { incarnation: 1, roles: {} } }, planFleet(rentedStack(leaving)))).not.toContain("given back");
});

describe("user data", () => {
    const pair = { privateKey: "-----BEGIN…\nAAAA\n-----END…\n", publicKey: "ssh-ed25519 AAAA\n" };
    const render = (user: string, port = 22): string =>
        renderUserData({ name: "gematria", user, port }, [operatorKey], pair);

    test("is what cloud-init reads: the header first, the host key whole, one login with sudo", () => {
        const text = render("admin");
        expect(text.split("\n")[0]).toBe("#cloud-config");
        expect(parse(text)).toMatchObject({
            hostname: "gematria",
            package_update: false,
            ssh_keys: { ed25519_private: pair.privateKey, ed25519_public: "ssh-ed25519 AAAA" },
            users: [{ name: "admin", sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: [operatorKey] }],
            write_files: [{ content: "HostKey /etc/ssh/ssh_host_ed25519_key\n" }],
        });
        expect(Buffer.byteLength(text)).toBeLessThan(16 * 1024);
    });
    test("lets root in when that is the login", () => {
        expect(parse(render("root"))).toMatchObject({
            disable_root: false,
            users: [],
            ssh_authorized_keys: [operatorKey],
        });
    });
    test("says another port", () => {
        expect(parse(render("admin", 2222))).toMatchObject({
            write_files: [{ content: "HostKey /etc/ssh/ssh_host_ed25519_key\nPort 2222\n" }],
        });
    });
});

test("the state says what was rented, of a replaced machine the new one", () => {
    const resource = (type: string, name: string, rest: object): object => ({
        urn: `urn:x::${type}::${name}`,
        type,
        ...rest,
    });
    const key = { publicKeyOpenssh: `${operatorKey}\n` };
    const resources = [
        resource("digitalocean:index/droplet:Droplet", "droplet a", { id: "1", replacementTrigger: 1, delete: true }),
        resource("tls:index/privateKey:PrivateKey", "host key of b", {
            protect: true,
            replacementTrigger: 1,
            outputs: key,
        }),
        resource("digitalocean:index/droplet:Droplet", "droplet a", {
            id: "2",
            replacementTrigger: 2,
            outputs: { size: "s-1vcpu-1gb" },
        }),
        resource("digitalocean:index/reservedIp:ReservedIp", "address of a", {
            protect: true,
            outputs: { ipAddress: "203.0.113.10" },
        }),
        resource("tls:index/privateKey:PrivateKey", "host key of a", { protect: true, outputs: key }),
        resource("tls:index/privateKey:PrivateKey", "ca key", { outputs: key }),
    ];
    const loose = ["urn:x::digitalocean:index/droplet:Droplet::droplet a"];
    const machine = { id: "2", incarnation: 2, size: "s-1vcpu-1gb", loose, condemned: ["1"] };
    const expected = {
        a: { ...machine, address: "203.0.113.10", hostKey: operatorKey },
        b: { incarnation: 1, hostKey: operatorKey },
    };
    expect(readDroplets(JSON.stringify({ deployment: { resources } }))).toEqual(expected);
    expect(readDroplets(JSON.stringify({ checkpoint: { latest: { resources } } }))).toEqual(expected);
    expect(readDroplets("{}")).toEqual({});
});
