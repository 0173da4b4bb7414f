import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { checks, type Check } from "./list";
import { run } from "./run";
import { shownOf } from "./shown";
import type { Count } from "./count";

const root = resolve(__dirname, "../..");
const logs = resolve(root, ".lab/checks");

async function main(names: readonly string[]): Promise<void> {
    const all = checks(process.env["SOVEREIGN_EDGE_PYTHON"] ?? resolve(root, ".lab/python/bin"));
    const unknown = names.filter((name) => !all.some((check) => check.name === name));
    if (unknown.length > 0) {
        console.error(`There is no check ${unknown.join(", ")}. Known: ${all.map((check) => check.name).join(", ")}.`);
        process.exit(2);
    }
    mkdirSync(logs, { recursive: true });
    let total: Count = { passed: 0, failed: 0 };
    for (const check of all.filter(({ name, named }) => (names.length === 0 ? !named : names.includes(name)))) {
        const { passed, failed } = await judge(check);
        total = { passed: total.passed + passed, failed: total.failed + failed };
    }
    console.log(`${total.passed} passed, ${total.failed} failed`);
    process.exit(total.failed === 0 ? 0 : 1);
}

async function judge(check: Check): Promise<Count> {
    const { code, output, seconds } = await run(check.name, check.argv, root);
    const log = resolve(logs, `${check.name.replaceAll(" ", "-")}.log`);
    writeFileSync(log, output);
    const counted = check.count?.(output);
    // A runner that ended badly without a failed test broke off: that is a failure too.
    const count =
        code === 0 && (check.count === undefined || counted !== undefined)
            ? (counted ?? { passed: 1, failed: 0 })
            : { passed: counted?.passed ?? 0, failed: Math.max(counted?.failed ?? 0, 1) };
    const tests = check.count === undefined ? "" : `  ${count.passed} of ${count.passed + count.failed} tests`;
    const note = check.note === undefined ? "" : `  ${check.note(output)}`;
    console.log(
        `${count.failed === 0 ? "ok  " : "FAIL"}  ${check.name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s${tests}${note}`,
    );
    if (count.failed > 0) console.log(`${indent(shownOf(output))}\n      The whole output: ${log}`);
    return count;
}

function indent(lines: readonly string[]): string {
    return lines.map((line) => `      ${line}`).join("\n");
}

void main(process.argv.slice(2));
