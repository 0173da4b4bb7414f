const homes = ["attic", "barn", "cellar", "den"];

/** Machines of the sorts that fleets at home are made of. */
const sorts = [
    "hardware: pi5-8gb, disk: nvme-256gb",
    "hardware: pi5-8gb, disk: sd-256gb, npu: hailo-8",
    "hardware: pi4-4gb, disk: usb-ssd-500gb",
    "hardware: amd64-16gb, disk: nvme-500gb",
    "hardware: arm64-8gb, disk: nvme-256gb",
    "hardware: dgx-spark, disk: nvme-4tb",
];

/** 64 nodes: 62 of six sorts in four homes behind NAT, and two public ones that relay and answer the internet. */
export function sixtyFour(): string {
    const atHome = Array.from({ length: 62 }, (_, index) => {
        const home = index % homes.length;
        const address = `192.168.${home}.${index + 10}`;
        const place = `location: ${homes[home] ?? ""}, address: ${address}, mesh: 10.44.0.${index + 10}`;
        return `  node-${String(index).padStart(2, "0")}: { ${sorts[index % sorts.length] ?? ""}, ${place} }`;
    });
    return [
        "version: 1",
        "fleet: many",
        `locations: { ${homes.map((home, index) => `${home}: { lan: 192.168.${index}.0/24 }`).join(", ")} }`,
        "nodes:",
        ...atHome,
        "  east: { hardware: amd64-4gb, address: 203.0.113.10, mesh: 10.44.0.1 }",
        "  west: { hardware: amd64-4gb, address: 198.51.100.10, mesh: 10.44.0.2 }",
        "edge: { at: [east, west], acme: ops@many.example }",
        "dns: { primary: node-03, secondaries: [east, west] }",
        "domains: { many.example: {} }",
        "models:",
        "  gateway: { public: ai.many.example }",
        "  engines: { llama.cpp: [node-03, node-09] }",
        "  serve: { gemma3:270m: [node-03, node-09] }",
        "",
    ].join("\n");
}
