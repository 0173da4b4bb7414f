import {
    DELEGATED,
    HOMES,
    MACHINES,
    NAMESPACE_PREFIX,
    OPERATORS,
    ROUTERS,
    SERVICES,
    dnsmasqArguments,
    hardwareAddressOf,
    networkCommands,
    plugCommands,
    routerRules,
} from "../../lab/plan";
import { machineNamed } from "../../lab/roster";

const all = [...networkCommands(), ...MACHINES.flatMap(plugCommands)];

test("every address is used once", () => {
    const addresses = [
        ...MACHINES.map(({ address }) => address),
        ...OPERATORS.map(({ address }) => address),
        ...Object.values(ROUTERS).flatMap(({ lan, wan }) => [lan, wan]),
        ...Object.values(SERVICES),
    ];
    expect(new Set(addresses).size).toBe(addresses.length);
});

test("only documentation and private prefixes are used", () => {
    const used = all.flat().filter((word) => /^\d+\.\d+\.\d+\.\d+/.test(word));
    expect(
        used.filter(
            (address) => !/^(203\.0\.113|192\.168\.(8|9|10))\.\d+(\/24)?$|^169\.254\.169\.254\/32$/.test(address),
        ),
    ).toEqual([]);
});

test("no command touches the host's own network", () => {
    for (const command of all) {
        const [option, namespace] = command[0] === "netns" ? ["-n", command[2]] : command;
        expect([option, namespace?.startsWith(NAMESPACE_PREFIX), command]).toEqual(["-n", true, command]);
    }
});

test("both ends of every cable are born inside namespaces", () => {
    const cables = all.filter((command) => command.includes("veth"));
    expect(cables.length).toBe(MACHINES.length + HOMES.length + OPERATORS.length);
    for (const cable of cables) expect(cable.at(-1)).toMatch(new RegExp(`^${NAMESPACE_PREFIX}`));
});

test("interface names fit into the kernel's 15 characters", () => {
    const names = all.flatMap((command) => command.filter((_, index) => ["add", "name"].includes(command[index - 1]!)));
    expect(names.filter((name) => !name.includes("/") && name.length > 15)).toEqual([]);
});

test("a namespace exists before anything is done in it", () => {
    const made = new Set<string>();
    for (const command of networkCommands()) {
        if (command[0] === "netns") made.add(command[2]!);
        else expect(made).toContain(command[1]);
    }
});

test("boxes leave by the router of their home, the public machine by the internet's gateway", () => {
    const gateway = (name: string): string | undefined => plugCommands(machineNamed(name)).at(-1)?.at(-1);
    expect([gateway("alice"), gateway("octavia"), gateway("aria"), gateway("anastasia")]).toEqual([
        ROUTERS.home.lan,
        ROUTERS.cabin.lan,
        ROUTERS.office.lan,
        "203.0.113.1",
    ]);
});

test("a machine keeps its network card, and no two have the same", () => {
    expect(hardwareAddressOf("203.0.113.10")).toBe("02:00:cb:00:71:0a");
    expect(new Set(MACHINES.map(({ address }) => hardwareAddressOf(address))).size).toBe(MACHINES.length);
});

test("a router keeps its network card too, whichever machines are on", () => {
    const bridges = networkCommands().filter((command) => command.join(" ").includes("link add bridge "));
    const cards = bridges.map((command) => command[command.indexOf("address") + 1]);
    expect(cards).toEqual(["203.0.113.1", ...Object.values(ROUTERS).map(({ lan }) => lan)].map(hardwareAddressOf));
});

test("the router lets nothing in that was not asked for", () => {
    const rules = routerRules();
    for (const hook of ["forward", "input"]) expect(rules).toMatch(new RegExp(`hook ${hook} .*policy drop`));
    expect(rules).not.toMatch(/iifname "?wan/);
    expect(rules).toContain('oifname "wan" masquerade');
});

test("the name server forgets everything and answers only what the lab has", () => {
    const options = dnsmasqArguments();
    expect(options).toEqual(
        expect.arrayContaining(["--cache-size=0", "--no-negcache", "--no-resolv", "--address=/#/"]),
    );
    expect(options).toContain(`--server=/${DELEGATED.domain}/203.0.113.10`);
});

test("an unknown machine is refused with the names there are", () => {
    expect(() => machineNamed("bob")).toThrow(/no machine "bob".*alice, cecilia, box, crate/);
});
