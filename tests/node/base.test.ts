import { planFleet } from "../../components/fleet/plan";
import { supportedSystems } from "../../components/node/base/systems";
import { nodeSchema } from "../../components/node/schema";
import { expectGolden } from "../support/golden";
import { stackOf } from "../support/stack";

const systems = ["debian-12", "debian-13", "ubuntu-24.04", "raspberry-pi-os-12", "raspberry-pi-os-13"] as const;
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd5vdDvRkEAaf4B1xkQGqDXAU2pmTEJVHo1Gd1t5LSV";

/** A board with each system, in a fleet with a relay and two people. */
const { nodes } = planFleet(
    stackOf(
        "home",
        [
            "version: 1",
            "fleet: home",
            `people: { mira: ${key} mira, sven: ${key} sven }`,
            "nodes:",
            ...systems.map((os, i) => `  n${i}: { hardware: pi4-4gb, os: ${os}, address: 192.168.1.${i + 20} }`),
            "",
        ].join("\n"),
    ),
);
const fileOf = (node: string, role: string, path: string): string => nodes[node]!.roles[role]!.files![path]!.text;

test.each([
    ["base.60sovereign-edge", "base", "/etc/apt/apt.conf.d/60sovereign-edge"],
    ["base.hosts", "base", "/etc/sovereign-edge/hosts"],
    ["base.journald.conf", "base", "/etc/systemd/journald.conf.d/60-sovereign-edge.conf"],
    ["base.sshd.conf", "sshd", "/etc/ssh/sshd_config.d/00-sovereign-edge.conf"],
    ["base.sudoers", "people", "/etc/sudoers.d/sovereign-edge-people"],
    ["base.firewall.service", "firewall", "/etc/systemd/system/sovereign-edge-firewall.service"],
])("golden: %s", (name, role, path) => {
    expectGolden(name, fileOf("n0", role, path));
});

test("firewall, people and sshd are the same on every system, but for name and address", () => {
    const same = (node: string, index: number): string =>
        JSON.stringify(["firewall", "people", "sshd"].map((role) => nodes[node]!.roles[role]))
            .replaceAll(`192.168.1.${index + 20}`, "ADDRESS")
            .replaceAll(new RegExp(`"(node":"|text":")n${index}`, "g"), '"$1NODE');
    expect(new Set(systems.map((_, index) => same(`n${index}`, index))).size).toBe(1);
});

test("what an inventory may say is what machines may be, and nothing else", () => {
    const offered = systems.map((os) => os.replace(/^raspberry-pi-os/, "debian"));
    expect(new Set(offered)).toEqual(new Set(Object.keys(supportedSystems)));
    expect(nodeSchema.safeParse({ hardware: "pi4-4gb", address: "192.168.1.20", os: "fedora-42" }).success).toBe(false);
});
