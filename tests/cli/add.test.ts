import { fingerprint } from "../../components/fleet/known-hosts";
import { makeClone } from "./clone";
import { cleanUp, hostKey } from "./support";

afterEach(cleanUp);
jest.setTimeout(30_000);

const answers = (change: Readonly<Record<string, string>> = {}): string =>
    Object.entries({
        sudo: "ok",
        python: "ok",
        os: "debian",
        osVersion: "12",
        osName: "Debian GNU/Linux 12 (bookworm)",
        raspberry: "yes",
        systemd: "yes",
        arch: "arm64",
        memory: "8038400",
        clock: String(Date.now() / 1000),
        model: "Raspberry Pi 5 Model B Rev 1.0",
        ...change,
    })
        .map(([key, value]) => `${key}=${value}\n`)
        .join("");

test("a machine is written down with the system that it runs, its user and its port", async () => {
    const clone = await makeClone("", { "stacks/home.yaml": "version: 1\nfleet: home\nnodes: {}\n" });
    clone.set("ssh-status", answers());
    const { address, port } = clone.box;
    const said = ["--fingerprint", fingerprint(hostKey), "--user", "pi", "--port", String(port)];
    const { code, stdout } = await clone.fleet("add", "crate", address, ...said);
    expect([code, stdout]).toEqual([0, expect.stringContaining("pi may act as root")]);
    expect(clone.read("stacks/home.yaml")).toContain(
        `crate: { hardware: pi5-8gb, os: raspberry-pi-os-12, address: ${address}, user: pi, port: ${port} }`,
    );
});

test("a sudo that asks for a password is said, with what to do, and nothing is written", async () => {
    const clone = await makeClone("", { "stacks/home.yaml": "version: 1\nfleet: home\nnodes: {}\n" });
    clone.set("ssh-status", answers({ sudo: "password" }));
    const before = clone.read("stacks/home.yaml");
    const { address, port } = clone.box;
    const added = await clone.fleet("add", "crate", address, "--yes", "--user", "pi", "--port", String(port));
    expect([added.code, added.stderr]).toEqual([1, expect.stringContaining("sudo asks pi for a password. As root")]);
    expect(clone.read("stacks/home.yaml")).toBe(before);
});

test("--via a node that does not see the machine is refused before anything is contacted", async () => {
    const text = "version: 1\nfleet: home\nnodes:\n  box: { hardware: amd64-1gb, address: 203.0.113.5 }\n";
    const clone = await makeClone("", { "stacks/home.yaml": text });
    const before = clone.read("stacks/home.yaml");
    const { code, stderr } = await clone.fleet("add", "crate", "192.168.1.9", "--via", "box", "--yes");
    expect([code, stderr]).toEqual([2, expect.stringContaining("box does not stand in one LAN with crate")]);
    expect([clone.calls(), clone.read("stacks/home.yaml")]).toEqual([[], before]);
    const nobody = await clone.fleet("add", "crate", "192.168.1.9", "--via", "bx", "--yes");
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining("bx")]);
});
