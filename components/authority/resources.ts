import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

/** Ten years: the CA is copied to clients by hand. */
const caHours = 10 * 365 * 24;
/** 397 days, the longest that browsers accept (CA/Browser Forum ballot SC-22), renewed by an `up` within the last 60. */
const leafHours = 397 * 24;
const renewHours = 60 * 24;

/** A certificate with its key, PEM. */
export interface Issued {
    readonly certificate: pulumi.Output<string>;
    readonly key: pulumi.Output<string>;
}

/** The fleet's own certificate authority, for names that are not on the internet. */
export class Authority extends pulumi.ComponentResource {
    /** The CA's certificate (PEM), to be trusted by clients. */
    readonly certificate: pulumi.Output<string>;
    private readonly key: tls.PrivateKey;

    constructor(fleet: string, opts: pulumi.ComponentResourceOptions) {
        super("sovereign-edge:authority:Authority", `${fleet} CA`, {}, opts);
        this.key = new tls.PrivateKey(`${fleet} CA key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent: this });
        const root = new tls.SelfSignedCert(
            `${fleet} CA certificate`,
            {
                privateKeyPem: this.key.privateKeyPem,
                isCaCertificate: true,
                validityPeriodHours: caHours,
                allowedUses: ["cert_signing", "crl_signing"],
                subject: { commonName: `${fleet} fleet CA` },
            },
            { parent: this },
        );
        this.certificate = root.certPem;
        this.registerOutputs({ certificate: this.certificate });
    }

    /** Issues a server certificate for a host name. @param generation a key of its own for each */
    issue(host: string, generation: number): Issued {
        const name = generation === 1 ? host : `${host}, generation ${generation}`;
        const key = new tls.PrivateKey(`key of ${name}`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent: this });
        const request = new tls.CertRequest(
            `request of ${name}`,
            { privateKeyPem: key.privateKeyPem, dnsNames: [host], subject: { commonName: host } },
            { parent: this },
        );
        const leaf = new tls.LocallySignedCert(
            `certificate of ${name}`,
            {
                certRequestPem: request.certRequestPem,
                caPrivateKeyPem: this.key.privateKeyPem,
                caCertPem: this.certificate,
                validityPeriodHours: leafHours,
                earlyRenewalHours: renewHours,
                allowedUses: ["digital_signature", "server_auth"],
            },
            { parent: this },
        );
        return { certificate: leaf.certPem, key: key.privateKeyPem };
    }
}
