import { createServer, type Server, type Socket } from "node:net";
import { dial, type Dialled, type Endpoint, type Patience } from "./dial";
import { firstOf } from "./first";
import { Handshake } from "./handshake";
import { shownKey } from "./shown-key";
import { Slots } from "./slots";
import type { Tunnels } from "./tunnels";
import { watchProgress } from "./unacknowledged";

/** The loopback listener in front of one node. */
export interface Route {
    readonly node: string;
    /** Port on 127.0.0.1; constant, because it is part of the recorded connection. */
    readonly port: number;
    /**
     * In order of preference: the first whose sshd speaks carries the bytes. Where there are several it must show the pinned
     * key as well: in another LAN the same address is somebody else's.
     */
    readonly endpoints: readonly Endpoint[];
    /** The pinned host key, as in authorized_keys, and what to say when the node shows another one. */
    readonly pin?: { readonly key: string; readonly mismatch: (shown: string) => string };
}

/** How long is waited, in milliseconds. */
export interface RoadPatience extends Patience {
    /** For bytes that were sent to be acknowledged. */
    readonly acknowledge: number;
    /** For somebody who is asked to touch a key, while the login waits for the client. */
    readonly touch: number;
    /** Of an endpoint before the next one is tried beside it. */
    readonly headStart: number;
    /** Before the login counts as over where nobody can see that it is. */
    readonly unreadable: number;
}

const patience: RoadPatience = {
    dial: 3_000,
    handshake: 8_000,
    acknowledge: 10_000,
    touch: 60_000,
    headStart: 1_000,
    unreadable: 2_000,
};

/** Idle milliseconds before TCP asks whether the other side is still there; ten questions, a second apart, follow (libuv). */
const keepAliveAfter = 3_000;

/** Logins at once: sshd drops at random above ten, from everybody together (sshd_config(5), MaxStartups). */
const loginsAtOnce = 2;

/** Milliseconds between two rounds over the endpoints, while a node is waited for. */
const betweenRounds = 250;

/**
 * A road: forwards bytes between 127.0.0.1 and the first endpoint whose sshd speaks. SSH stays end to end: the host key is
 * checked by the one who dials. A node that did not answer once is refused at once from then on, so that a dead node
 * costs seconds, and `report` is told why, once. Nothing of it keeps the process alive.
 */
export class Road {
    readonly server: Server;
    private dead = false;
    private strange = false;
    /** Endpoints that showed the pinned key. */
    private readonly known = new Set<Endpoint>();
    /** The one that carried bytes last: it goes first. */
    private last: Endpoint | undefined;
    /** A key that is not the pinned one, shown at one of several endpoints. */
    private other: string | undefined;
    private readonly losses = new Set<string>();
    private waitUntil = 0;
    private readonly logins = new Slots(loginsAtOnce);

    constructor(
        private route: Route,
        private readonly report: (message: string) => void,
        private readonly wait: RoadPatience = patience,
        private readonly tunnels?: Tunnels,
    ) {
        this.server = createServer((near) => {
            near.unref().on("error", () => near.destroy());
            void this.carry(near);
        });
        this.server.on("error", (error) => {
            report(
                `The road to ${route.node} cannot be opened on 127.0.0.1:${route.port}: ${error.message}. Is another run going on?`,
            );
        });
        this.server.listen(route.port, "127.0.0.1").unref();
    }

    /** Lets a node that did not answer be dialled again, and waits for it up to `milliseconds` from now. */
    again(milliseconds: number): void {
        this.dead = false;
        this.waitUntil = performance.now() + milliseconds;
    }

    /** The host key that is pinned now; empty while none is known. */
    get pinned(): string {
        return this.route.pin?.key ?? "";
    }

    /** Takes no more connections; what goes through other nodes ends, for every road that is reached through those. */
    close(): void {
        this.server.close();
        this.tunnels?.close();
    }

    /** Leads to another place from now on, where this key is shown: to a machine that was rented while the program runs. */
    lead(endpoint: Endpoint, key: string): void {
        const pin = this.route.pin === undefined ? {} : { pin: { ...this.route.pin, key } };
        this.route = { ...this.route, ...pin, endpoints: [endpoint, ...this.route.endpoints.slice(1)] };
    }

    private async carry(near: Socket): Promise<void> {
        const release = await this.logins.take();
        near.once("close", release);
        const reached = near.destroyed ? undefined : await this.reach();
        if (reached === undefined || near.destroyed) {
            reached?.far.destroy();
            near.destroy();
            release();
        } else {
            this.forward(near, reached.far, reached.place, release);
        }
    }

    /** Dials until an sshd speaks; gives up after one round, or when nobody waits any longer. */
    private async reach(): Promise<{ far: Socket; place: string } | undefined> {
        while (!this.dead) {
            const dialled = await this.tryAll();
            if ("far" in dialled) return dialled;
            if (performance.now() < this.waitUntil) await pause(betweenRounds);
            else if (dialled.busy) return undefined;
            else {
                this.giveUp(`${this.route.node} does not answer (${dialled.reason}).`);
                this.compare(this.other);
            }
        }
        return undefined;
    }

