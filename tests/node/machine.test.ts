import { inventorySchema } from "../../components/fleet/schema";
import { diskOf } from "../../components/node/disk";
import { planMachines } from "../../components/node/plan";

const gib = 2 ** 30;

const machinesOf = (nodes: Record<string, object>) =>
    planMachines(inventorySchema.parse({ version: 1, fleet: "home", nodes }));
const address = "192.168.1.20";

test("a Pi 5 starts 16 KiB pages with Raspberry Pi OS only", () => {
    const { plain, debian, said, older } = machinesOf({
        plain: { hardware: "pi5-8gb", address },
        debian: { hardware: "pi5-8gb", os: "debian-13", address },
        said: { hardware: "pi5-8gb", pages: "4k", address },
        older: { hardware: "pi4-8gb", address },
    });
    expect([plain, debian, said, older].map((machine) => machine?.pageSize)).toEqual([16384, 4096, 4096, 4096]);
});

test("a droplet has the memory and the disk of its size, and its region as failure domain", () => {
    const { edge } = machinesOf({ edge: { droplet: "s-2vcpu-4gb", region: "nyc3" } });
    expect(edge).toMatchObject({
        droplet: true,
        memory: 4 * gib,
        reserve: 0.75 * gib,
        disk: { kind: "ssd", size: 80e9 },
        site: "nyc3",
        behindNat: false,
    });
});

test("an accelerator draws power; memory kept for the system never exceeds what is there", () => {
    const { cecilia, tiny } = machinesOf({
        cecilia: { hardware: "pi5-8gb", npu: "hailo-8", supply: "27w", circuit: "b", location: "home", address },
        tiny: { hardware: "amd64-1gb", reserve: "2gb", address },
    });
    expect(cecilia).toMatchObject({
        watts: { busy: 14.5 },
        supply: 27,
        supplyAsked: 27,
        slots: 1,
        accelerator: { name: "hailo-8", languageModels: false },
        circuit: "b",
        site: "home",
    });
    expect(tiny?.reserve).toBe(gib);
});

test("hardware that nobody knows has no machine", () => {
    expect(machinesOf({ a: { hardware: "constructor", address }, b: { droplet: "s-9vcpu", region: "nyc1" } })).toEqual(
        {},
    );
});

test.each([
    ["sd-128gb", { kind: "sd", size: 128e9 }],
    ["usb-ssd-500gb", { kind: "usb-ssd", size: 500e9 }],
    ["nvme-1tb", { kind: "nvme", size: 1e12 }],
    ["hdd-2.5tb", { kind: "hdd", size: 2.5e12 }],
    ["floppy-1gb", undefined],
    ["sd-0gb", undefined],
    ["sd-128", undefined],
])("disk %s", (text, disk) => {
    expect(diskOf(text)).toEqual(disk);
});
