// Command pulumi-resource-digitalocean is the offline provider for the npm package @pulumi/digitalocean 4.80.1; see ../README.md.
package main

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"sovereign-edge/providers/plugin"
)

func main() { plugin.Main("digitalocean", "4.80.1", provider()) }

func provider() p.Provider {
	return careful(plugin.NewBridgedWith("digitalocean", infer.Config(&Config{}),
		infer.Resource(&Tag{}),
		infer.Resource(&Vpc{}),
		infer.Resource(&SSHKey{}),
		infer.Resource(&Firewall{}),
		infer.Resource(&Droplet{}),
		infer.Resource(&ReservedIP{}),
		infer.Resource(&ReservedIPAssignment{}),
		infer.Resource(&Project{}),
	))
}
