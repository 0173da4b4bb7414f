import { readFileSync } from "node:fs";
import { planFleet } from "../../components/fleet/plan";
import { systemAccounts } from "../../components/people/accounts";
import { devText, stackOf } from "../support/stack";

test("every account that a role makes or a unit runs as is no person's name", () => {
    const roles = Object.values(planFleet(stackOf("dev", devText)).nodes).flatMap((node) => Object.values(node.roles));
    const made = roles.flatMap(({ users = {} }) => Object.keys(users).filter((name) => users[name]?.person !== true));
    const runs = roles.flatMap(({ files = {} }) =>
        Object.values(files).flatMap(({ text = "" }) =>
            [...text.matchAll(/^User=(\S+)$/gm)].map(([, name = ""]) => name),
        ),
    );
    expect(made).toContain("caddy");
    expect([...made, ...runs].filter((name) => systemAccounts[name] === undefined)).toEqual([]);
});

test("every account that Debian has from its start is no person's name", () => {
    const low = readFileSync("/etc/passwd", "utf8")
        .split("\n")
        .map((line) => line.split(":"))
        .filter(([name = "", , number]) => Number(number) < 100 && /^[a-z][a-z0-9-]*$/.test(name))
        .map(([name = ""]) => name);
    expect(low).toContain("root");
    expect(low.filter((name) => systemAccounts[name] === undefined)).toEqual([]);
});
