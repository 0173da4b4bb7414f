import { onMachine } from "./exec";
import { run } from "./shell";

const SUDOERS = "/etc/sudoers.d/admin";

/**
 * Takes something away from a machine that a fleet relies on, or gives it back.
 * @throws Error for a fault that the lab does not know.
 */
export function setFault(machine: string, fault: string): void {
    if (fault === "no-sudo") run(onMachine(machine, ["rm", "-f", SUDOERS]));
    else if (fault === "sudo")
        run(onMachine(machine, ["sh", "-c", `umask 0337; cat >${SUDOERS}`]), {
            input: "admin ALL=(ALL) NOPASSWD: ALL\n",
        });
    else throw new Error(`The lab does not know "${fault}". It can set: sudo, no-sudo.`);
}
