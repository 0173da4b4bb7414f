import { planListeners } from "../../components/firewall/listeners";
import { catalogue } from "../../components/services/catalogue/catalogue";
import { replaced } from "../../components/services/catalogue/replaced";
import { serviceSchema } from "../../components/services/schema";
import { shop } from "./support";

test("every type of the catalogue says what it needs, and takes only options that there are", () => {
    const known = Object.keys(serviceSchema.shape);
    for (const [name, type] of Object.entries(catalogue)) {
        expect([name, type.options.filter((option) => !known.includes(option))]).toEqual([name, []]);
        expect(type.memory.bytes).toBeGreaterThanOrEqual(type.least?.bytes ?? 1);
        expect(type.disk.bytes).toBeGreaterThan(0);
        expect(type.listeners.filter(({ main }) => main === true).length).toBeLessThanOrEqual(1);
        // A port that can be moved and one that says where to are the same thing.
        expect([name, type.options.includes("ports")]).toEqual([
            name,
            type.listeners.some(({ main }) => main === true),
        ]);
        expect([name, (type.needs ?? []).filter((need) => catalogue[need.type] === undefined)]).toEqual([name, []]);
        // What must not be public does not take `public`.
        expect([name, type.private !== undefined && type.options.includes("public")]).toEqual([name, false]);
    }
});

test("what is written under another name is not in the catalogue itself", () => {
    expect(Object.keys(replaced).filter((name) => catalogue[name] !== undefined)).toEqual([]);
});

test("a block with `each` is one for each name, with a port, secrets and a public name of its own", () => {
    const { design } = shop(
        'services: { workers: { type: workerd, at: box, each: "w-{1..3}", ports: 9001-9003, secrets: "{name}-token", public: "{name}.shop.example" } }',
    );
    expect(design.instances.map(({ name, port, secrets, public: at }) => [name, port, secrets, at])).toEqual([
        ["workers-w-1", 9001, ["w-1-token"], "w-1.shop.example"],
        ["workers-w-2", 9002, ["w-2-token"], "w-2.shop.example"],
        ["workers-w-3", 9003, ["w-3-token"], "w-3.shop.example"],
    ]);
});

test("of several nodes the first runs it and the others stand by, unless it runs everywhere", () => {
    const { design } = shop("services: { gitea: { at: [attic, box] }, node-exporter: { at: [attic, box] } }");
    expect(design.instances.map(({ name, node, standby }) => [name, node, standby])).toEqual([
        ["gitea", "attic", ["box"]],
        ["node-exporter", "attic", []],
        ["node-exporter", "box", []],
    ]);
});

test("derived ports differ on a node, and a neighbour moves none of them", () => {
    const apps = (last: number): string =>
        `services: { apps: { type: container, at: box, each: "app-{001..${last}}", image: x.example/x, memory: 16mb } }`;
    const ports = (last: number): Map<string, number | undefined> =>
        new Map(shop(apps(last)).design.instances.map(({ name, port }) => [name, port]));
    const [few, many] = [ports(100), ports(200)];
    expect(new Set(many.values()).size).toBe(200);
    expect([...few].filter(([name, port]) => many.get(name) !== port)).toEqual([]);
});

test("memory and disk are what is written, else the catalogue's", () => {
    const { design } = shop("services: { nats: { at: box, memory: 1gb }, valkey: { at: box } }");
    expect(design.instances.map(({ name, memory, disk }) => [name, memory, disk])).toEqual([
        ["nats", 2 ** 30, 1e9],
        ["valkey", 128 * 2 ** 20, 5e8],
    ]);
});

test("one Caddy serves a node, whatever it serves", () => {
    const { inventory, design } = shop("websites: { manuals: { at: [east] }, more: { at: [box], each: [a, b] } }");
    const caddy = planListeners(inventory, design.instances).filter(({ what }) => what === "caddy");
    expect(caddy.map(({ node, port, protocol, scope }) => `${node} ${port}/${protocol} ${scope}`)).toEqual(
        ["box lan", "east public", "west public"].flatMap((place) => {
            const [node = "", scope = ""] = place.split(" ");
            return [`${node} 80/tcp ${scope}`, `${node} 443/tcp ${scope}`, `${node} 443/udp ${scope}`];
        }),
    );
});
