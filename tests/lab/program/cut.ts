import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { openRoad } from "../../../components/converge/roads";
import { gcm, hello } from "../../converge/ssh-speech";

/*
 * Two sessions through a road, then the command that cuts the cable: how many seconds later each of them is closed. One
 * is idle, the other one sends once more. Run by tests/lab/15-engine.test.ts where the engine stands:
 * cut.ts HOST PORT BYTES COMMAND…, where the server speaks BYTES of a login.
 */
const [host = "", port = "", bytes = "", ...cut] = process.argv.slice(2);

async function session(road: number): Promise<Socket> {
    const socket = connect(road, "127.0.0.1", () => socket.write(hello(gcm)));
    socket.on("error", () => undefined);
    let read = 0;
    socket.on("data", (chunk) => (read += chunk.length));
    while (read < Number(bytes)) await once(socket, "data");
    return socket;
}

async function main(): Promise<void> {
    const reports: string[] = [];
    const road = openRoad({ node: "alice", port: 0, endpoints: [{ host, port: Number(port) }] }, (message) =>
        reports.push(message),
    );
    await once(road.server, "listening");
    const { port: near } = road.server.address() as AddressInfo;
    const [idle, sending] = [await session(near), await session(near)];
    const [program = "", ...args] = cut;
    spawnSync(program, args);
    const start = performance.now();
    sending.write(Buffer.alloc(3_000));
    const seconds = async (socket: Socket): Promise<number> => {
        await once(socket, "close");
        return (performance.now() - start) / 1000;
    };
    const [idleFor, sendingFor] = await Promise.all([seconds(idle), seconds(sending)]);
    console.log(JSON.stringify({ idle: idleFor, sending: sendingFor, reports }));
}

// A road that notices nothing is not waited for.
setTimeout(() => process.exit(1), 60_000).unref();
void main();
