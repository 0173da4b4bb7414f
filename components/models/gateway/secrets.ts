/** Name of the secret that holds the certificate chain (PEM) of an internal host. */
export function certificateSecret(host: string): string {
    return `certificate.${host}`;
}

/** Name of the secret that holds the private key (PEM) of an internal host. */
export function keySecret(host: string): string {
    return `key.${host}`;
}
