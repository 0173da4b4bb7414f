package main

import (
	"context"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Firewall is what DigitalOcean lets through to the droplets of a tag.
type Firewall struct{}

// Annotate gives the type its name.
func (f *Firewall) Annotate(a infer.Annotator) { a.SetToken("index/firewall", "Firewall") }

// FirewallArgs are its inputs.
type FirewallArgs struct {
	DropletIDs    []int          `pulumi:"dropletIds,optional"`
	InboundRules  []InboundRule  `pulumi:"inboundRules,optional"`
	Name          *string        `pulumi:"name,optional"`
	OutboundRules []OutboundRule `pulumi:"outboundRules,optional"`
	Tags          []string       `pulumi:"tags,optional"`
}

// FirewallState is what the stack keeps of it.
type FirewallState struct {
	CreatedAt      string          `pulumi:"createdAt"`
	DropletIDs     []int           `pulumi:"dropletIds,optional"`
	InboundRules   []InboundRule   `pulumi:"inboundRules,optional"`
	Name           string          `pulumi:"name"`
	OutboundRules  []OutboundRule  `pulumi:"outboundRules,optional"`
	PendingChanges []PendingChange `pulumi:"pendingChanges"`
	Status         string          `pulumi:"status"`
	Tags           []string        `pulumi:"tags,optional"`
}

// PendingChange is a droplet that a firewall has not reached yet.
type PendingChange struct {
	DropletID *int    `pulumi:"dropletId,optional"`
	Removing  *bool   `pulumi:"removing,optional"`
	Status    *string `pulumi:"status,optional"`
}

// Check asks for a name, and for rules that the API's client can say.
func (*Firewall) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[FirewallArgs], error) {
	args, failures, err := infer.DefaultCheck[FirewallArgs](ctx, req.NewInputs)
	failures = append(failures, named(req, args.Name)...)
	return infer.CheckResponse[FirewallArgs]{Inputs: args, Failures: append(failures, checkRules(args)...)}, err
}

// Create makes it. One whose answer was lost is found by its name, which is unique in an account.
func (*Firewall) Create(
	ctx context.Context, req infer.CreateRequest[FirewallArgs],
) (infer.CreateResponse[FirewallState], error) {
	in, name := req.Inputs, *or(req.Inputs.Name, "")
	if req.DryRun {
		return infer.CreateResponse[FirewallState]{Output: FirewallState{}.with(in)}, nil
	}
	c := clientOf(ctx)
	firewall, err := makeOnce(ctx, c, func(ctx context.Context) (*godo.Firewall, *godo.Response, error) {
		return c.Firewalls.Create(ctx, in.request())
	}, func(ctx context.Context) (*godo.Firewall, error) {
		found, err := all(func(page *godo.ListOptions) ([]godo.Firewall, *godo.Response, error) {
			return c.Firewalls.List(ctx, page)
		})
		for _, one := range found {
			if one.Name == name {
				return &one, err
			}
		}
		return nil, err
	})
	if err != nil {
		return infer.CreateResponse[FirewallState]{}, explain("make the firewall "+name, err)
	}
	return infer.CreateResponse[FirewallState]{ID: firewall.ID, Output: firewallState(firewall, in)}, nil
}

// Read compares it with what is there. What means the same stays as the program wrote it.
func (*Firewall) Read(
	ctx context.Context, req infer.ReadRequest[FirewallArgs, FirewallState],
) (infer.ReadResponse[FirewallArgs, FirewallState], error) {
	firewall, answer, err := clientOf(ctx).Firewalls.Get(ctx, req.ID)
	if gone(answer) {
		return infer.ReadResponse[FirewallArgs, FirewallState]{}, nil
	}
	if err != nil {
		return infer.ReadResponse[FirewallArgs, FirewallState]{}, explain("read the firewall "+req.State.Name, err)
	}
	state := firewallState(firewall, req.Inputs)
	inputs := FirewallArgs{
		DropletIDs: state.DropletIDs, InboundRules: state.InboundRules, Name: &state.Name,
		OutboundRules: state.OutboundRules, Tags: state.Tags,
	}
	return infer.ReadResponse[FirewallArgs, FirewallState]{ID: req.ID, Inputs: inputs, State: state}, nil
}

// Update replaces its rules.
func (*Firewall) Update(
	ctx context.Context, req infer.UpdateRequest[FirewallArgs, FirewallState],
) (infer.UpdateResponse[FirewallState], error) {
	if req.DryRun {
		return infer.UpdateResponse[FirewallState]{Output: req.State.with(req.Inputs)}, nil
	}
	firewall, _, err := clientOf(ctx).Firewalls.Update(ctx, req.ID, req.Inputs.request())
	if err != nil {
		what := "change the firewall " + req.State.Name
		return infer.UpdateResponse[FirewallState]{Output: req.State}, explain(what, err)
	}
	return infer.UpdateResponse[FirewallState]{Output: firewallState(firewall, req.Inputs)}, nil
}

// Delete removes it.
func (*Firewall) Delete(ctx context.Context, req infer.DeleteRequest[FirewallState]) (infer.DeleteResponse, error) {
	answer, err := clientOf(ctx).Firewalls.Delete(ctx, req.ID)
	if gone(answer) {
		err = nil
	}
	return infer.DeleteResponse{}, explain("delete the firewall "+req.State.Name, err)
}

func (s FirewallState) with(in FirewallArgs) FirewallState {
	s.DropletIDs, s.InboundRules, s.OutboundRules = in.DropletIDs, in.InboundRules, in.OutboundRules
	s.Name, s.Tags = *or(in.Name, ""), in.Tags
	return s
}

// firewallState is what the API says, in the words of the inputs where both mean the same.
func firewallState(firewall *godo.Firewall, in FirewallArgs) FirewallState {
	state := FirewallState{
		CreatedAt: firewall.Created, DropletIDs: firewall.DropletIDs, Name: firewall.Name, Tags: firewall.Tags,
		InboundRules: sayAs(in.InboundRules, inboundOf(firewall.InboundRules), InboundRule.same),
		OutboundRules: sayAs(
			in.OutboundRules, outboundOf(firewall.OutboundRules), OutboundRule.same),
		// Both are over within seconds of a change, and would show in every refresh after it.
		PendingChanges: []PendingChange{}, Status: "succeeded",
	}
	if sameSet(in.Tags, firewall.Tags) {
		state.Tags = in.Tags
	}
	if sameSet(in.DropletIDs, firewall.DropletIDs) {
		state.DropletIDs = in.DropletIDs
	}
	return state
}
