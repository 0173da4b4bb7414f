package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
)

// SSHKey is a public key of the account, which new droplets let in.
type SSHKey struct{}

// Annotate gives the type its name.
func (k *SSHKey) Annotate(a infer.Annotator) { a.SetToken("index/sshKey", "SshKey") }

// SSHKeyArgs are its inputs.
type SSHKeyArgs struct {
	Name      *string `pulumi:"name,optional"`
	PublicKey string  `pulumi:"publicKey" provider:"replaceOnChanges"`
}

// SSHKeyState is what the stack keeps of it.
type SSHKeyState struct {
	Fingerprint string `pulumi:"fingerprint"`
	Name        string `pulumi:"name"`
	PublicKey   string `pulumi:"publicKey"`
}

// Check asks for a name.
func (*SSHKey) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[SSHKeyArgs], error) {
	args, failures, err := infer.DefaultCheck[SSHKeyArgs](ctx, req.NewInputs)
	return infer.CheckResponse[SSHKeyArgs]{Inputs: args, Failures: append(failures, named(req, args.Name)...)}, err
}

// Create adds it to the account. One whose answer was lost is found by its fingerprint.
func (*SSHKey) Create(
	ctx context.Context, req infer.CreateRequest[SSHKeyArgs],
) (infer.CreateResponse[SSHKeyState], error) {
	in, name := req.Inputs, *or(req.Inputs.Name, "")
	if req.DryRun {
		return infer.CreateResponse[SSHKeyState]{Output: SSHKeyState{Name: name, PublicKey: in.PublicKey}}, nil
	}
	what := "add the SSH key " + name
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(in.PublicKey))
	if err != nil {
		return infer.CreateResponse[SSHKeyState]{}, fmt.Errorf("%s: publicKey is no public key of OpenSSH", what)
	}
	c := clientOf(ctx)
	key, err := makeOnce(ctx, c, func(ctx context.Context) (*godo.Key, *godo.Response, error) {
		return c.Keys.Create(ctx, &godo.KeyCreateRequest{Name: name, PublicKey: in.PublicKey})
	}, func(ctx context.Context) (*godo.Key, error) {
		key, answer, err := c.Keys.GetByFingerprint(ctx, ssh.FingerprintLegacyMD5(public))
		if gone(answer) || key != nil && key.Name != name {
			return nil, nil
		}
		return key, err
	})
	if err != nil {
		return infer.CreateResponse[SSHKeyState]{}, explain(what, err)
	}
	return infer.CreateResponse[SSHKeyState]{ID: strconv.Itoa(key.ID), Output: keyState(key)}, nil
}

// Read compares it with the account's.
func (*SSHKey) Read(
	ctx context.Context, req infer.ReadRequest[SSHKeyArgs, SSHKeyState],
) (infer.ReadResponse[SSHKeyArgs, SSHKeyState], error) {
	id, err := numeric("SSH key", req.ID)
	if err != nil {
		return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{}, err
	}
	key, answer, err := clientOf(ctx).Keys.GetByID(ctx, id)
	if gone(answer) {
		return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{}, nil
	}
	if err != nil {
		return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{}, explain("read the SSH key "+req.State.Name, err)
	}
	state := keyState(key)
	inputs := SSHKeyArgs{Name: &state.Name, PublicKey: state.PublicKey}
	if strings.TrimSpace(req.Inputs.PublicKey) == state.PublicKey {
		inputs.PublicKey = req.Inputs.PublicKey
	}
	return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{ID: req.ID, Inputs: inputs, State: state}, nil
}

// Update renames it.
func (*SSHKey) Update(
	ctx context.Context, req infer.UpdateRequest[SSHKeyArgs, SSHKeyState],
) (infer.UpdateResponse[SSHKeyState], error) {
	state, name := req.State, *or(req.Inputs.Name, "")
	id, err := numeric("SSH key", req.ID)
	if err == nil && !req.DryRun {
		_, _, err = clientOf(ctx).Keys.UpdateByID(ctx, id, &godo.KeyUpdateRequest{Name: name})
	}
	if err == nil {
		state.Name = name
	}
	return infer.UpdateResponse[SSHKeyState]{Output: state}, explain("rename the SSH key "+name, err)
}

// Delete removes it from the account; droplets that let it in go on doing so.
func (*SSHKey) Delete(ctx context.Context, req infer.DeleteRequest[SSHKeyState]) (infer.DeleteResponse, error) {
	id, err := numeric("SSH key", req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	answer, err := clientOf(ctx).Keys.DeleteByID(ctx, id)
	if gone(answer) {
		err = nil
	}
	return infer.DeleteResponse{}, explain("delete the SSH key "+req.State.Name, err)
}

func keyState(key *godo.Key) SSHKeyState {
	return SSHKeyState{Fingerprint: key.Fingerprint, Name: key.Name, PublicKey: strings.TrimSpace(key.PublicKey)}
}

// numeric reads the id of a resource that the API numbers.
func numeric(kind, id string) (int, error) {
	number, err := strconv.Atoi(id)
	if err != nil {
		return 0, fmt.Errorf("the %s has the id %q in the state, and DigitalOcean numbers them", kind, id)
	}
	return number, nil
}
