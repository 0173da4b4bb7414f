// Command pulumi-resource-command is the offline provider for the npm package @pulumi/command 1.2.1; see ../README.md.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"

	"sovereign-edge/providers/command/local"
	"sovereign-edge/providers/command/remote"
)

// version is that of the npm SDK whose plugin this stands in for.
const version = "1.2.1"

func main() {
	if err := provider().Run(context.Background(), "command", version); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}

func provider() p.Provider {
	return infer.Provider(infer.Options{
		Metadata: schema.Metadata{
			DisplayName: "Command (offline)",
			Description: "Offline stand-in for the official command provider.",
			License:     "Apache-2.0",
		},
		Resources: []infer.InferredResource{
			infer.Resource(&local.Command{}),
			infer.Resource(&remote.Command{}),
			infer.Resource(&remote.CopyToRemote{}),
		},
	})
}
