import { down } from "./down";
import { execute, followConsole, parseOrder } from "./exec";
import { machineStates, table } from "./list";
import { withLock } from "./lock";
import { cut, freeze, isOn, shutDown, start, thaw, waitUntilReady } from "./machine";
import { requireUp } from "./owner";
import { LOCK } from "./paths";
import { machineNamed } from "./plan";
import { setFault } from "./fault";
import { step } from "./shell";
import { up } from "./up";

const USAGE = `usage: npm run lab -- VERB
  up                        bring the lab up, heal what died
  down                      take it down, disks included
  list [--json]             machines, addresses, state
  exec PLACE -- COMMAND…    on a machine (as root), or where the operator stands: exec [--user NAME] operator -- COMMAND…
  power on|off|cut MACHINE  cut takes the cable out first, then the power
  freeze|thaw MACHINE       sshd accepts connections and stays silent
  set MACHINE no-sudo|sudo  take the administrator's sudo away, give it back
  console MACHINE           follow the journal`;

function power(action: string | undefined, name: string | undefined): void {
    const machine = machineNamed(name ?? "");
    if (action === "on") {
        if (isOn(machine.name)) return;
        start(machine);
        waitUntilReady(machine);
    } else if (action === "off") shutDown(machine);
    else if (action === "cut") cut(machine);
    else throw new Error(`Power "${action ?? ""}"? It is on, off or cut.`);
}

function locked(action: () => void): Promise<number> {
    return withLock(LOCK, "another command changes the lab", () => {
        action();
        return 0;
    });
}

function lockedWhileUp(name: string, action: () => void): Promise<number> {
    return locked(() => {
        requireUp();
        step(name, action);
    });
}

function list(json: boolean): Promise<number> {
    const states = machineStates();
    console.log(json ? JSON.stringify(states) : table(states));
    return Promise.resolve(0);
}

function runVerb(verb: string | undefined, rest: string[]): Promise<number> {
    const [first, second] = rest;
    switch (verb) {
        case "up":
            return locked(up);
        case "down":
            return locked(() => {
                down(rest.includes("--orphan"));
            });
        case "list":
            return list(rest.includes("--json"));
        case "exec":
            return execute(parseOrder(rest));
        case "power":
            return lockedWhileUp(`power ${first ?? ""} ${second ?? ""}`, () => {
                power(first, second);
            });
        case "freeze":
            return lockedWhileUp(`freeze ${first ?? ""}`, () => {
                freeze(first ?? "");
            });
        case "thaw":
            return lockedWhileUp(`thaw ${first ?? ""}`, () => {
                thaw(first ?? "");
            });
        case "set":
            return lockedWhileUp(`set ${first ?? ""} ${second ?? ""}`, () => {
                setFault(first ?? "", second ?? "");
            });
        case "console":
            return followConsole(first ?? "");
        default:
            throw new Error(USAGE);
    }
}

async function main(argv: string[]): Promise<number> {
    if (process.platform !== "linux" || process.getuid?.() !== 0)
        throw new Error("The lab needs Linux and root: it makes network namespaces and boots machines in them.");
    return runVerb(argv[0], argv.slice(1));
}

main(process.argv.slice(2)).then(
    (code) => {
        process.exitCode = code;
    },
    (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    },
);
