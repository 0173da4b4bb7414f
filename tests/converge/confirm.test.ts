import { causeOf, engineTooOld, runAgain, unconfirmed } from "../../components/converge/confirm";

const command = 'running "sudo -n python3 -I converge.py apply":';
const armed = `Process exited with status 75: ${command}\nconfirm: firewall is applied; waiting 60 s for a fresh connection\n`;
const lost = `wait: remote command exited without exit status or exit signal: ${command}\n`;
const dead = "after 1 failed attempts: ssh: handshake failed: EOF";

test.each([
    ["armed", armed],
    ["lost", lost],
    ["lost", `EOF: ${command}\nanything, exited with status 1`],
    ["lost", `wait: remote command exited without exit status or exit signal: ${command}\nchild exited with status 75`],
    ["other", dead],
    ["other", "after 1 failed attempts: ssh: handshake failed: ssh: host key mismatch"],
    ["other", `Process exited with status 75: ${command}\nsomething else that says confirm: no`],
    ["other", `Process exited with status 1: ${command}\nconfirm: firewall is applied`],
    ["other", `Process exited with status 64: ${command}\nrefused: a: running "x": exited with status 75\nconfirm: y`],
    ["other", `Process exited with status 175: ${command}\nconfirm: firewall is applied`],
    ["other", `Process exited with status 137 from signal KILL: ${command}\n`],
    ["other", ""],
])("the cause is %s", (cause, error) => {
    expect(causeOf(error)).toBe(cause);
});

test("a command is run again at most twice, and only for the newest cause", () => {
    expect([runAgain([armed]), runAgain([armed, lost]), runAgain([lost, armed])]).toEqual([true, true, true]);
    expect([runAgain([armed, armed, armed]), runAgain([dead, armed]), runAgain([])]).toEqual([false, false, false]);
});

test("what was never confirmed is named, with the time after which it goes back", () => {
    const words = unconfirmed("firewall on alice", "alice", [dead, armed], 90);
    expect(words).toMatch(
        /^firewall on alice was not confirmed .* alice goes back .* by itself, 90 s after the change/,
    );
    expect(unconfirmed("finish on alice", "alice", [dead, lost])).toContain("60 s after");
    expect(unconfirmed("firewall on alice", "alice", [dead])).toBeUndefined();
});

test("an old engine is told which commands need a newer one", () => {
    expect(engineTooOld(["firewall on alice", "sshd on alice"])).toMatch(
        /older than 3\.244\.0 .*firewall on alice, sshd on alice could lock you out\. Nothing was changed\./,
    );
});
