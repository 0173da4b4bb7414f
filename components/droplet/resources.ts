import * as digitalocean from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Reach } from "../converge/resources";
import type { CloudPlan, DropletPlan } from "./plan";
import { names } from "./recorded";
import { renderUserData } from "./render";

/** Calls a second at most: an account has 250 a minute (docs.digitalocean.com, "Rate limit"). */
const requestsPerSecond = 4;

/**
 * No request is sent again. The official plugin would send one to make a droplet again when the answer to it was an error, and so
 * make two (seen: a 500 after the droplet was made). What failed is done by the next run.
 */
const httpRetryMax = 0;

/**
 * How long a droplet is waited for until it runs; half a minute is usual. One that takes longer is not lost: it stays in the
 * state, and the next run goes on waiting.
 */
const createWithin = "2m";

/**
 * The same for one that takes another's place: its predecessor goes in any case, and the next run would take the address off a
 * machine that is gone, at which the official plugin crashes (4.80.1).
 */
const replaceWithin = "10m";

/** How long it is waited for until it is gone. */
const deleteWithin = "5m";

/** Where the road to a node begins. */
const loopback = "127.0.0.1";

const everywhere = ["0.0.0.0/0", "::/0"];

/** Tells the road to a node where it leads. */
export type Learn = (node: string, address: string, hostKey: string) => void;

/** Everything that a fleet rents from DigitalOcean: keys, private networks, and each droplet with its firewall and address. */
export class Cloud extends pulumi.ComponentResource {
    private readonly provider: digitalocean.Provider;
    private readonly tag: digitalocean.Tag;
    private readonly keys: readonly digitalocean.SshKey[];
    private readonly vpcs: Readonly<Record<string, digitalocean.Vpc>>;
    private readonly machines: Readonly<Record<string, RentedMachine>>;

    /** @param learn called when the address of a droplet is known; not in a preview */
    constructor(
        private readonly plan: CloudPlan,
        token: pulumi.Output<string>,
        learn: Learn,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:droplet:Cloud", "digitalocean", {}, opts);
        this.provider = new digitalocean.Provider(
            "digitalocean",
            { token, requestsPerSecond, httpRetryMax },
            { parent: this },
        );
        const own = { parent: this, provider: this.provider };
        this.tag = new digitalocean.Tag("fleet tag", { name: plan.tag }, own);
        this.keys = Object.entries(plan.keys).map(
            ([short, { person, publicKey }]) =>
                new digitalocean.SshKey(`key ${short}`, { name: `${plan.fleet} ${person} ${short}`, publicKey }, own),
        );
        this.vpcs = Object.fromEntries(
            Object.entries(plan.vpcs).map(([region, ipRange]) => [
                region,
                new digitalocean.Vpc(`vpc ${region}`, { name: `${plan.fleet}-${region}`, region, ipRange }, own),
            ]),
        );
        this.machines = Object.fromEntries(
            Object.entries(plan.droplets).map(([name, droplet]) => [name, this.rent(droplet, learn)]),
        );
        this.group();
        this.registerOutputs();
    }

    /** How a droplet is reached; nothing for a node that is none. */
    reach(node: string): Reach | undefined {
        return this.machines[node]?.reach;
    }

    /**
     * The address of a droplet, which waits for nothing but itself; nothing for a node that is none. When it cannot be had it
     * is what it was before, so that one that fails holds nobody up who only names it.
     * @param before what the state says; empty when there was none
     */
    address(node: string, before: string): pulumi.Output<string> | undefined {
        const address = this.machines[node]?.address;
        return address === undefined ? undefined : orElse(address, before);
    }

    private rent(droplet: DropletPlan, learn: Learn): RentedMachine {
        const account = {
            provider: this.provider,
            tag: this.tag,
            keys: this.keys,
            logins: Object.values(this.plan.keys).map(({ publicKey }) => publicKey),
            vpc: this.vpcs[droplet.region],
        };
        return new RentedMachine(droplet, account, learn, { parent: this });
    }

    /** The project, of which the bill and the control panel speak. Addresses are left out: the API names them otherwise than it takes them. */
    private group(): void {
        const resources = Object.values(this.machines).map(({ dropletUrn }) => dropletUrn);
        const { fleet } = this.plan;
        new digitalocean.Project(
            "project",
            {
                name: fleet,
                description: `The fleet ${fleet} of sovereign-edge.`,
                purpose: "Service or API",
                environment: "Production",
                resources,
            },
            { parent: this, provider: this.provider },
        );
    }
}

/** An output, or what stands for it when its resource failed. In a preview it stays unknown. */
function orElse(output: pulumi.Output<string>, other: string): pulumi.Output<string> {
    if (pulumi.runtime.isDryRun()) return output;
    let known = false;
    const seen = output.apply(() => (known = true));
    // What is asked here does not matter: the answer comes when the output is settled, also without a value.
    return pulumi.output(pulumi.isSecret(seen).then(() => (known ? output : other)));
}

