import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { planListeners, type NodeListener } from "../../firewall/listeners";
import { typeOf } from "../../services/catalogue/catalogue";

const clash: Check = ({ inventory, design }) => {
    const groups = new Map<string, NodeListener[]>();
    for (const listener of planListeners(inventory, design.instances)) {
        const key = `${listener.node} ${listener.protocol} ${listener.port}`;
        groups.set(key, [...(groups.get(key) ?? []), listener]);
    }
    const clashes = [...groups.values()].flatMap(([first, ...others]) =>
        first === undefined
            ? []
            : others.filter((other) => collide(first, other)).map((other) => [first, other] as const),
    );
    const movable = (listener: NodeListener): boolean =>
        typeOf(listener.type, {})?.listeners.some(({ main, port }) => main === true && port === listener.port) === true;
    // TCP and UDP 53 of the same two are one mistake.
    const unique = new Map(
        clashes.map((pair) => [`${pair[0].node} ${pair[0].what} ${pair[1].what} ${pair[0].port}`, pair]),
    );
    return [...unique.values()].map(([first, second]): Problem => {
        const [mover, stayer] = isService(second) ? [second, first] : [first, second];
        return {
            code: "SE174",
            path: mover.path,
            message: `${mover.what} and ${stayer.what} both want port ${mover.port}/${mover.protocol} of ${mover.node}.`,
            fix: movable(mover)
                ? `Give ${mover.what} \`ports:\` of its own, or place one of them on another node.`
                : "Place one of them on another node.",
        };
    });
};

const system = ["sshd", "wireguard", "caddy", "pdns", "engine"];

function isService({ type }: NodeListener): boolean {
    return !system.includes(type);
}

/** Two programs on the same port; not when one keeps to loopback and the other to the node's own addresses. */
function collide(a: NodeListener, b: NodeListener): boolean {
    if (a.what === b.what) return false;
    return !((a.bound && b.scope === "loopback") || (b.bound && a.scope === "loopback"));
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
