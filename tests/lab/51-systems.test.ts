import { renderBase } from "../../components/node/base/render";
import { renderSshd } from "../../components/node/sshd/render";
import { Engine } from "./program/drive";
import { attempt, file, fleetOf, start, textOf } from "./program/spare";
import { lab, note, on, operator } from "./support";

/*
 * What calls itself another system than a node may run is refused by its name; and the machine's own name comes back at once
 * when it leaves.
 */

const release = "/etc/os-release";
const box = "192.168.8.20";
let engine: Engine;
let own: string;

beforeAll(async () => {
    await start("box");
    own = await textOf("box", release);
    engine = await Engine.make(operator);
});
afterAll(async () => {
    await on("box", "sh", "-c", `rm ${release} && ln -s ../usr/lib/os-release ${release}`);
    engine.dispose();
    await lab("power", "off", "box");
});

/** Has the machine say that it is another system. */
async function call(id: string, version: string): Promise<void> {
    const text = own.replace(/^ID=.*$/m, `ID=${id}`).replace(/^VERSION_ID=.*$/m, `VERSION_ID="${version}"`);
    await on("box", "sh", "-c", `rm -f ${release} && printf %s "$1" >${release}`, "sh", text);
}

const roles = { sshd: renderSshd(box, 22), web: { files: { "/etc/web": file("ours\n") } } };

test.each([
    ["fedora", "42"],
    ["debian", "11"],
    ["ubuntu", "22.04"],
])("%s %s is refused by name, and nothing is changed", async (id, version) => {
    await call(id, version);
    const { code, text } = await engine.up(fleetOf("box", roles));
    note(`systems-${id}-${version}.txt`, text);
    expect(code).not.toBe(0);
    expect(text).toContain(
        `sshd: preflight: the system has to be debian-12 or debian-13 or ubuntu-24.04, and it is ${id}-${version}`,
    );
    expect(text).toContain("Nothing was changed.");
    expect((await attempt("box", "ls", "/etc/ssh/sshd_config.d/00-sovereign-edge.conf", "/etc/web")).stdout).toBe("");
});

test.each([
    ["debian", "12"],
    ["ubuntu", "24.04"],
    ["debian", "13"],
])("%s %s is taken", async (id, version) => {
    await call(id, version);
    const { code, text } = await engine.up(fleetOf("box", roles));
    expect([code, text]).toEqual([0, expect.any(String)]);
});

test("the name that a machine had is its name again when the role goes, without a start", async () => {
    const base = renderBase({ node: "renamed", fleet: "raw", hosts: "", packages: [] });
    expect((await engine.up(fleetOf("box", { base }))).code).toBe(0);
    const names = async (): Promise<string> => (await on("box", "sh", "-c", "hostname; cat /etc/hostname")).stdout;
    expect(await names()).toBe("renamed\nrenamed\n");
    expect((await engine.up(fleetOf("box", {}))).code).toBe(0);
    expect(await names()).toBe("box\nbox\n");
    expect(await textOf("box", "/etc/hosts")).not.toContain("sovereign-edge");
});
