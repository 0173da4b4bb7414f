// Command pulumi-resource-command is the offline provider for the npm package @pulumi/command 1.2.1; see ../README.md.
package main

import (
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"sovereign-edge/providers/command/local"
	"sovereign-edge/providers/command/remote"
	"sovereign-edge/providers/plugin"
)

const (
	// rest bridges the engine's work between two commands for a machine.
	rest = 30 * time.Second
	// answer is what a road gives an sshd that stays silent (components/converge/roads.ts).
	answer = 8 * time.Second
)

func main() { plugin.Main("command", "1.2.1", provider(remote.NewLogins(rest, answer))) }

func provider(logins *remote.Logins) p.Provider {
	return plugin.New("command",
		infer.Resource(&local.Command{}),
		infer.Resource(&remote.Command{Logins: logins}),
		infer.Resource(&remote.CopyToRemote{Logins: logins}),
	)
}
