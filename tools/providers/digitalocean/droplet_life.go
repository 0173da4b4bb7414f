package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Create rents the machine and waits until it runs. One that does not come to run in time stays in the state, with the
// reason: the next run goes on waiting for it, and rents no other.
func (*Droplet) Create(
	ctx context.Context, req infer.CreateRequest[DropletArgs],
) (infer.CreateResponse[DropletState], error) {
	in := req.Inputs
	response := infer.CreateResponse[DropletState]{Output: DropletState{}.planned(in)}
	if req.DryRun {
		return response, nil
	}
	what := "make the droplet " + response.Output.Name
	made, err := rent(ctx, clientOf(ctx), in)
	if err != nil {
		return response, explain(what, err)
	}
	response.ID = strconv.Itoa(made.ID)
	running, err := running(ctx, made.ID)
	if running == nil {
		running = made
	}
	response.Output = response.Output.observed(running)
	return response, unfinished(explain(what, err))
}

// Read compares it with what is there.
func (*Droplet) Read(
	ctx context.Context, req infer.ReadRequest[DropletArgs, DropletState],
) (infer.ReadResponse[DropletArgs, DropletState], error) {
	none := infer.ReadResponse[DropletArgs, DropletState]{}
	id, err := numeric("droplet", req.ID)
	if err != nil {
		return none, err
	}
	found, answer, err := clientOf(ctx).Droplets.Get(ctx, id)
	if gone(answer) {
		return none, nil
	}
	if err != nil {
		return none, explain("read the droplet "+req.State.Name, err)
	}
	state := req.State.observed(found)
	inputs := state.readInputs(req.Inputs)
	if inputs.Image == "" && found.Image != nil {
		inputs.Image = *or(filled(found.Image.Slug), strconv.Itoa(found.Image.ID))
		state.Image = inputs.Image
	}
	return infer.ReadResponse[DropletArgs, DropletState]{ID: req.ID, Inputs: inputs, State: state}, nil
}

