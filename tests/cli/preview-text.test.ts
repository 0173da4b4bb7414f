import { changedParts, DiffFilter } from "../../tools/cli/preview-text";

function filter(text: string): string {
    const reader = new DiffFilter();
    const shown = text.split("\n").flatMap((line) => reader.push(line));
    return [...shown, ...reader.end()].join("\n");
}

/** As CLI 3.259 prints it. */
const update = `Previewing update (home):
  pulumi:pulumi:Stack: (same)
    [urn=urn:pulumi:home::sovereign-edge::pulumi:pulumi:Stack::sovereign-edge-home]
    ~ command:remote:Command: (update)
        [id=caddy on box1]
        [urn=urn:pulumi:home::sovereign-edge::a:b:Node$command:remote:Command::caddy on box]
        [provider=urn:pulumi:home::sovereign-edge::pulumi:providers:command::default_1_2_1::0548]
      ~ stdin: (json) {
            checks     : {
                listens: {
                    tcp   : "127.0.0.1:443"
                }
            }
          ~ files      : {
              ~ /etc/caddy/Caddyfile: {
                    mode    : "0644"
                  ~ text    : 
                        ...
                        	tls internal
                        	handle {
                      + 		header X-New 1
                      - 		header X-Old 1
                        	}

                        ...
                    validate: [
                        [0]: "caddy"
                    ]
                }
              + /etc/caddy/extra    : {
                  + mode : "0640"
                }
                /etc/systemd/caddy  : {
                    mode : "0644"
                }
            }
          ~ version    : 1 => 2
            fleet      : "home"
        }
Resources:
    ~ 1 to update
    18 unchanged`;

test("an update shows what changes and what leads there, under the name people use", () => {
    expect(filter(update)).toBe(`Previewing update (home):
    ~ caddy on box (update)
      ~ stdin: (json) {
          ~ files      : {
              ~ /etc/caddy/Caddyfile: {
                  ~ text    : 
                        ...
                        	tls internal
                        	handle {
                      + 		header X-New 1
                      - 		header X-Old 1
                        	}

                        ...
                }
              + /etc/caddy/extra    : {
                  + mode : "0640"
                }
            }
          ~ version    : 1 => 2
        }

Resources:
    ~ 1 to update
    18 unchanged`);
});

test("a new resource is shown as the engine prints it", () => {
    const create = `    + random:index/randomBytes:RandomBytes: (create)
        [urn=urn:pulumi:home::sovereign-edge::a:b:C$random:index/randomBytes:RandomBytes::mesh secret]
        keepers: {
            generation: "1"
        }

        length : 32
    - command:remote:Command: (delete)
        [id=x]
        [urn=urn:pulumi:home::sovereign-edge::a:b:Node$command:remote:Command::pdns on box]
        create: "true"`;
    expect(filter(create)).toBe(`    + mesh secret (create)  random:index/randomBytes:RandomBytes
        keepers: {
            generation: "1"
        }
        length : 32
    - pdns on box (delete)
        create: "true"`);
});

test("of a replacement only what changes is shown", () => {
    const replace = `    +-command:remote:Command: (replace)
        [urn=urn:pulumi:home::sovereign-edge::a:b:Node$command:remote:Command::pdns on box]
      ~ stdin   : (json) {
            fleet      : "home"
          ~ incarnation: 1 => 2
        }
      ~ triggers: [
          ~ [0]: 1 => 2
        ]`;
    expect(filter(replace)).toBe(`    +-pdns on box (replace)
      ~ stdin   : (json) {
          ~ incarnation: 1 => 2
        }
      ~ triggers: [
          ~ [0]: 1 => 2
        ]`);
});

test("warnings before the first resource stay", () => {
    expect(filter("Previewing update (home):\nwarning: careful\n\nResources:\n    3 unchanged")).toBe(
        "Previewing update (home):\nwarning: careful\n\nResources:\n    3 unchanged",
    );
});

test("colours do not hide the structure", () => {
    const paint = (line: string): string => line.replace(/^(\s*)(.*)$/, "\u001b[0m\u001b[33m$1$2\u001b[0m");
    const painted = filter(update.split("\n").map(paint).join("\n"));
    expect(painted.replaceAll(/\u001b\[[0-9;]*m/g, "")).toBe(filter(update));
});

test("nothing changed inside: nothing is shown", () => {
    expect(changedParts(["    a: {", "        b: 1", "    }", "    c: 2"])).toEqual([]);
});
