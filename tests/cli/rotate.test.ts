import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, readKnownHosts } from "../../components/fleet/known-hosts";
import { readLock } from "../../components/fleet/lock";
import { planFleet } from "../../components/fleet/plan";
import { pinAlone, pinNext, readTurns, withoutNext } from "../../tools/cli/card-pins";
import { editKeys } from "../../tools/cli/login-keys";
import { writeKeys } from "../../tools/cli/people-text";
import { pinRented } from "../../tools/cli/rented";
import { devText, stackOf } from "../support/stack";
import { events, makeClone, type Clone } from "./clone";
import { cleanUp, hostKey, makeRoot, otherKey } from "./support";

afterEach(cleanUp);
jest.setTimeout(120_000);

const [old, next, third] = ["IGd0", "IGd1", "IGd2"].map((part) => hostKey.replace("IGd0", part)) as [
    string,
    string,
    string,
];

describe("./fleet rotate", () => {
    test("names what it knows when it is asked for something else", async () => {
        const { code, stderr } = await (await makeClone()).fleet("rotate", "moon");
        expect([code, stderr]).toEqual([
            2,
            expect.stringMatching(/"moon" cannot be rotated.*host-keys.*people PERSON/),
        ]);
    });

    test("host-keys: a node that does not answer, or shows another key, is named before anything is changed", async () => {
        const clone = await makeClone("", { "stacks/home.known_hosts": `box ${otherKey}\n` });
        const { code, stderr } = await clone.fleet("rotate", "host-keys");
        expect([code, stderr]).toEqual([1, expect.stringContaining("shows another host key than the pinned one")]);
        expect(clone.calls()).toEqual([]);
    });

    test("host-keys: a node that cannot make one keeps what it had, and is named", async () => {
        const clone = await makeClone();
        clone.set("ssh-script.err", "sshd has no ed25519 host key");
        clone.set("ssh-script.code", "1");
        const { code, stderr } = await clone.fleet("rotate", "host-keys", "box");
        expect([code, stderr]).toEqual([1, expect.stringContaining("sshd has no ed25519 host key")]);
        expect(clone.read("stacks/home.known_hosts")).toBe(`box ${hostKey}\n`);
    });

    test("host-keys: a turn that was cut off before the node took its key is undone by the next up", async () => {
        const clone = await makeClone("", { "stacks/home.known_hosts": `box ${hostKey}\nbox ${otherKey} next\n` });
        const { stdout } = await clone.fleet("up");
        expect(stdout).toContain("box has kept its host key: its turn was cut off.");
        expect(clone.read("stacks/home.known_hosts")).toBe(`box ${hostKey}\n`);
    });

    test("host-keys: one that was cut off after it is ended, over a connection that takes the new key only", async () => {
        const clone = await makeClone("", { "stacks/home.known_hosts": `box ${otherKey}\nbox ${hostKey} next\n` });
        const { stdout } = await clone.fleet("up");
        expect(stdout).toContain(`box has the new host key ${fingerprint(hostKey)}`);
        expect(clone.read("stacks/home.known_hosts")).toBe(`box ${hostKey}\n`);
    });
});

test("a rotation pins the new key beside the old one, and is no card's", () => {
    const both = pinNext(`box ${old}\n`, "box", next);
    expect(both).toBe(`box ${old}\nbox ${next} next\n`);
    expect(readTurns(both)).toEqual({ box: { next } });
    expect(withoutNext(both, "box")).toBe(`box ${old}\n`);
});

describe("a droplet's own host key", () => {
    const text = devText.replace(
        /gematria: \{[^}]*\}/,
        "gematria: { droplet: s-1vcpu-1gb, region: nyc3, mesh: 10.44.0.1 }",
    );
    const state = { address: "203.0.113.10", hostKey: old, incarnation: 1 };
    const pins = (incarnation: number): string => pinAlone("", "gematria", `${next} own ${incarnation}`);
    const withPins = (incarnation: number): ReturnType<typeof stackOf> => ({
        ...stackOf("dev", text),
        hostKeys: readKnownHosts(pins(incarnation)),
        rented: { gematria: state },
    });

    test("holds instead of the one in the state, for the machine that made it", () => {
        const plan = planFleet(withPins(1));
        expect([plan.nodes["gematria"]!.hostKey, plan.cloud!.droplets["gematria"]!.hostKey]).toEqual([next, next]);
        const later = planFleet(withPins(2));
        expect([later.nodes["gematria"]!.hostKey, later.cloud!.droplets["gematria"]!.hostKey]).toEqual([
            old,
            undefined,
        ]);
    });

    test("stays pinned, until another machine stands there", () => {
        const file = join(makeRoot({ known_hosts: pins(1) }), "known_hosts");
        const stack = { ...withPins(1), files: { ...stackOf("dev", text).files, knownHosts: file } };
        pinRented(stack, { gematria: state });
        expect(readFileSync(file, "utf8")).toBe(pins(1));
        pinRented(stack, { gematria: { ...state, incarnation: 2, hostKey: third } });
        expect(readFileSync(file, "utf8")).toBe(`gematria ${third}\n`);
    });
});

