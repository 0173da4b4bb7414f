import { down } from "./down";
import { execute, followConsole, parseOrder } from "./exec";
import { machineStates, table } from "./list";
import { withLock } from "./lock";
import { cut, freeze, isOn, shutDown, start, thaw, waitUntilReady } from "./machine";
import { requireUp } from "./owner";
import { LOCK } from "./paths";
import { machineNamed } from "./roster";
import { CLOUD_USAGE, cloudVerb } from "./cloud/verbs";
import { setFault } from "./fault";
import { giveIpv6 } from "./ipv6";
import { setBlock, setCable, setLink, setLoss, setMtu, setNat, setPublicAddress } from "./trouble";
import { step } from "./shell";
import { up } from "./up";

const USAGE = `usage: npm run lab -- VERB
  up                        bring the lab up, heal what died
  down                      take it down, disks included
  list [--json]             machines, addresses, state
  exec PLACE -- COMMAND…    on a machine (as root), or where the operator stands: exec [--user NAME] operator -- COMMAND…
  power on|off|cut MACHINE… cut takes the cable out first, then the power; several boot at once
  freeze|thaw MACHINE       sshd accepts connections and stays silent
  set MACHINE no-sudo|sudo  take the administrator's sudo away, give it back
  cable add|remove HOME     from the operator's place into another home's LAN
  link cut|restore HOME     the cable between a home's router and the internet
  wan HOME ADDRESS          a home with a new public address
  nat HOME symmetric|cone   source ports drawn at random, or kept
  block MACHINE udp PORT    drops what comes to that port; \`unblock MACHINE\` lets it in again
  mtu HOME BYTES            largest packet between a home and the internet, 1500 at first
  loss HOME PERCENT         share of packets lost between them, each way
  ipv6 HOME                 a network of its own, not translated, for its router and the machines that are on
  console MACHINE           follow the journal
${CLOUD_USAGE}`;

function power(action: string | undefined, names: readonly string[]): void {
    const machines = (names.length === 0 ? [""] : names).map(machineNamed);
    if (action === "on") {
        const due = machines.filter(({ name }) => !isOn(name));
        due.forEach(start);
        due.forEach(waitUntilReady);
    } else if (action === "off") machines.forEach(shutDown);
    else if (action === "cut") machines.forEach(cut);
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

/** What is done to a running lab, by verb. */
const CHANGES: Readonly<Record<string, (args: readonly string[]) => void>> = {
    power: ([action, ...machines]) => {
        power(action, machines);
    },
    freeze: ([machine = ""]) => {
        freeze(machine);
    },
    thaw: ([machine = ""]) => {
        thaw(machine);
    },
    set: ([machine = "", fault = ""]) => {
        setFault(machine, fault);
    },
    cable: ([action = "", home = ""]) => {
        setCable(action, home);
    },
    link: ([action = "", home = ""]) => {
        setLink(action, home);
    },
    wan: ([home = "", address = ""]) => {
        setPublicAddress(home, address);
    },
    nat: ([home = "", kind = ""]) => {
        setNat(home, kind);
    },
    block: ([machine = "", protocol, port = ""]) => {
        if (protocol !== "udp") throw new Error("usage: npm run lab -- block MACHINE udp PORT");
        setBlock(machine, port);
    },
    unblock: ([machine = ""]) => {
        setBlock(machine, undefined);
    },
    mtu: ([home = "", bytes = ""]) => {
        setMtu(home, bytes);
    },
    ipv6: ([home = ""]) => {
        giveIpv6(home);
    },
    loss: ([home = "", percent = ""]) => {
        setLoss(home, percent);
    },
};

function runVerb(verb: string | undefined, rest: string[]): Promise<number> {
    const change = Object.hasOwn(CHANGES, verb ?? "") ? CHANGES[verb ?? ""] : undefined;
    if (change !== undefined)
        return lockedWhileUp([verb, ...rest].join(" "), () => {
            change(rest);
        });
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
        case "cloud":
            requireUp();
            return cloudVerb(rest);
        case "console":
            return followConsole(rest[0] ?? "");
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
