import { declaration } from "./declarations";
import { installedSchema, properties, type Schema } from "./schema";

type Resource = readonly [module: string, className: string, token: string];

/** The resources that our programs may use. */
const packages: Record<string, { version: string; resources: readonly Resource[] }> = {
    command: {
        version: "1.2.1",
        resources: [
            ["remote/command", "Command", "command:remote:Command"],
            ["remote/copyToRemote", "CopyToRemote", "command:remote:CopyToRemote"],
            ["local/command", "Command", "command:local:Command"],
        ],
    },
    digitalocean: {
        version: "4.80.1",
        resources: [
            ["tag", "Tag", "digitalocean:index/tag:Tag"],
            ["vpc", "Vpc", "digitalocean:index/vpc:Vpc"],
            ["sshKey", "SshKey", "digitalocean:index/sshKey:SshKey"],
            ["firewall", "Firewall", "digitalocean:index/firewall:Firewall"],
            ["droplet", "Droplet", "digitalocean:index/droplet:Droplet"],
            ["reservedIp", "ReservedIp", "digitalocean:index/reservedIp:ReservedIp"],
            [
                "reservedIpAssignment",
                "ReservedIpAssignment",
                "digitalocean:index/reservedIpAssignment:ReservedIpAssignment",
            ],
            ["project", "Project", "digitalocean:index/project:Project"],
        ],
    },
    random: {
        version: "4.21.1",
        resources: [
            ["randomBytes", "RandomBytes", "random:index/randomBytes:RandomBytes"],
            ["randomId", "RandomId", "random:index/randomId:RandomId"],
            ["randomPassword", "RandomPassword", "random:index/randomPassword:RandomPassword"],
            ["randomPet", "RandomPet", "random:index/randomPet:RandomPet"],
        ],
    },
    tls: {
        version: "5.5.1",
        resources: [
            ["privateKey", "PrivateKey", "tls:index/privateKey:PrivateKey"],
            ["certRequest", "CertRequest", "tls:index/certRequest:CertRequest"],
            ["selfSignedCert", "SelfSignedCert", "tls:index/selfSignedCert:SelfSignedCert"],
            ["locallySignedCert", "LocallySignedCert", "tls:index/locallySignedCert:LocallySignedCert"],
        ],
    },
};

describe.each(Object.entries(packages))("the installed provider %s", (name, { version, resources }) => {
    let schema: Schema;
    beforeAll(() => {
        schema = installedSchema(name, version);
    });

    test("has the version of the npm package", () => {
        expect(schema.version).toBe(version);
    });

    describe.each(resources)("%s.%s", (module, className, token) => {
        const declared = declaration(name, module, className);

        test("takes the same inputs", () => {
            const resource = schema.resources[token]!;
            expect(properties(schema, resource.inputProperties, resource.requiredInputs, true)).toEqual(
                declared.inputs,
            );
        });

        test("gives the same outputs", () => {
            const resource = schema.resources[token]!;
            const given = properties(schema, resource.properties, resource.required, false);
            expect(given).toEqual(declared.outputs);
        });

        test("keeps the same outputs secret", () => {
            const outputs = schema.resources[token]!.properties;
            expect(declared.secrets.filter((output) => outputs[output]?.secret !== true)).toEqual([]);
        });
    });
});
