import { chownSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRunning, startService } from "./daemon";
import { OPERATOR_KEY } from "./identity";
import { RUN } from "./paths";
import { ask } from "./shell";

/** A user of the host who works in the operator's place without being root. */
export interface Visitor {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
    readonly home: string;
}

/**
 * A user of the host by name.
 * @throws Error when there is none.
 */
export function visitorNamed(name: string): Visitor {
    const [, , uid, gid, , home] = (ask(["getent", "passwd", name]) ?? "").trim().split(":");
    if (uid === undefined || gid === undefined || home === undefined)
        throw new Error(`This computer has no user "${name}" to run as.`);
    return { name, uid: Number(uid), gid: Number(gid), home };
}

/** Path of an agent's socket that holds the operator's key for this user; an agent serves only its own user, so each gets one. */
export function ensureAgentOf({ name, uid, gid }: Visitor): string {
    const folder = join(RUN, "agents", name);
    const socket = join(folder, "agent.sock");
    if (isRunning(`agent-${name}`)) return socket;
    mkdirSync(folder, { recursive: true });
    chownSync(folder, uid, gid);
    rmSync(socket, { force: true });
    startService({
        name: `agent-${name}`,
        argv: () => [
            "setpriv",
            `--reuid=${uid}`,
            `--regid=${gid}`,
            "--init-groups",
            "--",
            "ssh-agent",
            "-D",
            "-a",
            socket,
        ],
        isReady: () =>
            existsSync(socket) &&
            ask(["ssh-add", "-q", OPERATOR_KEY], { env: { ...process.env, SSH_AUTH_SOCK: socket } }) !== undefined,
    });
    return socket;
}