/** What the droplets of an account share. */
interface Account {
    readonly provider: digitalocean.Provider;
    readonly tag: digitalocean.Tag;
    readonly keys: readonly digitalocean.SshKey[];
    readonly logins: readonly string[];
    readonly vpc: digitalocean.Vpc | undefined;
}

/** One droplet: its host key, its firewall, the machine, its address, and the address leading to the machine. */
class RentedMachine extends pulumi.ComponentResource {
    readonly address: pulumi.Output<string>;
    readonly reach: Reach;
    readonly dropletUrn: pulumi.Output<string>;

    constructor(
        private readonly plan: DropletPlan,
        private readonly account: Account,
        learn: Learn,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:droplet:RentedMachine", plan.name, {}, opts);
        const { protect, incarnation, name, region } = plan;
        const kept = { parent: this, protect };
        const hostKey = new tls.PrivateKey(
            names.hostKey(name),
            { algorithm: "ED25519" },
            { ...kept, replacementTrigger: incarnation },
        );
        const rented = { parent: this, provider: account.provider };
        const droplet = this.machine(hostKey, this.firewall());
        this.dropletUrn = droplet.dropletUrn;
        const reserved = new digitalocean.ReservedIp(names.address(name), { region }, { ...rented, protect });
        this.address = reserved.ipAddress;
        const assignment = new digitalocean.ReservedIpAssignment(
            `${names.address(name)} leads to it`,
            // What depends on a machine that could not be made is passed over by the engine, which first asks whether its inputs
            // fit, though: one that is missing would not, and end the run for all nodes. Hence something that fits stands for each.
            { ipAddress: orElse(this.address, "0.0.0.0"), dropletId: orElse(droplet.id, "1").apply(Number) },
            // Taking it off the old machine after it leads to the new one would take it off that.
            { ...rented, deleteBeforeReplace: true, dependsOn: [droplet, reserved] },
        );
        // The one it was made with stays in the state, and is good for nothing once the machine has made another.
        const key = hostKey.publicKeyOpenssh.apply((text) => plan.hostKey ?? text.trim());
        const host = pulumi.all([this.address, key, assignment.id]).apply(([address, pin]) => {
            learn(name, address, pin);
            return loopback;
        });
        // Another size is a restart.
        const machine = pulumi.interpolate`${droplet.id} ${plan.size}`;
        this.reach = {
            host: orElse(host, loopback),
            hostKey: orElse(key, ""),
            machine: orElse(machine, ""),
            leads: assignment,
        };
        this.registerOutputs();
    }

    /** The tag that it goes by, once it stands: a machine that is made with it is never without its firewall. */
    private firewall(): pulumi.Output<string> {
        const { tag: name, open } = this.plan;
        const own = { parent: this, provider: this.account.provider };
        const tag = new digitalocean.Tag(`tag of ${this.plan.name}`, { name }, own);
        const sourceAddresses = everywhere;
        const inboundRules = [
            { protocol: "icmp", sourceAddresses },
            ...open.map(({ protocol, port }) => ({ protocol, portRange: String(port), sourceAddresses })),
        ];
        const outboundRules = [
            { protocol: "icmp", destinationAddresses: everywhere },
            ...["tcp", "udp"].map((protocol) => ({
                protocol,
                portRange: "1-65535",
                destinationAddresses: everywhere,
            })),
        ];
        const rules = { name, tags: [tag.name], inboundRules, outboundRules };
        const firewall = new digitalocean.Firewall(`firewall of ${this.plan.name}`, rules, own);
        return pulumi.all([tag.name, firewall.id]).apply(([standing]) => standing);
    }

    private machine(hostKey: tls.PrivateKey, tag: pulumi.Output<string>): digitalocean.Droplet {
        const { plan, account } = this;
        const pair = pulumi.all([hostKey.privateKeyOpenssh, hostKey.publicKeyOpenssh]);
        const userData = pair.apply(([privateKey, publicKey]) =>
            renderUserData(plan, account.logins, { privateKey, publicKey }),
        );
        return new digitalocean.Droplet(
            names.droplet(plan.name),
            {
                name: plan.name,
                size: plan.size,
                region: plan.region,
                image: plan.image,
                ...(account.vpc === undefined ? {} : { vpcUuid: account.vpc.id }),
                tags: [account.tag.name, tag],
                sshKeys: account.keys.map((key) => key.id),
                userData: pulumi.secret(userData),
                // Every input whose change makes another machine is written out: one that is left out takes whatever default comes.
                monitoring: true,
                dropletAgent: false,
                ipv6: true,
                backups: false,
                resizeDisk: false,
                gracefulShutdown: true,
            },
            {
                parent: this,
                provider: account.provider,
                protect: plan.protect,
                // Only a first boot reads them: what comes later goes over SSH.
                ignoreChanges: ["userData", "sshKeys", "image"],
                replacementTrigger: plan.incarnation,
                additionalSecretOutputs: ["userData"],
                customTimeouts: { create: plan.incarnation > 1 ? replaceWithin : createWithin, delete: deleteWithin },
            },
        );
    }
}
