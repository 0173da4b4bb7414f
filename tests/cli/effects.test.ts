import { canonical } from "../../components/converge/canonical";
import { makeClone } from "./clone";
import { cleanUp } from "./support";

afterEach(cleanUp);
jest.setTimeout(30_000);

const state = ".state/.pulumi/stacks/sovereign-edge/home.json";
const told = (role: object): string =>
    JSON.stringify({
        checkpoint: {
            latest: {
                resources: [
                    {
                        urn: "urn:x",
                        type: "command:remote:Command",
                        inputs: {
                            stdin: canonical({ version: 1, fleet: "home", node: "box", incarnation: 1, ...role }),
                        },
                    },
                ],
            },
        },
    });

test.each(["preview", "up"])("%s says what changes in words before the engine says anything", async (verb) => {
    const clone = await makeClone("", { [state]: told({ role: "gone", units: {}, files: {} }) });
    clone.set("pulumi-preview", "Previewing update (home):\n");
    const { stdout } = await clone.fleet(verb);
    expect(stdout).toMatch(/^Fleet home: box\n {4}box: converge\.py is updated\n/);
    expect(stdout).toContain("box: gone is removed: 0 files of ours go");
    expect(stdout).toContain("1 node changes");
    if (verb === "preview") expect(stdout.indexOf("1 node changes")).toBeLessThan(stdout.indexOf("Previewing"));
});

test("preview --json keeps its words off standard output", async () => {
    const clone = await makeClone();
    clone.set("pulumi-preview", "{}\n");
    const { stdout, stderr } = await clone.fleet("preview", "--json");
    expect([stdout, stderr]).toEqual(["{}\n", expect.stringContaining("box: is new")]);
});
