// Command pulumi-resource-command is the offline provider for the npm package @pulumi/command 1.2.1; see ../README.md.
package main

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"sovereign-edge/providers/command/local"
	"sovereign-edge/providers/command/remote"
	"sovereign-edge/providers/plugin"
)

func main() { plugin.Main("command", "1.2.1", provider()) }

func provider() p.Provider {
	return plugin.New("command",
		infer.Resource(&local.Command{}),
		infer.Resource(&remote.Command{}),
		infer.Resource(&remote.CopyToRemote{}),
	)
}
