import { hardwareOf } from "../../components/node/hardware";
import {
    loginProblem,
    machineProblems,
    parseMachine,
    proposeHardware,
    proposeOs,
    type Machine,
} from "../../tools/cli/machine";

const gib = 2 ** 30;
const good: Machine = {
    sudo: "ok",
    python: "ok",
    os: "debian",
    osVersion: "13",
    osName: "Debian GNU/Linux 13 (trixie)",
    raspberry: "no",
    systemd: "yes",
    clock: 1_800_000_000,
    arch: "amd64",
    memory: 16 * gib,
    pageSize: 4096,
    model: "",
};

test("answers are read from between whatever a login shell prints", () => {
    const text =
        "Welcome!\nsudo=ok\npython=ok\nos=debian\nosVersion=12\nosName=Debian GNU/Linux 12 (bookworm)\nsystemd=yes\nclock=1800000000\narch=arm64\nmemory=8038400\npageSize=16384\nmodel=Raspberry Pi 5 Model B Rev 1.0\n";
    expect(parseMachine(text)).toMatchObject({
        arch: "arm64",
        memory: 8038400 * 1024,
        pageSize: 16384,
        osVersion: "12",
    });
});

test("silence is no good machine", () => {
    expect(machineProblems(parseMachine(""), "pi", 0).length).toBeGreaterThan(3);
});

test.each<[number, string, string, string]>([
    [7.6, "arm64", "Raspberry Pi 5 Model B Rev 1.0", "pi5-8gb"],
    [3.7, "arm64", "Raspberry Pi 4 Model B Rev 1.4", "pi4-4gb"],
    [15.8, "arm64", "Raspberry Pi 5 Model B Rev 1.1", "pi5-16gb"],
    [0.9, "arm64", "Raspberry Pi 3 Model B Plus Rev 1.3", "pi3-1gb"],
    [119.7, "arm64", "NVIDIA_DGX_Spark", "dgx-spark"],
    [15.5, "amd64", "", "amd64-16gb"],
    [0.95, "amd64", "Droplet", "amd64-1gb"],
    [1.9, "amd64", "", "amd64-2gb"],
    [13.6, "amd64", "NUC", "amd64-16gb"],
    [2000.5, "amd64", "", "amd64-2001gb"],
])("%d GiB of %s (%s) is %s", (size, arch, model, profile) => {
    expect(proposeHardware({ arch, memory: size * gib, model })).toBe(profile);
    expect(hardwareOf(profile)).toBeDefined();
});

test.each<[Partial<Machine>, string]>([
    [{}, "debian-13"],
    [{ osVersion: "12", raspberry: "yes" }, "raspberry-pi-os-12"],
    [{ os: "ubuntu", osVersion: "24.04" }, "ubuntu-24.04"],
])("%j is written as %s", (change, os) => {
    expect(proposeOs({ ...good, ...change })).toBe(os);
});

test("a good machine has no problem, as root too", () => {
    expect(machineProblems(good, "admin", 1_800_000_000)).toEqual([]);
    expect(machineProblems({ ...good, sudo: "root" }, "root", 1_800_000_059)).toEqual([]);
    expect(machineProblems({ ...good, os: "ubuntu", osVersion: "24.04" }, "admin", 1_800_000_000)).toEqual([]);
});

test.each<[Partial<Machine>, RegExp]>([
    [
        { sudo: "password" },
        /asks admin for a password.*echo 'admin ALL=\(ALL\) NOPASSWD: ALL' > \/etc\/sudoers\.d\/admin/,
    ],
    [{ sudo: "missing" }, /apt install sudo && echo 'admin/],
    [{ python: "python3 is not installed" }, /apt install python3$/],
    [{ python: "python3 is incomplete: No module named 'sqlite3'" }, /apt install python3-full$/],
    [
        { os: "alpine", osVersion: "3.20", osName: "Alpine Linux v3.20" },
        /Alpine Linux v3\.20, which is not supported\. Install Debian 12 or 13/,
    ],
    [{ osVersion: "11", osName: "Debian GNU/Linux 11 (bullseye)" }, /not supported/],
    [{ systemd: "no" }, /not run by systemd/],
    [{ clock: 1_800_000_000 - 3600 }, /clock is 3600 s behind\. On the machine: timedatectl set-ntp true/],
    [{ clock: 1_800_000_000 + 61 }, /clock is 61 s ahead/],
    [{ arch: "armhf" }, /architecture is armhf\. Install a 64-bit system/],
])("%j ends in one line that says what to do", (change, message) => {
    const problems = machineProblems({ ...good, ...change }, "admin", 1_800_000_000);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toContain("\n");
});

test.each([
    [
        255,
        "admin@192.0.2.1: Permission denied (publickey).",
        /refuses the agent's keys\. Is it another user\? Add --user NAME\..*ssh-copy-id -p 2222 admin@192\.0\.2\.1$/,
    ],
    [255, "Connection closed by 192.0.2.1 port 2222", /the login as .* failed: Connection closed/],
    [137, "", /did not answer the questions/],
    [255, "", /ssh ended with 255/],
])("a login that ends with %d and %j says what to do", (code, stderr, message) => {
    const problem = loginProblem(
        { node: "box", address: "192.0.2.1", user: "admin", port: 2222 },
        { code, stdout: "", stderr },
    );
    expect(problem).toMatch(message);
    expect(problem).not.toContain("\n");
});
