import type { NodePlan } from "../../components/fleet/plan";
import { program } from "../../components/converge/command";
import type { UmlMachine } from "../../lab/uml/handle";
import { boot, makeMachine } from "../../lab/uml/machine";
import { servePackages } from "../../lab/uml/packages";
import { closeRig, openRig } from "../../lab/uml/rig";
import type { Rig } from "../../lab/uml/rig";
import { exec } from "../../lab/uml/ssh";
import { judgePairs, type View } from "../../tools/cli/pairs";
import { isWell, parseNodeStatus, statusText } from "../../tools/cli/status-text";
import { OLD_RUNS, TREE_RUN } from "./converge/documents";
import { answerOf, install } from "./converge/node";

/*
 * A machine whose clock is an hour off, in a mesh of two. Nobody keeps the time in this network: what a time server would do
 * is done by date(1).
 */

// The kernel of these machines is a program for PCs only.
const pc = process.arch === "x64" ? describe : describe.skip;
jest.setTimeout(20 * 60_000);

const HOUR = 3600;
const mesh = { alice: "10.44.0.11", bob: "10.44.0.12" };

/** Sets a machine's clock, as so many seconds beside the right time. */
const setClock = (machine: UmlMachine, off: number): Promise<unknown> =>
    exec(machine, `sudo date -s @${Math.round(Date.now() / 1000) + off}`);

/** Whether a machine reaches another one over the mesh within some seconds. */
const reaches = async (from: UmlMachine, to: string, seconds: number): Promise<boolean> =>
    (await exec(from, `sudo ping -q -c 1 -w ${seconds} ${to}`, { check: false })).code === 0;

/** What `./fleet status` says of a machine. */
async function statusOf(machine: UmlMachine): Promise<{ ok: boolean; text: string }> {
    const { stdout } = await exec(machine, `sudo python3 -I ${program} status`);
    const node = { name: machine.name, roles: {} } as unknown as NodePlan;
    const status = parseNodeStatus(node, "answers", { code: 0, stdout, stderr: "" });
    return { ok: isWell(status), text: statusText([status]) };
}

/** What a machine sees of the mesh when it pings `nodes`. */
async function viewOf(machine: UmlMachine, nodes: Readonly<Record<string, string>>): Promise<View> {
    const input = JSON.stringify({ nodes });
    return JSON.parse((await exec(machine, `sudo python3 -I ${program} pairs`, { input })).stdout) as View;
}

pc("a machine whose clock is an hour off", () => {
    let rig: Rig;
    let alice: UmlMachine;
    let bob: UmlMachine;

    /** Brings wg0 up as wg-quick(8) does; bob waits to be dialled, as a node does for one behind NAT. */
    async function tunnel(machine: UmlMachine, peer: string, endpoint: string): Promise<void> {
        const own = mesh[machine.name as keyof typeof mesh];
        const other = own === mesh.alice ? mesh.bob : mesh.alice;
        const commands = [
            "ip link add wg0 type wireguard",
            `ip address add ${own}/24 dev wg0`,
            `wg set wg0 listen-port 51820 private-key /root/key peer ${peer} allowed-ips ${other}/32 ${endpoint}`,
            "ip link set wg0 up",
        ];
        await exec(machine, `sudo sh -ec '${commands.join("; ")}'`);
    }

    beforeAll(async () => {
        rig = openRig();
        [alice, bob] = [makeMachine(rig, "alice"), makeMachine(rig, "bob")];
        await Promise.all([boot(alice), boot(bob)]);
        await Promise.all([install(alice), install(bob)]);
        for (const run of OLD_RUNS) await answerOf(alice, run);
        // The firewall of these documents lets SSH and little else in.
        await exec(alice, "sudo nft flush ruleset");
        await setClock(alice, HOUR);
        const keys = "sudo sh -c 'umask 077; wg genkey >/root/key; wg pubkey </root/key'";
        const [a, b] = [(await exec(alice, keys)).stdout.trim(), (await exec(bob, keys)).stdout.trim()];
        await tunnel(bob, a, "");
        await tunnel(alice, b, `endpoint ${bob.address}:51820`);
    });

    afterAll(() => {
        closeRig(rig);
    });

    test("joins the mesh all the same, and is named with its direction", async () => {
        expect(await reaches(alice, mesh.bob, 30)).toBe(true);
        expect(await reaches(bob, mesh.alice, 30)).toBe(true);
        const ahead = await statusOf(alice);
        expect(ahead.ok).toBe(false);
        expect(ahead.text).toMatch(/clock not synchronized/);
        expect(ahead.text).toMatch(/its clock is (59|60) min ahead of the one here: certificates, signatures and apt/);
    });

    test("is not let in again when its clock goes back, which is said; the other end's first packet mends it", async () => {
        await setClock(alice, 0);
        expect((await statusOf(alice)).ok).toBe(true);
        // Its sessions end, as they do when they are old.
        await exec(alice, "sudo sh -c 'ip link set wg0 down; ip link set wg0 up'");
        expect(await reaches(alice, mesh.bob, 12)).toBe(false);
        const views = { alice: await viewOf(alice, { bob: mesh.bob }), bob: await viewOf(bob, {}) };
        const pairs = judgePairs({ addresses: mesh, paths: [], views });
        const why = pairs.find(({ from }) => from === "alice")?.why;
        process.stdout.write(`an hour back: ${why ?? "answers"}\n`);
        expect(why).toMatch(/^the clock of alice went back since their last handshake, and bob takes new ones for old/);
        expect(await reaches(bob, mesh.alice, 60)).toBe(true);
        expect(await reaches(alice, mesh.bob, 10)).toBe(true);
    });

    test("applies roles while it is behind, and apt's refusal is said as what it is", async () => {
        await setClock(alice, -HOUR);
        expect((await statusOf(alice)).text).toMatch(/its clock is (59|60|61) min behind the one here/);
        for (const run of OLD_RUNS.slice(3)) expect(await answerOf(alice, run)).toMatch(/^(un)?changed/);
        servePackages(rig);
        // Far enough for lists of any age.
        await setClock(alice, -400 * 24 * HOUR);
        const refused = await exec(alice, TREE_RUN.command, { input: TREE_RUN.input, check: false });
        process.stdout.write(`${refused.stdout}${refused.stderr}\n`);
        expect(refused.code).toBe(1);
        expect(refused.stdout + refused.stderr).toMatch(
            /^packages: packages: a signature holds from 20\S+Z on only, and this machine's clock says 20\S+Z: set it \(`timedatectl set-ntp true`\)/m,
        );
        await setClock(alice, 0);
        expect(await answerOf(alice, TREE_RUN)).toMatch(/^changed: packages tree/);
        expect((await statusOf(alice)).ok).toBe(true);
    });
});
