package main

import (
	"context"
	"net/http"
	"time"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Vpc is the private network of a region's droplets.
type Vpc struct{}

// Annotate gives the type its name.
func (v *Vpc) Annotate(a infer.Annotator) { a.SetToken("index/vpc", "Vpc") }

// VpcArgs are its inputs.
type VpcArgs struct {
	Description *string `pulumi:"description,optional"`
	IPRange     *string `pulumi:"ipRange,optional" provider:"replaceOnChanges"`
	Name        *string `pulumi:"name,optional"`
	Region      string  `pulumi:"region" provider:"replaceOnChanges"`
}

// VpcState is what the stack keeps of it.
type VpcState struct {
	CreatedAt   string  `pulumi:"createdAt"`
	Default     bool    `pulumi:"default"`
	Description *string `pulumi:"description,optional"`
	IPRange     string  `pulumi:"ipRange"`
	Name        string  `pulumi:"name"`
	Region      string  `pulumi:"region"`
	VpcUrn      string  `pulumi:"vpcUrn"`
}

// Check asks for a name.
func (*Vpc) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[VpcArgs], error) {
	args, failures, err := infer.DefaultCheck[VpcArgs](ctx, req.NewInputs)
	return infer.CheckResponse[VpcArgs]{Inputs: args, Failures: append(failures, named(req, args.Name)...)}, err
}

// Create makes it; names are unique in an account, so one whose answer was lost is found by its name.
func (*Vpc) Create(ctx context.Context, req infer.CreateRequest[VpcArgs]) (infer.CreateResponse[VpcState], error) {
	in, name := req.Inputs, *or(req.Inputs.Name, "")
	if req.DryRun {
		return infer.CreateResponse[VpcState]{Output: VpcState{
			Description: in.Description, IPRange: *or(in.IPRange, ""), Name: name, Region: in.Region,
		}}, nil
	}
	c := clientOf(ctx)
	wanted := &godo.VPCCreateRequest{
		Name: name, RegionSlug: in.Region, Description: *or(in.Description, ""), IPRange: *or(in.IPRange, ""),
	}
	vpc, err := makeOnce(ctx, c, func(ctx context.Context) (*godo.VPC, *godo.Response, error) {
		return c.VPCs.Create(ctx, wanted)
	}, func(ctx context.Context) (*godo.VPC, error) {
		return pick(all(func(page *godo.ListOptions) ([]*godo.VPC, *godo.Response, error) {
			return c.VPCs.List(ctx, page)
		}))(func(vpc *godo.VPC) bool { return vpc.Name == name && vpc.RegionSlug == in.Region })
	})
	if err != nil {
		return infer.CreateResponse[VpcState]{}, explain("make the VPC "+name, err)
	}
	return infer.CreateResponse[VpcState]{ID: vpc.ID, Output: vpcState(vpc)}, nil
}

// Read compares it with what is there.
func (*Vpc) Read(
	ctx context.Context, req infer.ReadRequest[VpcArgs, VpcState],
) (infer.ReadResponse[VpcArgs, VpcState], error) {
	vpc, answer, err := clientOf(ctx).VPCs.Get(ctx, req.ID)
	if gone(answer) {
		return infer.ReadResponse[VpcArgs, VpcState]{}, nil
	}
	if err != nil {
		return infer.ReadResponse[VpcArgs, VpcState]{}, explain("read the VPC "+req.State.Name, err)
	}
	inputs := VpcArgs{
		Description: filled(vpc.Description), IPRange: &vpc.IPRange, Name: &vpc.Name, Region: vpc.RegionSlug,
	}
	return infer.ReadResponse[VpcArgs, VpcState]{ID: req.ID, Inputs: inputs, State: vpcState(vpc)}, nil
}

// Update renames and describes it.
func (*Vpc) Update(
	ctx context.Context, req infer.UpdateRequest[VpcArgs, VpcState],
) (infer.UpdateResponse[VpcState], error) {
	name, description := *or(req.Inputs.Name, ""), req.Inputs.Description
	if req.DryRun {
		req.State.Name, req.State.Description = name, description
		return infer.UpdateResponse[VpcState]{Output: req.State}, nil
	}
	wanted := &godo.VPCUpdateRequest{Name: name, Description: *or(description, ""), Default: &req.State.Default}
	vpc, _, err := clientOf(ctx).VPCs.Update(ctx, req.ID, wanted)
	if err != nil {
		return infer.UpdateResponse[VpcState]{Output: req.State}, explain("change the VPC "+name, err)
	}
	return infer.UpdateResponse[VpcState]{Output: vpcState(vpc)}, nil
}

// membersLeave is how long a VPC is asked to go whose droplets are gone: it hears of that a little later.
const membersLeave = 2 * time.Minute

// Delete removes it, as soon as its members are gone.
func (*Vpc) Delete(ctx context.Context, req infer.DeleteRequest[VpcState]) (infer.DeleteResponse, error) {
	limited, cancel := context.WithTimeout(ctx, membersLeave)
	defer cancel()
	err := until(limited, func() (string, error) {
		answer, err := clientOf(ctx).VPCs.Delete(ctx, req.ID)
		if gone(answer) {
			return "", nil
		}
		if answer != nil && answer.Response != nil &&
			(answer.StatusCode == http.StatusConflict || answer.StatusCode == http.StatusForbidden) {
			return explain("it still has members", err).Error(), nil
		}
		return "", err
	})
	return infer.DeleteResponse{}, explain("delete the VPC "+req.State.Name, err)
}

func vpcState(vpc *godo.VPC) VpcState {
	return VpcState{
		CreatedAt: vpc.CreatedAt.UTC().Format(time.RFC3339), Default: vpc.Default, Description: filled(vpc.Description),
		IPRange: vpc.IPRange, Name: vpc.Name, Region: vpc.RegionSlug, VpcUrn: vpc.URN,
	}
}

// pick gives the first of a list that fits, or nothing.
func pick[T any](list []*T, err error) func(fits func(*T) bool) (*T, error) {
	return func(fits func(*T) bool) (*T, error) {
		for _, one := range list {
			if fits(one) {
				return one, err
			}
		}
		return nil, err
	}
}
