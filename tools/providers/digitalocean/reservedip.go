package main

import (
	"context"
	"slices"
	"sync"

	"github.com/digitalocean/godo"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// ReservedIP is a public address that outlives the droplet it leads to.
type ReservedIP struct{}

// Annotate gives the type its name.
func (r *ReservedIP) Annotate(a infer.Annotator) { a.SetToken("index/reservedIp", "ReservedIp") }

// ReservedIPArgs are its inputs.
type ReservedIPArgs struct {
	DropletID *int    `pulumi:"dropletId,optional"`
	IPAddress *string `pulumi:"ipAddress,optional" provider:"replaceOnChanges"`
	Region    string  `pulumi:"region" provider:"replaceOnChanges"`
}

// ReservedIPState is what the stack keeps of it.
type ReservedIPState struct {
	DropletID     *int   `pulumi:"dropletId,optional"`
	IPAddress     string `pulumi:"ipAddress"`
	Region        string `pulumi:"region"`
	ReservedIPUrn string `pulumi:"reservedIpUrn"`
}

// reserving keeps two addresses of one plugin from being made at the same time: one whose answer was lost is known only by
// not having been there before.
var reserving sync.Mutex

// Check refuses a droplet: what an address leads to is a ReservedIpAssignment.
func (*ReservedIP) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[ReservedIPArgs], error) {
	args, failures, err := infer.DefaultCheck[ReservedIPArgs](ctx, req.NewInputs)
	for _, name := range []string{"dropletId", "ipAddress"} {
		if value := req.NewInputs.Get(name); !value.IsNull() {
			failures = append(failures, p.CheckFailure{Property: name, Reason: "leave it out, and write a ReservedIpAssignment"})
		}
	}
	return infer.CheckResponse[ReservedIPArgs]{Inputs: args, Failures: failures}, err
}

// Create reserves an address in a region.
func (*ReservedIP) Create(
	ctx context.Context, req infer.CreateRequest[ReservedIPArgs],
) (infer.CreateResponse[ReservedIPState], error) {
	if req.DryRun {
		return infer.CreateResponse[ReservedIPState]{Output: ReservedIPState{Region: req.Inputs.Region}}, nil
	}
	reserving.Lock()
	defer reserving.Unlock()
	made, err := reserve(ctx, clientOf(ctx), req.Inputs.Region)
	if err != nil {
		return infer.CreateResponse[ReservedIPState]{}, explain("reserve an address in "+req.Inputs.Region, err)
	}
	return infer.CreateResponse[ReservedIPState]{ID: made.IP, Output: reservedState(made)}, nil
}

func reserve(ctx context.Context, c *client, region string) (*godo.ReservedIP, error) {
	list := func() ([]godo.ReservedIP, error) {
		return all(func(page *godo.ListOptions) ([]godo.ReservedIP, *godo.Response, error) {
			return c.ReservedIPs.List(ctx, page)
		})
	}
	before, err := list()
	if err != nil {
		return nil, err
	}
	return makeOnce(ctx, c, func(ctx context.Context) (*godo.ReservedIP, *godo.Response, error) {
		return c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: region})
	}, func(context.Context) (*godo.ReservedIP, error) {
		now, err := list()
		for _, one := range now {
			known := slices.ContainsFunc(before, func(old godo.ReservedIP) bool { return old.IP == one.IP })
			if !known && one.Droplet == nil && one.Region != nil && one.Region.Slug == region {
				return &one, err
			}
		}
		return nil, err
	})
}

// Read compares it with what is there.
func (*ReservedIP) Read(
	ctx context.Context, req infer.ReadRequest[ReservedIPArgs, ReservedIPState],
) (infer.ReadResponse[ReservedIPArgs, ReservedIPState], error) {
	found, answer, err := clientOf(ctx).ReservedIPs.Get(ctx, req.ID)
	if gone(answer) {
		return infer.ReadResponse[ReservedIPArgs, ReservedIPState]{}, nil
	}
	if err != nil {
		return infer.ReadResponse[ReservedIPArgs, ReservedIPState]{}, explain("read the reserved address "+req.ID, err)
	}
	state := reservedState(found)
	return infer.ReadResponse[ReservedIPArgs, ReservedIPState]{
		ID: req.ID, Inputs: ReservedIPArgs{Region: state.Region}, State: state,
	}, nil
}

// Delete gives it back. Somebody else may have it next.
func (*ReservedIP) Delete(ctx context.Context, req infer.DeleteRequest[ReservedIPState]) (infer.DeleteResponse, error) {
	answer, err := clientOf(ctx).ReservedIPs.Delete(ctx, req.ID)
	if gone(answer) {
		err = nil
	}
	return infer.DeleteResponse{}, explain("give back the reserved address "+req.ID, err)
}

// reservedState leaves out the droplet: that is the assignment's.
func reservedState(ip *godo.ReservedIP) ReservedIPState {
	return ReservedIPState{IPAddress: ip.IP, Region: or(ip.Region, godo.Region{}).Slug, ReservedIPUrn: ip.URN()}
}