// Delete gives the machine back; a graceful shutdown comes first when the inputs ask for it. One that is gone is gone.
func (*Droplet) Delete(ctx context.Context, req infer.DeleteRequest[DropletState]) (infer.DeleteResponse, error) {
	id, err := numeric("droplet", req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, explain("delete the droplet "+req.State.Name, giveBack(ctx, id, req.State))
}

// rent asks for a droplet. When the answer is lost, it is looked for by its name and tags among those that were not there
// before: a second one would be paid for and known to nobody.
func rent(ctx context.Context, c *client, in DropletArgs) (*godo.Droplet, error) {
	before, err := namesakes(ctx, c, in)
	if err != nil {
		return nil, err
	}
	wanted := in.request()
	return makeOnce(ctx, c, func(ctx context.Context) (*godo.Droplet, *godo.Response, error) {
		return c.Droplets.Create(ctx, wanted)
	}, func(ctx context.Context) (*godo.Droplet, error) {
		now, err := namesakes(ctx, c, in)
		for _, one := range now {
			if !slices.ContainsFunc(before, func(old godo.Droplet) bool { return old.ID == one.ID }) {
				return &one, err
			}
		}
		return nil, err
	})
}

// namesakes are the droplets with the name and the tags of one.
func namesakes(ctx context.Context, c *client, in DropletArgs) ([]godo.Droplet, error) {
	found, err := all(func(page *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
		if len(in.Tags) > 0 {
			return c.Droplets.ListByTag(ctx, in.Tags[0], page)
		}
		return c.Droplets.ListByName(ctx, *or(in.Name, ""), page)
	})
	return slices.DeleteFunc(found, func(one godo.Droplet) bool {
		lacks := func(tag string) bool { return !slices.Contains(one.Tags, tag) }
		return one.Name != *or(in.Name, "") || slices.ContainsFunc(in.Tags, lacks)
	}), err
}

func (d DropletArgs) request() *godo.DropletCreateRequest {
	wanted := &godo.DropletCreateRequest{
		Name: *or(d.Name, ""), Region: *or(d.Region, ""), Size: d.Size, Image: godo.DropletCreateImage{Slug: d.Image},
		Backups: *or(d.Backups, false), IPv6: *or(d.Ipv6, false), Monitoring: *or(d.Monitoring, false),
		PrivateNetworking: *or(d.PrivateNetworking, false), UserData: *or(d.UserData, ""), Tags: d.Tags,
		VPCUUID: *or(d.VpcUUID, ""), WithDropletAgent: d.DropletAgent, BackupPolicy: d.BackupPolicy.request(),
		GPUPartitionMode: *or(d.GpuPartitionMode, ""), SSHKeys: []godo.DropletCreateSSHKey{},
	}
	if !*or(d.PublicNetworking, true) {
		wanted.PublicNetworking = d.PublicNetworking
	}
	if id, err := strconv.Atoi(d.Image); err == nil {
		wanted.Image = godo.DropletCreateImage{ID: id}
	}
	for _, key := range d.SSHKeys {
		one := godo.DropletCreateSSHKey{Fingerprint: key}
		if id, err := strconv.Atoi(key); err == nil {
			one = godo.DropletCreateSSHKey{ID: id}
		}
		wanted.SSHKeys = append(wanted.SSHKeys, one)
	}
	return wanted
}

func (b *BackupPolicy) request() *godo.DropletBackupPolicyRequest {
	if b == nil {
		return nil
	}
	return &godo.DropletBackupPolicyRequest{Plan: *or(b.Plan, ""), Weekday: *or(b.Weekday, ""), Hour: b.Hour}
}

// running waits until a droplet is active and unlocked. One that was just made may not be found for a moment.
func running(ctx context.Context, id int) (*godo.Droplet, error) {
	var last *godo.Droplet
	err := until(ctx, func() (string, error) {
		found, answer, err := clientOf(ctx).Droplets.Get(ctx, id)
		if gone(answer) {
			return fmt.Sprintf("the droplet %d was made and is not to be found", id), nil
		}
		if err != nil {
			return "", err
		}
		last = found
		if found.Status == "active" && !found.Locked {
			return "", nil
		}
		return fmt.Sprintf("the droplet %d is `%s` still, and not `active`", id, found.Status), nil
	})
	return last, err
}

// unfinished keeps a resource whose making failed half-way.
func unfinished(err error) error {
	if err == nil {
		return nil
	}
	return infer.ResourceInitFailedError{Reasons: []string{
		err.Error() + ". It is noted in the state: run it again to go on waiting; no second one is made",
	}}
}

func giveBack(ctx context.Context, id int, state DropletState) error {
	c := clientOf(ctx)
	found, answer, err := c.Droplets.Get(ctx, id)
	if gone(answer) {
		return nil
	}
	if err != nil {
		return err
	}
	if *or(state.GracefulShutdown, false) && found.Status == "active" {
		shutDown(ctx, c, id)
	}
	if answer, err := c.Droplets.Delete(ctx, id); err != nil && !gone(answer) {
		return err
	}
	return until(ctx, func() (string, error) {
		_, answer, err := c.Droplets.Get(ctx, id)
		if gone(answer) {
			return "", nil
		}
		return fmt.Sprintf("the droplet %d is there still", id), err
	})
}

// shutDown lets the machine end its work. A machine that does not is given back all the same.
func shutDown(ctx context.Context, c *client, id int) {
	limited, cancel := context.WithTimeout(ctx, shutdownFor)
	defer cancel()
	if _, _, err := c.DropletActions.Shutdown(limited, id); err != nil {
		return
	}
	_ = until(limited, func() (string, error) {
		found, answer, err := c.Droplets.Get(limited, id)
		if err != nil || gone(answer) || found.Status == "off" {
			return "", err
		}
		return "it is on", nil
	})
}
