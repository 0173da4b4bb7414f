/** Where converge.py stands on a node. */
export const program = "/usr/local/lib/sovereign-edge/converge.py";

/**
 * The one line that runs a verb of converge.py on a node. Constant: on failure the engine prints it, and any change of
 * it would run every command again.
 */
export function commandLine(verb: "secrets" | "apply" | "finish", user: string): string {
    return `${asRoot(user)}python3 -I ${program} ${verb}`;
}

/** The line that installs converge.py from standard input. */
export function installLine(user: string): string {
    const read =
        "import sys;s=sys.stdin.buffer.read();exec(compile(s,'converge.py','exec'),{'__name__':'__main__','SOURCE':s})";
    return `${asRoot(user)}python3 -I -c "${read}" install`;
}

function asRoot(user: string): string {
    // -n: a sudo that asks for a password fails at once and says so.
    return user === "root" ? "" : "sudo -n ";
}
