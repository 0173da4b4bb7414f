/** Where converge.py stands on a node. */
export const program = "/usr/local/lib/sovereign-edge/converge.py";

/** What converge.py is told to do with the document on its standard input. */
export type Verb = "secrets" | "apply" | "finish" | "release" | "reboot";

/** What converge.py is asked: nothing is changed, and it is not logged who asks. */
export type Question = "status" | "pairs";

/** Where the bundle of the program is uploaded to: in the home directory of the login user. */
export const upload = ".sovereign-edge-program.json";

/** The file that sshd writes when `ExposeAuthInfo` is on: who acts. Filled in by the login shell, past sudo. */
const auth = '--auth "${SSH_USER_AUTH:-}"';

/**
 * The one line that runs a verb of converge.py on a node. Constant: on failure the engine prints it, and any change of
 * it would run every command again.
 */
export function commandLine(verb: Verb, user: string): string {
    return `${programLine(verb, user)} ${auth}`;
}

/** The line that runs converge.py on a node and does not say who acts; enough for a question. */
export function programLine(verb: Verb | Question, user: string): string {
    // -S: what others installed for Python is not looked for, which takes a quarter of Python's start.
    return `${asRoot(user)}python3 -I -S ${program} ${verb}`;
}

/** The line that installs converge.py from the upload or, when that was installed before, from the copy that is kept. */
export function installLine(user: string): string {
    const kept = program.replace(/[^/]*$/, "program.json");
    const read = `import json,os,sys;f=sys.argv[2];s=open(f if os.path.exists(f) else '${kept}','rb').read()`;
    const run = "exec(compile(json.loads(s)['converge/bootstrap.py'],'bootstrap.py','exec'),{'BUNDLE':s})";
    return `${asRoot(user)}python3 -I -c "${read};${run}" install "$HOME/${upload}" ${auth}`;
}

/** What stands before a command that root has to run, for a login as `user`. */
export function asRoot(user: string): string {
    // -n: a sudo that asks for a password fails at once and says so.
    return user === "root" ? "" : "sudo -n ";
}
