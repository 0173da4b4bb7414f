import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { footprint } from "../../lab/footprint";
import { must, root } from "./support";

test("down leaves no process, mount, namespace, route or rule, and up brings the same back", async () => {
    await must(["npm", "run", "-s", "down"]);
    const before = footprint();
    expect(existsSync(resolve(root, "stacks/dev.known_hosts"))).toBe(false);
    await must(["tools/node", "lab/main.ts", "up"]);
    expect(footprint()).not.toEqual(before);
    await must(["npm", "run", "-s", "down"]);
    expect(footprint()).toEqual(before);
    await must(["npm", "run", "-s", "down"]);
    expect(footprint()).toEqual(before);
});
