"""converge.py: brings one machine to the desired state of one role, or says why not. Python 3.9 to 3.13, nothing else.

    converge.py install [FILE]  stdin = which program is wanted; FILE = the upload it came in: puts the program in place
    converge.py secrets         stdin = secrets document: stores the values, generation n and the one before
    converge.py apply           stdin = desired state of one role
    converge.py finish          stdin = roster: sweeps what no role of the roster names any more
    converge.py release         sweeps everything, removes the program; data directories stay and are listed
    converge.py recover [boot]  finishes with a change that was cut off or not confirmed; `boot`: no service runs yet
    converge.py status          prints JSON; takes no lock
    converge.py relay           moves what a silent relay passed on to another one, and back; takes no lock
    converge.py reboot          starts the machine again; a boot configuration that waits is tried with that
    converge.py boot WHAT       stage|drop: the role boot's own; confirm: after every boot, ends a trial
    converge.py apt-bases FILE  whether the package sources of the system's vendor are there, with their keys
    converge.py anchor on|off   sends what a droplet begins under its reserved address, or not; takes no lock
    converge.py facts           prints what the machine is, as JSON
    converge.py pairs           stdin = who is to be reached; prints which peers answer over the mesh, as JSON
    converge.py zone-check DOMAIN FILE    loads a zone into a scratch database and checks it (PowerDNS on SQLite)
    converge.py zone-load  DOMAIN FILE    serves the zone under a raised serial, when its records are others than now
    converge.py zone-drop  DOMAIN         stops serving the zone
    converge.py zone-init                 creates PowerDNS's database when there is none

`--root DIR` puts all paths below DIR (tests, images). `--auth FILE` is where sshd wrote who acts (ExposeAuthInfo).

Exit codes: 0 done (the first line starts with `unchanged`, `changed:` or `pending:`), 1 failed, 64 the document is
refused and nothing was touched, 75 applied and armed: it goes back by itself unless the same document comes again.
The documents' schema stands in schema.ts. The hash of a desired state is the SHA-256 of its JSON with sorted keys and
no white space, as canonical.ts writes it.

What the machine keeps, all below /var/lib/sovereign-edge (0700):
    node.json          fleet, node and machine, from the first document that stored anything
    claims.json        what the inventory said of the machine when the program was installed
    roles/ROLE.json    what was applied, the hashes of the rendered texts, and everything the role ever touched
    secrets/NAME.json  a secret's values (0600)
    wireguard.json     public keys of the mesh
    addresses.json     addresses of the fleet's nodes
    before/            what stood in a path before our first touch, so that removal puts it back
    artifacts.json     stamps of verified downloads
    boot.json          what is ours in the firmware's files, and a trial that is going on
    journal.json       the change that is going on
"""
