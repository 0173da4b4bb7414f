import { makeClone } from "./clone";
import { cleanUp } from "./support";

afterEach(cleanUp);
jest.setTimeout(60_000);

const inventory = `version: 1
fleet: home
nodes:
  box: { hardware: amd64-4gb, address: 192.168.4.2 }
models:
  engines: { llama.cpp: box }
  serve:
    gemma3:270m: box
`;

test("what is not locked is said by every verb in the words of `up`, and nothing is done", async () => {
    const clone = await makeClone("", { "stacks/home.yaml": inventory });
    const up = await clone.fleet("up");
    expect([up.code, up.stderr]).toEqual([2, expect.stringMatching(/SE040[\s\S]*Run `\.\/fleet pin`/)]);
    const verbs = [["status"], ["history"], ["logs", "box"], ["ssh", "box"], ["reset", "box"], ["destroy"]];
    for (const verb of verbs) {
        const { code, stderr } = await clone.fleet(...verb);
        expect([verb, code, stderr.replace(/^Fleet .*\n/, "")]).toEqual([verb, 2, up.stderr]);
    }
    expect(clone.calls()).toEqual([]);
});
