import { fingerprint } from "../../components/fleet/known-hosts";
import { Failure, Refusal } from "../../tools/cli/failure";
import { findKey, isFingerprintOf } from "../../tools/cli/host-key";
import { cleanUp, closedPort, hostKey, makeContext, makeRoot, otherKey, serve, serveSsh } from "./support";

afterEach(cleanUp);

const knownHosts = (root: string): string => `${root}/stacks/home.known_hosts`;

test("the given fingerprint is compared: with and without prefix and padding", async () => {
    const root = makeRoot({});
    const said = [fingerprint(hostKey), fingerprint(hostKey).slice(7), `${fingerprint(hostKey)}=\n`];
    for (const one of said) {
        expect(isFingerprintOf(one, hostKey)).toBe(true);
        const context = makeContext(root, { flags: { fingerprint: one } });
        expect(await findKey(context, await serveSsh(), knownHosts(root))).toBe(hostKey);
    }
    expect(isFingerprintOf(fingerprint(otherKey), hostKey)).toBe(false);
    expect(isFingerprintOf("", hostKey)).toBe(false);
});

test("another fingerprint than the given one is a failure that shows both", async () => {
    const context = makeContext("/", { flags: { fingerprint: fingerprint(otherKey) } });
    const refused = findKey(context, await serveSsh(), "/nowhere");
    await expect(refused).rejects.toThrow(Failure);
    await expect(refused).rejects.toThrow(fingerprint(hostKey));
    await expect(refused).rejects.toThrow(fingerprint(otherKey));
});

test("--yes says plainly that the key was trusted unseen", async () => {
    const context = makeContext("/", { flags: { yes: true } });
    expect(await findKey(context, await serveSsh(), "/nowhere")).toBe(hostKey);
    expect(context.said.join("\n")).toContain("trusted unseen");
});

test("without a terminal, a fingerprint or --yes nobody vouches", async () => {
    const context = makeContext("/");
    await expect(findKey(context, await serveSsh(), "/nowhere")).rejects.toThrow(Refusal);
    expect(context.said.join("\n")).toContain("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
});

test("a pinned key is asked about no more; another one than the pinned is refused, with --yes too", async () => {
    const root = makeRoot({ "stacks/home.known_hosts": `# keys\nbox ${hostKey}\n` });
    expect(await findKey(makeContext(root), await serveSsh(), knownHosts(root))).toBe(hostKey);
    const context = makeContext(root, { flags: { yes: true } });
    await expect(findKey(context, await serveSsh(otherKey), knownHosts(root))).rejects.toThrow("home.known_hosts:2");
});

test.each<[string, () => ReturnType<typeof closedPort>, RegExp]>([
    ["closed", closedPort, /the port is closed.*--port when it is not 22/],
    ["hanging up", () => serve((socket) => socket.end()), /hangs up at once\. Look at its sshd/],
])("a machine whose port is %s: one line that says what to do", async (_, target, message) => {
    await expect(findKey(makeContext("/"), await target(), "/nowhere")).rejects.toThrow(message);
});
