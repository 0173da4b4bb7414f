import { createServer } from "node:net";
import { exchangeReply, gcm, hello, login, sealed } from "../../converge/ssh-speech";

/* Speaks like an sshd from its first byte to a session, and then nothing any more: speaker.ts PORT. */
const words = Buffer.concat([hello(gcm), exchangeReply(), ...login, sealed(96)]);
createServer((socket) => socket.on("error", () => undefined).write(words)).listen(Number(process.argv[2]), () => {
    console.log(words.length);
});
