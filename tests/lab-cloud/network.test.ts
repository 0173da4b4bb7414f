import { cloudRules } from "../../lab/cloud/rules";
import { firstFree, networkOf, overlap } from "../../lab/cloud/ranges";
import { dropletCommands } from "../../lab/cloud/wires";
import { machineOf } from "../../lab/cloud/machines";
import { NAMESPACE_PREFIX } from "../../lab/plan";
import { droplet, emulator, settled } from "./support";

const inbound = [{ protocol: "tcp", ports: "22", sources: { addresses: ["192.0.2.1", "2001:db8::/32"] } }];
const outbound = [
    { protocol: "udp", ports: "all", destinations: { tags: ["fleet"] } },
    { protocol: "icmp", destinations: { addresses: ["0.0.0.0/0"] } },
];

test("a firewall is on the droplets that carry its tag, from the moment that they do", async () => {
    const provider = emulator();
    const { call, cloud } = provider;
    for (const name of ["fleet", "edge"]) await call("POST", "/tags", { name });
    const made = await call("POST", "/firewalls", {
        name: "edge",
        tags: ["edge"],
        inbound_rules: inbound,
        outbound_rules: outbound,
    });
    expect(made.status).toBe(202);
    expect(made.body["firewall"]).toMatchObject({
        status: "waiting",
        outbound_rules: [{ ports: "0" }, { ports: "0" }],
    });
    const walled = await droplet(provider, { name: "walled", tags: ["edge"] });
    const open = await droplet(provider, { name: "open", tags: ["fleet"] });
    const rules = cloudRules(cloud.account);
    expect(rules).toContain('iifname { "p-walled", "v-walled" } jump from_');
    expect(rules).not.toContain(`to_${open}`);
    const chain = new RegExp(
        `chain to_${walled} \\{\\s*ip saddr \\{ 192.0.2.1 \\} tcp dport 22 return\\s*ip6 saddr \\{ 2001:db8::/32 \\} tcp dport 22 return\\s*drop`,
    );
    expect(rules).toMatch(chain);
    expect(rules).toMatch(
        /ip daddr \{ 203\.0\.113\.101, 10\.108\.0\.3 \} meta l4proto udp return\s*ip daddr \{ 0\.0\.0\.0\/0 \} meta l4proto \{ icmp, ipv6-icmp \} return\s*drop/,
    );
    const before = provider.machines.wired;
    await call("DELETE", `/firewalls/${String(made.body["firewall"]!["id"])}`);
    expect([provider.machines.wired, cloudRules(cloud.account).includes(`to_${walled}`)]).toEqual([before + 1, false]);
});

test.each([
    [{ tags: ["unknown"], inbound_rules: inbound }, "tag does not exist: unknown"],
    [{ droplet_ids: [7], inbound_rules: inbound }, "droplet does not exist: 7"],
    [
        { inbound_rules: [{ protocol: "tcp", ports: "0-99999", sources: {} }] },
        'invalid port range "0-99999" for protocol tcp',
    ],
    [{ inbound_rules: [{ protocol: "tcp", sources: {} }] }, 'invalid port range "" for protocol tcp'],
    [
        { inbound_rules: [{ protocol: "tcp", ports: "90-80", sources: {} }] },
        'invalid port range "90-80" for protocol tcp',
    ],
])("a firewall with %j is refused", async (wrong, text) => {
    const { call } = emulator();
    expect(await call("POST", "/firewalls", { name: "edge", ...wrong })).toMatchObject({
        status: 422,
        body: { message: text },
    });
});

test("a reserved address is translated to the anchor on the droplet's own cable, both ways, and follows an assignment", async () => {
    const provider = emulator();
    const id = await droplet(provider);
    await provider.call("POST", "/reserved_ips", { region: "nyc3" });
    await provider.call("POST", "/reserved_ips/203.0.113.10/actions", { type: "assign", droplet_id: id });
    await settled(provider, id);
    const rules = cloudRules(provider.cloud.account);
    expect(rules).toContain('iifname "p-edge-1" ip saddr 10.19.0.5 ip saddr set 203.0.113.10');
    expect(rules).toContain('oifname "p-edge-1" ip daddr 203.0.113.10 ip daddr set 10.19.0.5');
    await provider.call("POST", "/reserved_ips/203.0.113.10/actions", { type: "unassign" });
    await settled(provider, id);
    expect(cloudRules(provider.cloud.account)).not.toContain("203.0.113.10");
});

test("a VPC's cables lead to each other and nowhere else", async () => {
    const provider = emulator();
    for (const [name, region] of [
        ["one", "nyc3"],
        ["two", "nyc3"],
        ["far", "ams3"],
    ])
        await droplet(provider, { name, region });
    const rules = cloudRules(provider.cloud.account);
    expect(rules).toContain('iifname "v-one" oifname != { "v-two" } drop');
    expect(rules).toContain('iifname "v-far" drop');
});

test("a droplet's cables are born inside namespaces, with names that the kernel takes", async () => {
    const provider = emulator();
    await droplet(provider, { name: "thirteen-char" });
    const { account } = provider.cloud;
    const machine = machineOf(account, account.droplets[0]!);
    const commands = dropletCommands(machine, machine.droplet!);
    for (const command of commands) {
        const namespace = command[0] === "netns" ? command[2] : command[1];
        expect(namespace?.startsWith(NAMESPACE_PREFIX)).toBe(true);
    }
    const names = commands.flatMap((command) =>
        command.filter((_, index) => ["add", "name", "dev"].includes(command[index - 1]!)),
    );
    expect(
        names.filter(
            (name) =>
                !/[/.]/.test(name) &&
                name !== machine.address &&
                name.length > 15 &&
                !name.startsWith(NAMESPACE_PREFIX),
        ),
    ).toEqual([]);
});

test("ranges", () => {
    expect(networkOf("10.108.17.5/20")).toMatchObject({ first: "10.108.16.1", netmask: "255.255.240.0", prefix: 20 });
    expect([overlap("10.0.0.0/8", "10.255.0.0/16"), overlap("10.0.0.0/24", "10.0.1.0/24")]).toEqual([true, false]);
    expect([firstFree("10.0.0.254", 3, ["10.0.0.254", "10.0.0.255"]), firstFree("10.0.0.1", 1, ["10.0.0.1"])]).toEqual([
        "10.0.1.0",
        undefined,
    ]);
});
