import { renderBases } from "../../components/node/base/bases";
import { renderBase } from "../../components/node/base/render";
import { aptBases, deb822 } from "../../components/node/base/systems";
import { roleSchema } from "../../components/converge/schema";
import { inventorySchema } from "../../components/fleet/schema";
import { planMachines } from "../../components/node/plan";

const machines = planMachines(
    inventorySchema.parse({
        version: 1,
        fleet: "home",
        nodes: {
            pi: { hardware: "pi5-8gb", address: "192.168.1.2" },
            older: { hardware: "pi4-4gb", os: "raspberry-pi-os-12", address: "192.168.1.3" },
            debian: { hardware: "pi5-8gb", os: "debian-13", address: "192.168.1.4" },
            spark: { hardware: "dgx-spark", address: "192.168.1.5" },
            box: { hardware: "amd64-8gb", os: "ubuntu-24.04", address: "192.168.1.6" },
        },
    }),
);

test("who has package sources of a vendor's, and of which release", () => {
    const found = Object.entries(machines).map(([name, machine]) => [
        name,
        aptBases(machine).map(({ name: vendor, suites }) => [vendor, ...suites].join(" ")),
    ]);
    expect(Object.fromEntries(found)).toEqual({
        pi: ["Raspberry Pi trixie"],
        older: ["Raspberry Pi bookworm"],
        debian: [],
        spark: ["NVIDIA DGX noble noble-updates", "NVIDIA CUDA /"],
        box: [],
    });
});

test("a source as its image has it", () => {
    expect(aptBases(machines["pi"]!).map(deb822)).toEqual([
        "Types: deb\nURIs: http://archive.raspberrypi.com/debian/\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/raspberrypi-archive-keyring.pgp\n",
    ]);
    expect(deb822(aptBases(machines["spark"]!)[1]!)).toBe(
        "Types: deb\nURIs: https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/sbsa/\nSuites: /\nSigned-By: /usr/share/keyrings/cuda_debian_prod.gpg\n",
    );
});

test("every key is known by its fingerprint, or by nothing but its place", () => {
    for (const { fingerprint, keyrings } of Object.values(machines).flatMap(aptBases)) {
        if (fingerprint !== undefined) expect(fingerprint).toMatch(/^[0-9A-F]{40}$/);
        expect(keyrings.every((path) => /^\/(usr\/share\/keyrings|etc\/apt)\//.test(path))).toBe(true);
    }
});

test("the role base looks for them where there should be any, and only there", () => {
    const base = (node: string) =>
        renderBase({ node, fleet: "home", hosts: "", packages: [], machine: machines[node] });
    expect(roleSchema.parse(base("pi"))).toEqual(base("pi"));
    expect(base("pi").checks).toMatchObject({ "apt-bases": { within: 1 }, clock: {} });
    expect(Object.keys(base("box").checks ?? {})).toEqual(["clock"]);
    const [text] = Object.values(renderBases(machines["spark"]).files ?? {}).map((file) => file.text);
    expect(JSON.parse(text ?? "")).toMatchObject({
        "NVIDIA DGX": { fingerprint: "", keyrings: ["/usr/share/keyrings/dgx_debian_prod.gpg"] },
    });
});
