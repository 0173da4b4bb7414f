import { inventorySchema } from "../../components/fleet/schema";
import type { Role } from "../../components/converge/schema";
import { roleSchema } from "../../components/converge/schema";
import { planClaims } from "../../components/node/claims";
import { bootPackages, renderBoot } from "../../components/node/boot/render";
import { mayReboot, rebootOrder, standIns } from "../../components/node/boot/turns";
import { planMachines } from "../../components/node/plan";

const address = "192.168.1.20";

const inventoryOf = (nodes: Record<string, object>, more: object = {}) =>
    inventorySchema.parse({ version: 1, fleet: "home", nodes, ...more });

const machineOf = (node: object) => planMachines(inventoryOf({ node: { address, ...node } }))["node"]!;

const wishOf = (role: Role | undefined): unknown =>
    JSON.parse(role?.files?.["/etc/sovereign-edge/boot.json"]?.text ?? "null") as unknown;

const swap = { swap: "in compressed memory, none on the disk" };
const cmdline = ["cgroup_enable=memory", "panic=10"];

test.each([
    ["a Pi 5 as it comes", { hardware: "pi5-8gb" }, { config: [], cmdline, atBoot: swap }],
    [
        "a Pi 5 with 4 KiB pages",
        { hardware: "pi5-8gb", pages: "4k" },
        { config: ["kernel=kernel8.img"], cmdline, atBoot: swap },
    ],
    ["a Pi 5 with 16 KiB pages", { hardware: "pi5-8gb", pages: "16k" }, { config: [], cmdline, atBoot: swap }],
    [
        "a Pi 5 with a fast PCIe",
        { hardware: "pi5-8gb", pcie: 3 },
        { config: ["dtparam=pciex1_gen=3"], cmdline, atBoot: swap },
    ],
    ["a Pi 4, whose kernel has 4 KiB pages", { hardware: "pi4-8gb" }, { config: [], cmdline, atBoot: swap }],
    ["Raspberry Pi OS 12", { hardware: "pi4-8gb", os: "raspberry-pi-os-12" }, { config: [], cmdline, atBoot: {} }],
    ["Debian, whose tools write the firmware's files", { hardware: "pi5-8gb", os: "debian-13" }, null],
])("what the firmware of %s is told", (_, node, wish) => {
    const role = renderBoot(machineOf(node));
    expect(wishOf(role)).toEqual(wish);
    expect(roleSchema.parse(role)).toEqual(role);
    expect(role?.files?.["/etc/systemd/system.conf.d/60-sovereign-edge-watchdog.conf"]?.text).toContain(
        "RuntimeWatchdogSec=14\n",
    );
});

test("the role comes with all that takes it back, and no swap stays on a card", () => {
    const [thirteen, twelve] = ["raspberry-pi-os-13", "raspberry-pi-os-12"].map((os) =>
        machineOf({ hardware: "pi5-8gb", os }),
    );
    const role = renderBoot(thirteen!);
    expect(role?.removal?.["boot"]?.argv.slice(-2)).toEqual(["boot", "drop"]);
    expect(role?.actions?.["stage-boot"]).toMatchObject({ on: { "/etc/sovereign-edge/boot.json": true } });
    expect(role?.files?.["/etc/rpi/swap.conf.d/60-sovereign-edge.conf"]?.text).toContain("[Main]\nMechanism=zram\n");
    expect(role?.units).toEqual({ "sovereign-edge-boot.service": { enabled: true, running: true } });
    expect(renderBoot(twelve!)?.units).toMatchObject({
        "dphys-swapfile.service": { masked: true },
        "zramswap.service": { running: true },
        "sovereign-edge-boot.service": { running: true },
    });
    expect([bootPackages(thirteen!), bootPackages(twelve!)]).toEqual([[], ["zram-tools"]]);
    expect(renderBoot(machineOf({ hardware: "amd64-8gb" }))).toBeUndefined();
});

test("pages that the role brings about are not claimed before, all others are", () => {
    const claims = (node: object) => planClaims(machineOf(node), { accept: {} }).pageSize;
    expect(claims({ hardware: "pi5-8gb", pages: "4k" })).toBeUndefined();
    expect(claims({ hardware: "pi5-8gb" })).toBe(16384);
    expect(claims({ hardware: "pi5-8gb", pages: "4k", os: "debian-13" })).toBe(4096);
    expect(claims({ hardware: "pi4-8gb" })).toBe(4096);
});

test.each([
    [undefined, "12:00", false],
    ["never", "12:00", false],
    ["allowed", "12:00", true],
    ["02:00-04:30", "01:59", false],
    ["02:00-04:30", "02:00", true],
    ["02:00-04:30", "04:29", true],
    ["02:00-04:30", "04:30", false],
    ["22:00-04:00", "23:10", true],
    ["22:00-04:00", "03:59", true],
    ["22:00-04:00", "04:00", false],
    ["22:00-04:00", "12:00", false],
])("reboot: %s at %s in UTC: %s", (reboot, at, may) => {
    expect(mayReboot({ reboot }, new Date(`2026-03-29T${at}:00Z`))).toBe(may);
});

test("who stands in for others starts again last, and knows for whom", () => {
    const inventory = inventoryOf(
        {
            edge1: { hardware: "amd64-1gb", address: "203.0.113.1" },
            edge2: { hardware: "amd64-1gb", address: "203.0.113.2" },
            pi: { hardware: "pi5-8gb", address, via: ["bastion", "edge1"] },
            bastion: { hardware: "amd64-1gb", address: "203.0.113.3" },
            zebra: { hardware: "amd64-1gb", address: "203.0.113.4" },
        },
        { edge: { at: ["edge1", "edge2"], acme: "ops@example.org" } },
    );
    const stands = standIns(inventory);
    expect(stands).toEqual({
        edge1: ["bastion", "edge2"],
        edge2: ["edge1"],
        pi: [],
        bastion: ["edge1"],
        zebra: [],
    });
    expect(rebootOrder(["zebra", "edge2", "bastion", "pi", "edge1"], stands)).toEqual([
        "pi",
        "zebra",
        "bastion",
        "edge1",
        "edge2",
    ]);
});
