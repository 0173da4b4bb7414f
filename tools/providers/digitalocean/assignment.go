package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// ReservedIPAssignment says to which droplet a reserved address leads.
type ReservedIPAssignment struct{}

// Annotate gives the type its name.
func (r *ReservedIPAssignment) Annotate(a infer.Annotator) {
	a.SetToken("index/reservedIpAssignment", "ReservedIpAssignment")
}

// ReservedIPAssignmentArgs are its inputs.
type ReservedIPAssignmentArgs struct {
	DropletID int    `pulumi:"dropletId" provider:"replaceOnChanges"`
	IPAddress string `pulumi:"ipAddress" provider:"replaceOnChanges"`
}

// ReservedIPAssignmentState is what the stack keeps of it.
type ReservedIPAssignmentState struct {
	DropletID int    `pulumi:"dropletId"`
	IPAddress string `pulumi:"ipAddress"`
}

// Create lets the address lead to the droplet.
func (*ReservedIPAssignment) Create(
	ctx context.Context, req infer.CreateRequest[ReservedIPAssignmentArgs],
) (infer.CreateResponse[ReservedIPAssignmentState], error) {
	in := req.Inputs
	response := infer.CreateResponse[ReservedIPAssignmentState]{
		ID: fmt.Sprintf("%d-%s", in.DropletID, in.IPAddress), Output: ReservedIPAssignmentState(in),
	}
	if req.DryRun {
		return response, nil
	}
	what := fmt.Sprintf("assign the reserved address %s to the droplet %d", in.IPAddress, in.DropletID)
	c := clientOf(ctx)
	return response, explain(what, turn(ctx, c, in.IPAddress, func() (*godo.Action, *godo.Response, error) {
		return c.ReservedIPActions.Assign(ctx, in.IPAddress, in.DropletID)
	}))
}

// turn changes where an address leads, as soon as nothing else is under way there, and waits until it does.
func turn(
	ctx context.Context, c *client, ip string, begin func() (*godo.Action, *godo.Response, error),
) error {
	var action *godo.Action
	return until(ctx, func() (string, error) {
		if action == nil {
			begun, answer, err := begin()
			if answer != nil && answer.Response != nil && answer.StatusCode == http.StatusUnprocessableEntity &&
				strings.Contains(err.Error(), "pending event") {
				return "it has a pending event still", nil
			}
			if err != nil {
				return "", err
			}
			action = begun
		}
		now, answer, err := c.ReservedIPActions.Get(ctx, ip, action.ID)
		if gone(answer) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		return stillActing(now)
	})
}

// Read looks whether it still leads there.
func (*ReservedIPAssignment) Read(
	ctx context.Context, req infer.ReadRequest[ReservedIPAssignmentArgs, ReservedIPAssignmentState],
) (infer.ReadResponse[ReservedIPAssignmentArgs, ReservedIPAssignmentState], error) {
	response := infer.ReadResponse[ReservedIPAssignmentArgs, ReservedIPAssignmentState]{}
	state := req.State
	if state.IPAddress == "" { // an import
		if _, err := fmt.Sscanf(req.ID, "%d-%s", &state.DropletID, &state.IPAddress); err != nil {
			return response, fmt.Errorf("the id of an assignment is DROPLET-ADDRESS, not %q", req.ID)
		}
	}
	leads, err := leadsTo(ctx, state.IPAddress)
	if err != nil || leads != state.DropletID {
		return response, explain("read the reserved address "+state.IPAddress, err)
	}
	response.ID, response.State, response.Inputs = req.ID, state, ReservedIPAssignmentArgs(state)
	return response, nil
}

// Delete takes the address off the droplet, when it still leads there.
func (*ReservedIPAssignment) Delete(
	ctx context.Context, req infer.DeleteRequest[ReservedIPAssignmentState],
) (infer.DeleteResponse, error) {
	ip := req.State.IPAddress
	what := fmt.Sprintf("take the reserved address %s off the droplet %d", ip, req.State.DropletID)
	leads, err := leadsTo(ctx, ip)
	if err != nil || leads != req.State.DropletID {
		return infer.DeleteResponse{}, explain(what, err)
	}
	c := clientOf(ctx)
	return infer.DeleteResponse{}, explain(what, turn(ctx, c, ip, func() (*godo.Action, *godo.Response, error) {
		return c.ReservedIPActions.Unassign(ctx, ip)
	}))
}

// leadsTo is the droplet that an address leads to; 0 when it leads to none or is not there.
func leadsTo(ctx context.Context, ip string) (int, error) {
	found, answer, err := clientOf(ctx).ReservedIPs.Get(ctx, ip)
	if gone(answer) {
		return 0, nil
	}
	if err != nil || found.Droplet == nil {
		return 0, err
	}
	return found.Droplet.ID, nil
}
