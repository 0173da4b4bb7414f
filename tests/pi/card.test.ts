import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import type { Card } from "../../components/pi/card";
import { cardFiles, withFirstrun } from "../../components/pi/files";

const card: Card = {
    node: "alice",
    os: "raspberry-pi-os-13",
    user: "admin",
    port: 22,
    logins: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE operator"],
    hostKey: {
        privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nZXhhbXBsZQ==\n-----END OPENSSH PRIVATE KEY-----\n",
        publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHOSTKEY",
    },
    instance: "alice-0a1b2c3d",
    network: {},
};
const fixed = { address: "192.168.4.11", prefixLength: 24, gateway: "192.168.4.1" };
const wifi = { ssid: "attic: 2", key: "ab".repeat(32), country: "DE" };
const cmdline = "console=serial0,115200 root=PARTUUID=12345678-02 rootwait\n";

/** Compares with files that people read in reviews; `UPDATE_GOLDEN=1` writes them anew. */
function expectGolden(name: string, files: readonly { name: string; text: string }[]): void {
    const file = resolve(__dirname, `../golden/${name}`);
    const text = files.map((each) => `==> ${each.name}\n${each.text}`).join("");
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
    expect(existsSync(file) ? readFileSync(file, "utf8") : "(missing)").toBe(text);
}

test.each([
    ["card.debian-13.txt", { os: "debian-13" }],
    ["card.raspberry-pi-os-13.txt", { network: { fixed, wifi } }],
    ["card.raspberry-pi-os-12.txt", { os: "raspberry-pi-os-12", network: { fixed } }],
    ["card.raspberry-pi-os-12-wifi.txt", { os: "raspberry-pi-os-12", user: "root", port: 2222, network: { wifi } }],
] as const)("golden: %s", (name, changes) => {
    expectGolden(name, cardFiles({ ...card, ...changes }, cmdline));
});

test("every file of a seed can be read back, whatever the name of the wireless network is", () => {
    for (const ssid of ["plain", "a: b", "- x", "yes", '"', "#"]) {
        const files = cardFiles({ ...card, network: { wifi: { ...wifi, ssid } } }, undefined);
        const [userData, metaData, network] = files.map(({ text }) => parse(text) as Record<string, unknown>);
        expect(
            Object.keys((network as { wifis: { wlan0: { "access-points": object } } }).wifis.wlan0["access-points"]),
        ).toEqual([ssid]);
        expect(metaData).toMatchObject({ "instance-id": "alice-0a1b2c3d" });
        expect(userData).toMatchObject({ hostname: "alice", ssh_deletekeys: true });
    }
});

test("a card's kernel line is added to once", () => {
    const once = withFirstrun(cmdline);
    expect(once).toMatch(/^console=.* rootwait systemd\.run=\/boot\/firmware\/firstrun\.sh .*\n$/);
    expect(withFirstrun(once)).toBe(once);
});
