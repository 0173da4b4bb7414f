package remote

import (
	"context"

	"github.com/pkg/sftp"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/ssh"
)

// CopyToRemote is a file, text or folder copied to a machine over SFTP. Deleting it leaves the copy.
type CopyToRemote struct{ Logins *Logins }

// CopyToRemoteArgs are its inputs.
type CopyToRemoteArgs struct {
	Connection Connection           `pulumi:"connection" provider:"secret"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
	Triggers   *[]any               `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// CopyToRemoteState is what the stack keeps of it.
type CopyToRemoteState struct{ CopyToRemoteArgs }

// Check refuses sources that cannot be copied. Version 1.2.1 also refuses a source that is not known yet in a preview.
func (*CopyToRemote) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[CopyToRemoteArgs], error) {
	args, failures, err := infer.DefaultCheck[CopyToRemoteArgs](ctx, req.NewInputs)
	if err == nil && len(failures) == 0 {
		if reason := refuse(args.Source); reason != "" {
			failures = append(failures, p.CheckFailure{Property: "source", Reason: reason})
		}
	}
	return infer.CheckResponse[CopyToRemoteArgs]{Inputs: args, Failures: failures}, err
}

func refuse(source types.AssetOrArchive) string {
	asset, archive := source.Asset, source.Archive
	switch {
	case asset != nil && archive != nil:
		return "only one of asset or archive can be set"
	case asset == nil && archive == nil:
		return "either asset or archive must be set, and known in the preview"
	case asset != nil && !asset.IsPath() && !asset.IsText():
		return "an asset must be a FileAsset or a StringAsset"
	case archive != nil && !archive.IsPath():
		return "an archive must be a FileArchive"
	}
	return ""
}

// Create copies; nothing is dialled in a preview.
func (r *CopyToRemote) Create(
	ctx context.Context, req infer.CreateRequest[CopyToRemoteArgs],
) (infer.CreateResponse[CopyToRemoteState], error) {
	state := CopyToRemoteState{req.Inputs}
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun {
		err = state.copy(ctx, r.Logins)
	}
	return infer.CreateResponse[CopyToRemoteState]{ID: id, Output: state}, err
}

// Update copies again when the content or the path changed; a new connection alone copies nothing.
func (r *CopyToRemote) Update(
	ctx context.Context, req infer.UpdateRequest[CopyToRemoteArgs, CopyToRemoteState],
) (infer.UpdateResponse[CopyToRemoteState], error) {
	state := CopyToRemoteState{req.Inputs}
	changed := req.Inputs.hash() != req.State.hash() || req.Inputs.RemotePath != req.State.RemotePath
	if req.DryRun || !changed {
		return infer.UpdateResponse[CopyToRemoteState]{Output: state}, nil
	}
	err := state.copy(ctx, r.Logins)
	return infer.UpdateResponse[CopyToRemoteState]{Output: state}, err
}

func (a *CopyToRemoteArgs) hash() string {
	switch {
	case a.Source.Asset != nil:
		return a.Source.Asset.Hash
	case a.Source.Archive != nil:
		return a.Source.Archive.Hash
	}
	return ""
}

func (a *CopyToRemoteArgs) copy(ctx context.Context, logins *Logins) error {
	return logins.run(ctx, &a.Connection, func(session *ssh.Session) error {
		files, err := transfer(session)
		if err != nil {
			return err
		}
		defer files.Close()
		to := uploader{files}
		switch {
		case a.Source.Archive != nil:
			return to.path(a.Source.Archive.Path, a.RemotePath)
		case a.Source.Asset.IsText():
			return to.text(a.Source.Asset.Text, a.RemotePath)
		default:
			return to.path(a.Source.Asset.Path, a.RemotePath)
		}
	})
}

// transfer makes a session one of SFTP.
func transfer(session *ssh.Session) (*sftp.Client, error) {
	if err := session.RequestSubsystem("sftp"); err != nil {
		return nil, err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return sftp.NewClientPipe(out, in)
}
