// Package plugin is what the offline providers have in common.
package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"

	"sovereign-edge/providers/engine"
)

// bridgedModules says that in a token like `random:index/randomId:RandomId` the part after the slash is no module of its own.
// Packages made from Terraform providers carry it; without it the engine's tools refuse such tokens.
const bridgedModules = "(.*)(?:/[^/]*)"

// New makes a provider of these resources, described as the offline stand-in that it is.
func New(name string, resources ...infer.InferredResource) p.Provider {
	return newWith(name, nil, resources)
}

func newWith(name string, config infer.InferredConfig, resources []infer.InferredResource) p.Provider {
	return infer.Provider(infer.Options{
		Config: config,
		Metadata: schema.Metadata{
			DisplayName: name + " (offline)",
			Description: "Offline stand-in for the official " + name + " provider.",
			License:     "Apache-2.0",
		},
		Resources: resources,
	})
}

// NewBridged is New for tokens of the bridged kind.
func NewBridged(name string, resources ...infer.InferredResource) p.Provider {
	return NewBridgedWith(name, nil, resources...)
}

// NewBridgedWith is NewBridged for a provider that has settings.
func NewBridgedWith(name string, config infer.InferredConfig, resources ...infer.InferredResource) p.Provider {
	provider := newWith(name, config, resources)
	plain := provider.GetSchema
	provider.GetSchema = func(ctx context.Context, req p.GetSchemaRequest) (p.GetSchemaResponse, error) {
		response, err := plain(ctx, req)
		if err != nil {
			return response, err
		}
		var document map[string]any
		if err := json.Unmarshal([]byte(response.Schema), &document); err != nil {
			return response, err
		}
		document["meta"] = map[string]string{"moduleFormat": bridgedModules}
		text, err := json.Marshal(document)
		response.Schema = string(text)
		return response, err
	}
	return provider
}

// Main serves the provider to the engine until it is told to stop or the engine is gone: without the watch, a killed engine
// would leave the plugin and its SSH sessions behind for minutes. The version is that of the npm SDK it stands in for.
func Main(name, version string, provider p.Provider) {
	ctx := context.Background()
	_ = engine.Watch(ctx, engine.Address(), engine.EndGroup)
	if err := provider.Run(ctx, name, version); err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-resource-%s: %v\n", name, err)
		os.Exit(1)
	}
}
