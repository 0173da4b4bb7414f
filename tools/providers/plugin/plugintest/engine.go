// Package plugintest drives a provider in tests as the engine does: check, diff, create, update, delete.
package plugintest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Engine is a provider under test.
type Engine struct {
	t *testing.T
	integration.Server
}

// Resource is what the engine keeps of a resource.
type Resource struct {
	Token         string
	ID            string
	Inputs, State property.Map
}

// Text returns an output that must be a known string.
func (r Resource) Text(name string) string {
	value := r.State.Get(name)
	if !value.IsString() {
		panic(fmt.Sprintf("%s is %v", name, value))
	}
	return value.AsString()
}

// Start serves the provider until the test ends.
func Start(t *testing.T, name string, provider p.Provider) *Engine {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	server, err := integration.NewServer(ctx, name, semver.MustParse("1.0.0"), integration.WithProvider(provider))
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{t, server}
}

// Secret marks an input as secret.
func Secret(value any) *resource.Secret {
	return &resource.Secret{Element: resource.NewPropertyValue(value)}
}

// Unknown is an input that a preview does not know yet.
func Unknown() resource.Computed {
	return resource.Computed{Element: resource.NewProperty("")}
}

// Checked returns the inputs as the provider completes them, or the reasons why it refuses them.
func (e *Engine) Checked(token string, inputs map[string]any) (property.Map, error) {
	e.t.Helper()
	values := resource.NewProperty(resource.NewPropertyMapFromMap(inputs))
	response, err := e.Check(p.CheckRequest{Urn: urn(token), Inputs: resource.FromResourcePropertyValue(values).AsMap()})
	for _, failure := range response.Failures {
		err = fmt.Errorf("%s: %s", failure.Property, failure.Reason)
	}
	return response.Inputs, err
}

// New checks and creates.
func (e *Engine) New(token string, inputs map[string]any) (Resource, error) {
	return e.create(token, inputs, false)
}

// MustNew is New for a resource that must come about.
func (e *Engine) MustNew(token string, inputs map[string]any) Resource {
	e.t.Helper()
	made, err := e.New(token, inputs)
	if err != nil {
		e.t.Fatal(err)
	}
	return made
}

// PreviewNew is New in a preview.
func (e *Engine) PreviewNew(token string, inputs map[string]any) (Resource, error) {
	return e.create(token, inputs, true)
}

// Half gives a resource whose making fails half-way, so that it stays in the state, and why. within limits the making, as
// customTimeouts does.
func (e *Engine) Half(token string, inputs map[string]any, within time.Duration) (Resource, string) {
	e.t.Helper()
	checked, err := e.Checked(token, inputs)
	if err != nil {
		e.t.Fatal(err)
	}
	request := p.CreateRequest{Urn: urn(token), Properties: checked, Timeout: within.Seconds()}
	response, err := e.Create(request)
	if response.PartialState == nil || response.ID == "" {
		e.t.Fatalf("nothing was left behind: %v", err)
	}
	return Resource{token, response.ID, checked, response.Properties}, strings.Join(response.PartialState.Reasons, "; ")
}

// Refreshed gives a resource as it is found; without an id when it is gone.
func (e *Engine) Refreshed(r Resource) Resource {
	e.t.Helper()
	found, err := e.Read(p.ReadRequest{ID: r.ID, Urn: urn(r.Token), Properties: r.State, Inputs: r.Inputs})
	if err != nil {
		e.t.Fatal(err)
	}
	return Resource{r.Token, found.ID, found.Inputs, found.Properties}
}

func (e *Engine) create(token string, inputs map[string]any, preview bool) (Resource, error) {
	checked, err := e.Checked(token, inputs)
	if err != nil {
		return Resource{}, err
	}
	response, err := e.Create(p.CreateRequest{Urn: urn(token), Properties: checked, DryRun: preview})
	if err != nil && (response.ID != "" || response.PartialState != nil) {
		e.t.Error("a failed create left something behind")
	}
	return Resource{token, response.ID, checked, response.Properties}, err
}

// Changes compares a resource with new inputs.
func (e *Engine) Changes(r Resource, inputs map[string]any) p.DiffResponse {
	e.t.Helper()
	checked, err := e.Checked(r.Token, inputs)
	if err != nil {
		e.t.Fatal(err)
	}
	diff, err := e.Diff(p.DiffRequest{ID: r.ID, Urn: urn(r.Token), State: r.State, Inputs: checked, OldInputs: r.Inputs})
	if err != nil {
		e.t.Fatal(err)
	}
	return diff
}

// Changed updates a resource to new inputs.
func (e *Engine) Changed(r Resource, inputs map[string]any) (Resource, error) {
	e.t.Helper()
	checked, err := e.Checked(r.Token, inputs)
	if err != nil {
		return r, err
	}
	response, err := e.Update(p.UpdateRequest{ID: r.ID, Urn: urn(r.Token), State: r.State, Inputs: checked, OldInputs: r.Inputs})
	if err != nil {
		return r, err
	}
	return Resource{r.Token, r.ID, checked, response.Properties}, nil
}

// Gone deletes a resource.
func (e *Engine) Gone(r Resource) error {
	return e.Delete(p.DeleteRequest{ID: r.ID, Urn: urn(r.Token), Properties: r.State, OldInputs: r.Inputs})
}

func urn(token string) resource.URN {
	return resource.NewURN("stack", "project", "", tokens.Type(token), "name")
}
