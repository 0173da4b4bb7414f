import type { Check, Checked } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { groupBy } from "../../fleet/group";
import { planListeners, type NodeListener } from "../../firewall/listeners";
import { typeOf } from "../../services/catalogue/catalogue";

/** Two who want the same ports of a node. */
interface Clash {
    readonly first: NodeListener;
    readonly second: NodeListener;
    /** `80/tcp`, each once. */
    readonly ports: string[];
}

const clash: Check = (checked) =>
    findClashes(planListeners(checked.inventory, checked.design.instances)).map(({ first, second, ports }): Problem => {
        // The one that can be moved is asked to; else the service and not the system.
        const pair = [second, first];
        const mover = pair.find((one) => canMove(checked, one, ports)) ?? pair.find(isService) ?? second;
        const stayer = mover === second ? first : second;
        const what = ports.length === 1 ? `port ${ports[0] ?? ""}` : `the ports ${ports.join(", ")}`;
        return {
            code: "SE174",
            path: mover.path,
            message: `${mover.what} and ${stayer.what} both want ${what} of ${mover.node}.`,
            fix: canMove(checked, mover, ports)
                ? `Give ${mover.what} \`ports:\` of its own, or place one of them on another node.`
                : "Place one of them on another node.",
        };
    });

function findClashes(listeners: readonly NodeListener[]): Clash[] {
    const groups = groupBy(listeners, ({ node, protocol, port }) => `${node} ${protocol} ${port}`);
    const clashes = new Map<string, Clash>();
    for (const [first, ...others] of groups.values()) {
        if (first === undefined) continue;
        for (const second of others.filter((other) => collide(first, other))) {
            const key = `${first.node} ${first.what} ${second.what}`;
            const { ports } = clashes.get(key) ?? { ports: [] };
            clashes.set(key, { first, second, ports: [...ports, `${first.port}/${first.protocol}`] });
        }
    }
    return [...clashes.values()];
}

/** Two programs on the same port; not when one keeps to loopback and the other to the node's own addresses. */
function collide(a: NodeListener, b: NodeListener): boolean {
    // Two of what runs once on a node are SE175's.
    if (a.what === b.what || (a.type === b.type && typeOf(a.type, {})?.many === false)) return false;
    return !((a.bound && b.scope === "loopback") || (b.bound && a.scope === "loopback"));
}

function isService({ type }: NodeListener): boolean {
    return !["sshd", "wireguard", "caddy", "pdns", "engine"].includes(type);
}

/** Whether `ports:` of the block would move all of these. */
function canMove({ design }: Checked, { what, node, type }: NodeListener, ports: readonly string[]): boolean {
    const instance = design.instances.find((one) => one.name === what && one.node === node);
    const catalogued = typeOf(type, {});
    if (instance === undefined || catalogued?.options.includes("ports") !== true) return false;
    const fixed = catalogued.listeners.filter(({ main, unlessMoved }) => main !== true && unlessMoved !== true);
    return !fixed.some(({ port, protocol }) => ports.includes(`${port}/${protocol}`));
}

/** systemd-resolved of Ubuntu holds 127.0.0.53:53, and a resolver for everybody wants port 53 of every address. */
const stubResolver: Check = ({ design }) =>
    design.instances
        .filter(({ listeners, node }) => {
            const resolves = listeners.some(({ port, protocol }) => port === 53 && protocol === "udp");
            return resolves && design.machines[node]?.os.startsWith("ubuntu") === true;
        })
        .map(({ name, node, path }) => ({
            code: "SE174" as const,
            path,
            message: `${name} and systemd-resolved both want port 53/udp of ${node}: Ubuntu starts a stub on 127.0.0.53.`,
            fix: "Place it on a node with Debian or Raspberry Pi OS.",
        }));

/** Checks on who listens where. */
export const portChecks: readonly Check[] = [clash, stubResolver];
