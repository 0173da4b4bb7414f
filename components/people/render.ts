import type { DesiredFile, Role } from "../converge/schema";

/** Where sshd looks for keys of people beside their own `~/.ssh`: nobody but root can write there. `%u` is the login. */
export const keysOfPeople = "/etc/ssh/authorized_keys.d";
const sudoers = "/etc/sudoers.d/sovereign-edge-people";

/**
 * The role `people`: an account each, keys in a directory of root's, root by sudo without a password, for there is none.
 * @param people public keys by login; at least one person
 */
export function renderPeople(people: Readonly<Record<string, readonly string[]>>): Role {
    const names = Object.keys(people).sort();
    const rules = names.map((name) => `${name} ALL=(ALL:ALL) NOPASSWD: ALL`);
    return {
        users: Object.fromEntries(
            names.map((name) => [name, { home: `/home/${name}`, shell: "/bin/bash", person: true }]),
        ),
        directories: { [keysOfPeople]: { mode: "0755", owner: "root:root" } },
        files: {
            ...Object.fromEntries(names.map((name) => [`${keysOfPeople}/${name}`, keysFile(people[name] ?? [])])),
            [sudoers]: {
                mode: "0440",
                owner: "root:root",
                text: ["# Of sovereign-edge.", ...rules, ""].join("\n"),
                validate: ["/usr/sbin/visudo", "--check", "--quiet", "--file={}"],
            },
        },
    };
}

/** authorized_keys(5); sshd reads it as the person who logs in. */
function keysFile(keys: readonly string[]): DesiredFile {
    return { mode: "0644", owner: "root:root", text: ["# Of sovereign-edge.", ...keys, ""].join("\n") };
}
