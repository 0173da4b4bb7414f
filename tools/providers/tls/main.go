// Command pulumi-resource-tls is the offline provider for the npm package @pulumi/tls 5.5.1; see ../README.md.
package main

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"sovereign-edge/providers/plugin"
)

func main() { plugin.Main("tls", "5.5.1", provider()) }

func provider() p.Provider {
	return replacing(plugin.NewBridged("tls",
		infer.Resource(&PrivateKey{}),
		infer.Resource(&CertRequest{}),
		infer.Resource(&SelfSignedCert{}),
		infer.Resource(&LocallySignedCert{}),
	))
}
