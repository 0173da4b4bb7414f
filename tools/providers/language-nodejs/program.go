package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/shlex"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// options are the runtime options of Pulumi.yaml that this host knows.
type options struct {
	typescript bool     // let the SDK load ts-node; on unless said otherwise
	tsconfig   string   // path of a tsconfig.json for it
	nodeargs   []string // flags of node itself, split as a shell would
}

// parseOptions reads the runtime options; one that is of the wrong type is an error that names it.
func parseOptions(raw *structpb.Struct) (options, error) {
	parsed := options{typescript: true}
	for name, value := range raw.AsMap() {
		ok := true
		switch name {
		case "typescript":
			parsed.typescript, ok = value.(bool)
		case "tsconfig":
			parsed.tsconfig, ok = value.(string)
		case "nodeargs":
			var text string
			if text, ok = value.(string); ok {
				var err error
				if parsed.nodeargs, err = shlex.Split(text); err != nil {
					return options{}, fmt.Errorf("runtime option nodeargs in Pulumi.yaml: %w", err)
				}
			}
		}
		if !ok {
			return options{}, fmt.Errorf("runtime option %s in Pulumi.yaml has the wrong type: %v", name, value)
		}
	}
	return parsed, nil
}

// programCommand builds the node process for a run. It stays in the host's process group, which the engine kills as a whole.
func programCommand(ctx context.Context, req *pulumirpc.RunRequest, engine string) (*exec.Cmd, error) {
	info := req.GetInfo()
	opts, err := parseOptions(info.GetOptions())
	if err != nil {
		return nil, err
	}
	runner, err := findUp(info.GetProgramDirectory(), "node_modules/@pulumi/pulumi/cmd/run")
	if err != nil {
		return nil, fmt.Errorf("the Pulumi SDK is not installed (%w); run `npm ci`", err)
	}
	env, err := environment(req, opts)
	if err != nil {
		return nil, err
	}
	args := append(append([]string{}, opts.nodeargs...), runner)
	cmd := exec.CommandContext(ctx, "node", append(args, arguments(req, engine)...)...)
	cmd.Dir = info.GetProgramDirectory()
	cmd.Env = append(os.Environ(), env...)
	return cmd, nil
}

// arguments are those of the SDK's runner, cmd/run.
func arguments(req *pulumirpc.RunRequest, engine string) []string {
	var args []string
	add := func(name, value string) {
		if value != "" {
			args = append(args, "--"+name, value)
		}
	}
	add("monitor", req.GetMonitorAddress())
	add("engine", engine)
	add("organization", req.GetOrganization())
	add("project", req.GetProject())
	add("root-directory", req.GetInfo().GetRootDirectory())
	add("stack", req.GetStack())
	add("pwd", req.GetPwd())
	if req.GetDryRun() {
		args = append(args, "--dry-run")
	}
	add("query-mode", strconv.FormatBool(req.GetQueryMode()))
	add("parallel", strconv.Itoa(int(req.GetParallel())))
	entry := req.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	return append(append(args, entry), req.GetArgs()...)
}

// environment carries the configuration, whose keys the SDK expects in their long form `namespace:config:name`.
func environment(req *pulumirpc.RunRequest, opts options) ([]string, error) {
	values := make(map[string]string, len(req.GetConfig()))
	for key, value := range req.GetConfig() {
		parsed, err := config.ParseKey(key)
		if err != nil {
			return nil, err
		}
		values[parsed.Namespace()+":config:"+parsed.Name()] = value
	}
	secrets := append([]string{}, req.GetConfigSecretKeys()...)
	valuesJSON, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	secretsJSON, err := json.Marshal(secrets)
	if err != nil {
		return nil, err
	}
	env := []string{"PULUMI_CONFIG=" + string(valuesJSON), "PULUMI_CONFIG_SECRET_KEYS=" + string(secretsJSON)}
	if opts.typescript {
		env = append(env, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	if opts.tsconfig != "" {
		env = append(env, "PULUMI_NODEJS_TSCONFIG_PATH="+opts.tsconfig)
	}
	return env, nil
}

// findUp looks for path in dir and in the folders above it, as node looks for modules.
func findUp(dir, path string) (string, error) {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		found := filepath.Join(at, filepath.FromSlash(path))
		if _, err := os.Stat(found); err == nil {
			return found, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no %s in %s or above it", strings.TrimPrefix(path, "./"), dir)
		}
	}
}
