package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// project lays out a program whose SDK is the given script.
func project(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "node_modules/@pulumi/pulumi/cmd/run/index.js", script)
	if err := os.Mkdir(filepath.Join(dir, "program"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func request(t *testing.T, dir string, options map[string]any) *pulumirpc.RunRequest {
	t.Helper()
	opts, err := structpb.NewStruct(options)
	if err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.RunRequest{
		Project: "p", Stack: "s", Pwd: dir, MonitorAddress: "127.0.0.1:1", DryRun: true, Parallel: 8, Organization: "organization",
		Config: map[string]string{"p:name": "v", "other:key": "w"}, ConfigSecretKeys: []string{"p:name"},
		Info: &pulumirpc.ProgramInfo{
			RootDirectory: dir, ProgramDirectory: filepath.Join(dir, "program"), EntryPoint: "index.ts", Options: opts,
		},
	}
}

func TestRunHandsEverythingOver(t *testing.T) {
	dir := project(t, `require("fs").writeFileSync("seen.json", JSON.stringify({
		args: process.argv.slice(2), flags: process.execArgv, cwd: process.cwd(), env: process.env }))`)
	host := &languageHost{base: context.Background(), engine: "127.0.0.1:2"}
	options := map[string]any{"typescript": false, "nodeargs": `--no-warnings --title="two words"`}
	response, err := host.Run(context.Background(), request(t, dir, options))
	if err != nil || response.Error != "" || response.Bail {
		t.Fatalf("%v %v", response, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "program", "seen.json"))
	if err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Args, Flags []string
		Env         map[string]string
	}
	if err := json.Unmarshal(text, &seen); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"--monitor", "127.0.0.1:1", "--engine", "127.0.0.1:2", "--organization", "organization", "--project", "p",
		"--root-directory", dir, "--stack", "s", "--pwd", dir, "--dry-run", "--query-mode", "false", "--parallel", "8", "index.ts",
	}
	if !slices.Equal(seen.Args, want) {
		t.Errorf("arguments %v", seen.Args)
	}
	if !slices.Equal(seen.Flags, []string{"--no-warnings", "--title=two words"}) {
		t.Errorf("node's flags %v", seen.Flags)
	}
	if seen.Env["PULUMI_CONFIG"] != `{"other:config:key":"w","p:config:name":"v"}` || seen.Env["PULUMI_CONFIG_SECRET_KEYS"] != `["p:name"]` {
		t.Errorf("configuration %s, secret %s", seen.Env["PULUMI_CONFIG"], seen.Env["PULUMI_CONFIG_SECRET_KEYS"])
	}
	if _, set := seen.Env["PULUMI_NODEJS_TYPESCRIPT"]; set {
		t.Error("typescript: false was not honoured")
	}
}

func TestHowAProgramEnds(t *testing.T) {
	for script, want := range map[string]struct {
		bail  bool
		error string
	}{
		"":                                     {false, ""},
		"process.exit(32)":                     {true, ""},
		"process.exit(3)":                      {false, "the program ended with exit status 3"},
		"process.kill(process.pid, 'SIGTERM')": {false, "the program ended with signal: terminated"},
	} {
		host := &languageHost{base: context.Background()}
		response, err := host.Run(context.Background(), request(t, project(t, script), nil))
		if err != nil || response.Bail != want.bail || response.Error != want.error {
			t.Errorf("%q: %v %v", script, response, err)
		}
	}
}

func TestEndsTheProgram(t *testing.T) {
	gone, engineGone := context.WithCancel(context.Background())
	for name, end := range map[string]func(*languageHost, context.CancelFunc){
		"call is cancelled": func(_ *languageHost, cancel context.CancelFunc) { cancel() },
		"Cancel":            func(h *languageHost, _ context.CancelFunc) { _, _ = h.Cancel(context.Background(), nil) },
		"engine is gone":    func(*languageHost, context.CancelFunc) { engineGone() },
	} {
		host := &languageHost{base: context.Background()}
		if name == "engine is gone" {
			host.base = gone
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, func() { end(host, cancel) })
		start := time.Now()
		response, err := host.Run(ctx, request(t, project(t, "setInterval(() => {}, 1000)"), nil))
		if err != nil || !strings.Contains(response.Error, "cancelled") || time.Since(start) > 5*time.Second {
			t.Errorf("%s: %v %v", name, response, err)
		}
		cancel()
		host.wait()
	}
}

func TestOptions(t *testing.T) {
	host := &languageHost{base: context.Background()}
	for want, options := range map[string]map[string]any{
		"typescript": {"typescript": "no"},
		"nodeargs":   {"nodeargs": `--title="open`},
	} {
		if _, err := host.Run(context.Background(), request(t, project(t, ""), options)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", options, err)
		}
	}
	_, err := host.Run(context.Background(), request(t, t.TempDir(), nil))
	if err == nil || !strings.Contains(err.Error(), "npm ci") {
		t.Errorf("without an SDK: %v", err)
	}
	opts, err := parseOptions(nil)
	if err != nil || !opts.typescript || opts.nodeargs != nil {
		t.Errorf("%+v %v", opts, err)
	}
}

func TestRequiredPackages(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "node_modules/@pulumi/command/package.json",
		`{"name": "@pulumi/command", "version": "1.2.1", "pulumi": {"resource": true, "name": "command", "version": "1.2.1"}}`)
	put(t, dir, "node_modules/@pulumi/older/package.json", `{"name": "@pulumi/older", "version": "v0.1.0", "pulumi": {"resource": true}}`)
	put(t, dir, "node_modules/@pulumi/pulumi/package.json", `{"name": "@pulumi/pulumi", "version": "3.248.0"}`)
	put(t, dir, "node_modules/other/package.json", `{"name": "other", "pulumi": "not ours"}`)
	put(t, dir, "node_modules/component/package.json", `{"name": "component", "version": "1.0.0", "pulumi": {"name": "component"}}`)
	put(t, dir, "node_modules/third/package.json",
		`{"name": "third", "version": "2.0.0", "pulumi": {"resource": true, "server": "https://example.org"}}`)
	host := &languageHost{base: context.Background()}
	response, err := host.GetRequiredPackages(context.Background(), &pulumirpc.GetRequiredPackagesRequest{
		Info: &pulumirpc.ProgramInfo{ProgramDirectory: filepath.Join(dir, "components")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, dependency := range response.Packages {
		found = append(found, dependency.Kind+" "+dependency.Name+" "+dependency.Version+" "+dependency.Server)
	}
	want := []string{"resource third v2.0.0 https://example.org", "resource command v1.2.1 ", "resource older v0.1.0 "}
	if !slices.Equal(found, want) {
		t.Errorf("%q", found)
	}
}
