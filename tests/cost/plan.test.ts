import { planCosts, showMoney, sumCosts } from "../../components/cost/plan";
import { inventorySchema } from "../../components/fleet/schema";
import { planMachines } from "../../components/node/plan";

const linesOf = (inventory: object) => {
    const parsed = inventorySchema.parse({ version: 1, fleet: "home", ...inventory });
    return planCosts(parsed, planMachines(parsed));
};
const pi = { hardware: "pi5-8gb", location: "home", address: "192.168.4.2" };
const droplets = {
    gematria: { droplet: "s-2vcpu-4gb", region: "nyc3" },
    anastasia: { droplet: "s-1vcpu-1gb", region: "nyc1" },
};

test("five boards that draw 75 W, two droplets, twenty domains", () => {
    const nodes = Object.fromEntries(
        ["alice", "aria", "cecilia", "lucidia", "octavia"].map((name) => [name, { ...pi, watts: "15w" }]),
    );
    const lines = linesOf({
        locations: { home: { electricity: "0.12 USD/kWh" } },
        nodes: { ...nodes, ...droplets },
        domains: Object.fromEntries(
            Array.from({ length: 20 }, (_, i) => [`d${i}.example`, { cost: "10.20 USD/year" }]),
        ),
    });
    expect(lines.map(({ what, per, arithmetic }) => `${what} | ${per} | ${arithmetic}`)).toEqual([
        "alice, aria, cecilia, lucidia, octavia: pi5-8gb | once | 5 × 80 USD = 400 USD (list price of 2023-09-28)",
        "anastasia: s-1vcpu-1gb | month | 1 × 6 USD = 6 USD (list price of 2022-07-01)",
        "gematria: s-2vcpu-4gb | month | 1 × 24 USD = 24 USD (list price of 2022-07-01)",
        "20 domains | month | 20 × 10.20 USD ÷ 12 = 17 USD",
        "electricity in home | month | 5 × 15 W × 730 h × 0.12 USD/kWh = 6.57 USD",
    ]);
    expect(sumCosts(lines, "month").map(showMoney)).toEqual(["53.57 USD"]);
});

test("an accelerator is in the price once: written with the node, else added to the board's", () => {
    const nodes = {
        cecilia: { ...pi, npu: "hailo-8", price: "230 USD" },
        octavia: { ...pi, npu: "hailo-8" },
    };
    expect(linesOf({ nodes }).map(({ arithmetic }) => arithmetic)).toEqual([
        "1 × 230 USD = 230 USD (as written)",
        "1 × (80 + 110) USD = 190 USD (list price of 2023-09-28 and 2024-10-24)",
    ]);
});

test("currencies are kept apart, rents have their electricity in them, unknown prices have no line", () => {
    const lines = linesOf({
        locations: { home: { electricity: "0.30 EUR/kWh" } },
        nodes: {
            box: { hardware: "amd64-16gb", location: "home", address: "192.168.4.3" },
            pi,
            vps: { hardware: "amd64-2gb", location: "home", address: "203.0.113.9", cost: "4.50 EUR/month" },
            ...droplets,
        },
    });
    expect(lines.map(({ what }) => what)).toEqual([
        "pi: pi5-8gb",
        "anastasia: s-1vcpu-1gb",
        "gematria: s-2vcpu-4gb",
        "vps: amd64-2gb",
        "electricity in home",
    ]);
    // 16 W and 7.5 W, halfway between idle and busy.
    expect(lines.at(-1)?.arithmetic).toBe("(1 × 7.5 W + 1 × 16 W) × 730 h × 0.3 EUR/kWh = 5.15 EUR");
    expect(sumCosts(lines, "month").map(showMoney)).toEqual(["9.65 EUR", "30 USD"]);
    expect(sumCosts(lines, "once").map(showMoney)).toEqual(["80 USD"]);
});