    private async tryAll(): Promise<Dialled> {
        const { last } = this;
        const others = this.route.endpoints.filter((endpoint) => endpoint !== last);
        const endpoints = last === undefined ? others : [last, ...others];
        return firstOf(
            endpoints.map((endpoint) => () => this.try(endpoint)),
            this.wait.headStart,
        );
    }

    private async try(endpoint: Endpoint): Promise<Dialled> {
        const { endpoints, pin } = this.route;
        if (endpoints.length > 1 && pin !== undefined && !this.known.has(endpoint)) {
            const stranger = await this.strangerAt(endpoint, pin.key);
            if (stranger !== undefined) return stranger;
        }
        const dialled = await dial(endpoint, this.patienceLeft(), this.tunnels);
        if ("far" in dialled) this.last = endpoint;
        return dialled;
    }

    /** Looks which key is shown there; why nobody is to be dialled there, or nothing when it is the pinned one. */
    private async strangerAt(endpoint: Endpoint, key: string): Promise<Dialled | undefined> {
        const looked = await dial(endpoint, this.patienceLeft(), this.tunnels);
        if ("reason" in looked) return looked;
        const shown = await shownKey(looked.far, this.wait.handshake);
        if (shown === undefined) return { reason: `${looked.place}: shows no ed25519 host key`, busy: true };
        this.other = shown === key ? this.other : shown;
        if (shown !== key) return { reason: `${looked.place}: shows another host key`, busy: false };
        this.known.add(endpoint);
        return undefined;
    }

    private patienceLeft(): Patience {
        const left = this.waitUntil - performance.now();
        if (left <= 0) return this.wait;
        return { dial: Math.min(this.wait.dial, left), handshake: Math.min(this.wait.handshake, left) };
    }

    private giveUp(message: string): void {
        if (!this.dead) this.report(message);
        this.dead = true;
    }

    /** Joins the two ends, and follows the login to its end: only then the next one may begin. */
    private forward(near: Socket, far: Socket, place: string, release: () => void): void {
        const handshake = new Handshake();
        const written = watchProgress(far, this.wait.acknowledge, () => {
            this.lost(place, `acknowledged nothing for ${this.wait.acknowledge / 1000} s`);
            far.destroy();
        });
        const fromClient = (chunk: Buffer): void => {
            handshake.fromClient(chunk);
            follow(this.wait.handshake);
        };
        const fromServer = (chunk: Buffer): void => {
            handshake.fromServer(chunk);
            this.compare(handshake.hostKey);
            follow(this.wait.touch);
        };
        const follow = (patience: number): void => {
            if (handshake.phase === "exchange") return;
            far.setTimeout(handshake.phase === "login" ? patience : 0);
            if (handshake.settled) release();
            else if (handshake.phase === "unreadable") setTimeout(release, this.wait.unreadable).unref();
            else return;
            near.off("data", fromClient);
            far.off("data", fromServer);
        };
        far.setTimeout(this.wait.handshake, () => {
            this.giveUp(`${this.route.node} is frozen: ${place} took the connection, and its sshd stays silent.`);
            far.destroy();
        });
        near.on("data", fromClient).on("data", written);
        far.on("data", fromServer);
        this.join(near, far, place);
    }

    private join(near: Socket, far: Socket, place: string): void {
        far.setKeepAlive(true, keepAliveAfter).on("error", (error: NodeJS.ErrnoException) => {
            if (error.code === "ETIMEDOUT") this.lost(place, "does not answer any more");
            near.destroy();
        });
        near.on("close", () => far.destroy());
        far.on("close", () => near.destroy());
        near.pipe(far).pipe(near);
    }

    private lost(place: string, how: string): void {
        const message = `A connection to ${this.route.node} broke: ${place} ${how}.`;
        // Commands that are over leave connections behind, which all break together.
        if (!this.losses.has(message)) this.report(message);
        this.losses.add(message);
    }

    private compare(shown: string | undefined): void {
        const { pin } = this.route;
        if (this.strange || shown === undefined || pin === undefined || shown === pin.key) return;
        // Not given up: whoever dials refuses the key for himself, and says so.
        this.strange = true;
        this.report(pin.mismatch(shown));
    }
}

/** Opens a road; `report` gets what there is to say about it, `tunnels` lead to what other nodes forward to. */
export function openRoad(
    route: Route,
    report: (message: string) => void,
    wait: RoadPatience = patience,
    tunnels?: Tunnels,
): Road {
    return new Road(route, report, wait, tunnels);
}

function pause(milliseconds: number): Promise<void> {
    return new Promise((done) => setTimeout(done, milliseconds).unref());
}
