import { renderPeople } from "../../components/people/render";
import { planFleet } from "../../components/fleet/plan";
import { planEffects } from "../../components/fleet/effects";
import { notBuilt } from "../../components/fleet/built";
import { devText, stackOf } from "../support/stack";

const [one, two] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd5vdDvRkEAaf4B1xkQGqDXAU2pmTEJVHo1Gd1t5LSV alexa",
    "sk-ssh-ed25519@openssh.com AAAA",
];

test("an account, a file of keys that only root writes, root by sudo", () => {
    const role = renderPeople({ mira: [two], alexa: [one, two] });
    expect(role.users).toEqual({
        alexa: { home: "/home/alexa", shell: "/bin/bash", person: true },
        mira: { home: "/home/mira", shell: "/bin/bash", person: true },
    });
    expect(role.directories).toEqual({ "/etc/ssh/authorized_keys.d": { mode: "0755", owner: "root:root" } });
    const files = role.files!;
    expect(files["/etc/ssh/authorized_keys.d/alexa"]).toEqual({
        mode: "0644",
        owner: "root:root",
        text: `# Of sovereign-edge.\n${one}\n${two}\n`,
    });
    expect(files["/etc/sudoers.d/sovereign-edge-people"]).toMatchObject({
        mode: "0440",
        text: "# Of sovereign-edge.\nalexa ALL=(ALL:ALL) NOPASSWD: ALL\nmira ALL=(ALL:ALL) NOPASSWD: ALL\n",
        validate: ["/usr/sbin/visudo", "--check", "--quiet", "--file={}"],
    });
});

const planned = (people: string): ReturnType<typeof planFleet> =>
    planFleet(stackOf("dev", devText.replace("ssh: {", `people: { ${people} }\nssh: {`)));

test("everybody is on every node, nobody on none, and it is built", () => {
    const { nodes } = planned(`alexa: ${one}`);
    expect(Object.values(nodes).every(({ roles }) => roles["people"]?.users?.["alexa"] !== undefined)).toBe(true);
    expect(Object.values(nodes).every(({ roles }) => roles["packages"]?.packages?.["sudo"] !== undefined)).toBe(true);
    expect(Object.values(planned("").nodes).filter(({ roles }) => roles["people"] !== undefined)).toEqual([]);
    const stack = stackOf("dev", devText.replace("ssh: {", `people: { alexa: ${one} }\nssh: {`));
    expect(notBuilt(stack).map(({ path }) => path[0])).not.toContain("people");
});

test("who comes, goes and has another key is said by name", () => {
    const effects = (before: string, after: string): string[] => {
        const [was, now] = [planned(before), planned(after)];
        const recorded = Object.fromEntries(
            Object.entries(was.nodes).map(([name, { roles }]) => [name, { incarnation: 1, roles }]),
        );
        return planEffects(recorded, now).list.map(({ nodes, text }) => `${nodes.length}: ${text}`);
    };
    expect(effects(`alexa: ${one}`, `alexa: ${one}, mira: ${one}`)).toEqual(["3: mira may log in and become root"]);
    expect(effects(`alexa: ${one}`, `alexa: "${one} at work"`)).toEqual(["3: alexa logs in with other keys"]);
    const out = "3: alexa is logged out and may not log in any more; the files stay";
    expect(effects(`alexa: ${one}, mira: ${one}`, `mira: ${one}`)).toEqual([out]);
    expect(effects(`alexa: ${one}`, "")).toEqual(expect.arrayContaining([out]));
});
