import { diskStates, hostileInputs, powerCuts, pytestCount, pythonVersions, share } from "../../tools/checks/count";

const header = (version: string): string => `platform linux -- Python ${version}, pytest-8.4.2, pluggy-1.6.0\n`;
const passed = "============================= 180 passed in 14.96s =============================\n";
const failed = "=================== 1 failed, 178 passed, 1 error in 2.10s ====================\n";

test("the tests of all Pythons are counted, and what they printed is not", () => {
    const output = header("3.9.2") + passed + header("3.13.5") + "7 passed in 1.00s\n" + failed;
    expect(pytestCount(output)).toEqual({ passed: 358, failed: 2 });
    expect(pythonVersions(output)).toBe("Python 3.9.2, 3.13.5");
});

test("a long run says its minutes too", () => {
    expect(pytestCount("========= 2 passed in 75.10s (0:01:15) =========\n")).toEqual({ passed: 2, failed: 0 });
});

test("a run that broke off has no count", () => {
    expect(pytestCount(`${header("3.9.2")}ImportError while loading conftest\n`)).toBeUndefined();
});

test("what was tried is said in one line", () => {
    expect(hostileInputs("7 passed\n120020 hostile inputs\n9 documents judged twice\n==\n")).toBe(
        "120020 hostile inputs, 9 documents judged twice",
    );
});

test("power cuts are summed up", () => {
    const line = (name: string): string =>
        `${name}: 20 cuts, 300 disk states, 40 distinct, at most 9 at one step; 0 violations\n`;
    expect(diskStates(`${line("Web")}.\n${line("Firewall")}`)).toBe("40 cuts, 600 disk states, 80 distinct");
    expect(diskStates("none\n")).toBe("0 cuts, 0 disk states, 0 distinct");
});

test("real power cuts are counted by what became of the machine", () => {
    const line = (version: string): string => `cut: web, before \`rename a → b\` → ${version} (9.1 s)\n`;
    expect(powerCuts(`${line("new")}PASS\n${line("old")}${line("old")}`)).toBe("3 power cuts: 1 new, 2 old");
});

test("the share of lines is that of the whole", () => {
    expect(share("converge/log.py   159   159   0.0%   3-9\nTOTAL             2009    80  96.0%\n")).toBe("96.0%");
    expect(share("No data\n")).toBe("");
});