describe("./fleet rotate people", () => {
    const inventory = (clone: Clone, keys: string): string =>
        `version: 1\nfleet: home\npeople:\n  alexa: ${keys} # hers\nnodes:\n  box: { hardware: amd64-1gb, address: ${clone.box.address}, port: ${clone.box.port} }\n`;
    async function withAlexa(keys = `${old} alexa@old`): Promise<Clone> {
        const clone = await makeClone("", {
            "new.pub": `${next} alexa@new\n`,
            private: "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n",
        });
        clone.set("../stacks/home.yaml", inventory(clone, keys));
        const all = ["program", "converge", "secrets", "finish", "base", "firewall", "packages", "people", "sshd"];
        clone.set("pulumi-preview", events(...all.map((role) => ["same", `${role} on box`] as const)));
        return clone;
    }
    const peopleOf = (clone: Clone): unknown => readLock("", clone.read("stacks/home.lock.yaml")).lock.people;

    test("a private key is refused by its name alone, and a person with several keys is asked which", async () => {
        const clone = await withAlexa(`[${old}, ${third}]`);
        const secret = await clone.fleet("rotate", "people", "alexa", "--key", "private");
        expect([secret.code, secret.stderr]).toEqual([2, expect.stringContaining("Give its public half: private.pub")]);
        expect(secret.stdout + secret.stderr).not.toContain("secret");
        const { code, stderr } = await clone.fleet("rotate", "people", "alexa", "--key", "new.pub");
        expect([code, stderr]).toEqual([2, expect.stringContaining(fingerprint(third))]);
        expect((await clone.fleet("rotate", "people", "alxa")).stderr).toContain('Did you mean "alexa"?');
        expect(clone.calls()).toEqual([]);
    });

    test("both keys let in until the new one was seen; then it stands alone", async () => {
        const clone = await withAlexa();
        clone.set("ssh-keys", "");
        clone.set("ssh-login.code", "255");
        clone.set("ssh-script.code", "1");
        const first = await clone.fleet("rotate", "people", "alexa", "--key", "new.pub");
        expect([first.code, first.stderr]).toEqual([1, expect.stringContaining("nobody was seen to log in as alexa")]);
        expect(clone.read("stacks/home.yaml")).toContain(`  alexa: [${old} alexa@old, ${next} alexa@new] # hers\n`);
        expect(peopleOf(clone)).toEqual({ alexa: { old: fingerprint(old), new: fingerprint(next) } });
        clone.set("ssh-script.code", "0");
        const second = await clone.fleet("rotate", "people", "alexa");
        expect([second.code, second.stdout]).toEqual([0, expect.stringContaining("alone.")]);
        expect(clone.read("stacks/home.yaml")).toBe(inventory(clone, `${next} alexa@new`));
        expect(peopleOf(clone)).toBeUndefined();
    });

    test("--now does not wait for the person, and never leaves the program outside", async () => {
        const clone = await withAlexa();
        clone.set("ssh-keys", "held\n");
        clone.set("ssh-login.code", "255");
        clone.set("ssh-script.code", "1");
        const kept = await clone.fleet("rotate", "people", "alexa", "--key", "new.pub", "--now");
        expect([kept.code, kept.stderr]).toEqual([
            1,
            expect.stringContaining("the program logs in to box as root with the old one"),
        ]);
        expect(clone.read("stacks/home.yaml")).toContain(old);
        clone.set("ssh-keys", "");
        const { code } = await clone.fleet("rotate", "people", "alexa", "--now");
        expect([code, clone.read("stacks/home.yaml").includes(old)]).toEqual([0, false]);
    });
});

test.each([
    ["one key", `alexa: ${old} home # hers`, `alexa: [${old}, ${next}] # hers`],
    ["a block list", `alexa:\n    - ${old}\n  mira: ${third}`, `alexa:\n    [${old}, ${next}]\n  mira: ${third}`],
    ["a list in the flow", `alexa: [ ${old} ]`, `alexa: [${old}, ${next}]`],
])("the keys of a person are written in the place of %s", (_, before, after) => {
    const text = (people: string): string => `# mine\npeople:\n  ${people}\nnodes: {}\n`;
    expect(writeKeys(text(before), "alexa", [old, next])).toBe(text(after));
});

describe("the login user's own file of keys", () => {
    const blob = (key: string): string => key.split(" ")[1]!;
    const edit = (home: string, verb: string): string =>
        execFileSync("python3", ["-I", "-", verb, blob(old), ...next.split(" ")], {
            input: editKeys,
            env: { ...process.env, HOME: home },
            encoding: "utf8",
        });

    test("has the new key behind the old one, with its options, then alone; nothing else moves", () => {
        const before = `# by hand\n${third} other\nfrom="192.0.2.0/24",command="echo a b" ${old} me\n`;
        const home = makeRoot({ ".ssh/authorized_keys": before });
        const file = join(home, ".ssh/authorized_keys");
        const mode = statSync(file).mode;
        expect(edit(home, "add")).toBe("held\n");
        expect(readFileSync(file, "utf8")).toBe(`${before}from="192.0.2.0/24",command="echo a b" ${next}\n`);
        expect(edit(home, "add")).toBe("held\n");
        expect(edit(home, "drop")).toBe("held\n");
        expect(readFileSync(file, "utf8")).toBe(before.replace(`${old} me`, next));
        expect([edit(home, "drop"), statSync(file).mode]).toEqual(["", mode]);
    });

    test("keeps the old key where the new one is not", () => {
        const home = makeRoot({ ".ssh/authorized_keys": `${old}\n` });
        expect(edit(home, "drop")).toBe("held\n");
        expect(readFileSync(join(home, ".ssh/authorized_keys"), "utf8")).toBe(`${old}\n`);

        expect(edit(join(home, "other"), "add")).toBe("");
    });
});
