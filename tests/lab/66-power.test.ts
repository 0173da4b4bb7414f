import type { Role } from "../../components/converge/schema";
import { Engine } from "./program/drive";
import { answering, attempt, file, fleetOf, start } from "./program/spare";
import { lab, note, on, operator, until } from "./support";

/*
 * The power goes in the middle of an `up`, in five of its steps: the machine boots into the old state or goes on with what cannot be undone,
 * and the next `up` converges. The machine's own page cache survives here; tests/uml takes it away as well.
 */

/** Says where it is, and stays there. */
const stay = ["sh", "-c", "touch /run/here && sleep 300"];
const [one, two] = ["/etc/power/one", "/etc/power/two"];

const role = (version: string, more: Partial<Role> = {}): Role => ({
    files: { [one]: file(`${version}\n`), [two]: file(`${version}\n`) },
    ...more,
});
const leaving: Role = { ...role("old"), removal: { slow: { argv: stay } } };
/** Holds apt when dpkg has done its work. */
const slowApt = `DPkg::Post-Invoke { "touch /run/here; sleep 300"; };`;

let engine: Engine;

beforeAll(async () => {
    await start("box");
    engine = await Engine.make(operator);
});
afterAll(async () => {
    engine.dispose();
    await lab("power", "off", "box");
});

/** What the two files say; "" when they are not there. */
async function files(): Promise<string[]> {
    return await Promise.all(
        [one, two].map(async (path) => {
            const { code, stdout } = await attempt("box", "cat", path);
            return code === 0 ? stdout.trim() : "";
        }),
    );
}

interface Cut {
    readonly before: Role;
    readonly change: Readonly<Record<string, Role>>;
    /** What the files say after the cut. */
    readonly left: readonly string[];
    /** What it is changed to in the end. */
    readonly then: Readonly<Record<string, Role>>;
}

const cuts: Readonly<Record<string, Cut>> = {
    "while a checker looks at what is staged": {
        before: role("old"),
        change: { power: role("new", { files: { [one]: file("new\n", ...stay, "{}"), [two]: file("new\n") } }) },
        left: ["old", "old"],
        then: { power: role("new") },
    },
    "while an action runs, with everything swapped": {
        before: role("old"),
        change: { power: role("new", { actions: { slow: { argv: stay, on: { [one]: true } } } }) },
        left: ["old", "old"],
        then: { power: role("new") },
    },
    "while it waits for the service to be healthy": {
        before: role("old"),
        change: { power: role("new", { checks: { slow: { argv: stay, within: 300 } } }) },
        left: ["old", "old"],
        then: { power: role("new") },
    },
    "while apt installs packages": {
        before: role("old"),
        change: { power: role("new", { packages: { tree: {} } }) },
        left: ["old", "old"],
        then: { power: role("new", { packages: { tree: {} } }) },
    },
    "while what left the inventory is taken away": {
        before: leaving,
        change: {},
        left: ["old", "old"],
        then: {},
    },
};

test.each(Object.entries(cuts))("%s", async (what, { before, change, left, then }) => {
    const inApt = what.includes("apt");
    expect((await engine.up(fleetOf("box", { power: before }))).code).toBe(0);
    if (inApt) await on("box", "sh", "-c", `echo '${slowApt}' >/etc/apt/apt.conf.d/99slow`);
    const up = engine.up(fleetOf("box", change));
    await until("the step", 60, async () => (await attempt("box", "test", "-e", "/run/here")).code === 0);
    await lab("power", "cut", "box");
    const cut = await up;
    note(`power-${what.replaceAll(" ", "-")}.txt`, `${cut.text}\n${cut.seconds} s`);
    expect(cut.code).not.toBe(0);
    await lab("power", "on", "box");
    await answering("box");
    expect(await files()).toEqual(left);
    if (inApt) await on("box", "rm", "/etc/apt/apt.conf.d/99slow");
    // A removal that stays for ever goes on where it was: here it has been mended.
    await on("box", "sh", "-c", "printf '#!/bin/sh\\n' >/usr/local/bin/sleep && chmod 755 /usr/local/bin/sleep");
    const healed = await engine.up(fleetOf("box", then));
    await on("box", "rm", "/usr/local/bin/sleep");
    note(`power-${what.replaceAll(" ", "-")}-healed.txt`, healed.text);
    expect([healed.code, await files()]).toEqual([0, "power" in then ? ["new", "new"] : ["", ""]]);
    const again = await engine.up(fleetOf("box", then));
    expect([again.code, again.text]).toEqual([0, expect.stringMatching(/\d+ unchanged/)]);
    expect((await attempt("box", "systemctl", "is-system-running")).stdout.trim()).toBe("running");
});
