package main

import (
	"strings"
	"testing"
	"time"
)

const localCommand = "command:local:Command"

func TestLocalRun(t *testing.T) {
	engine := start(t, time.Minute)
	dir := t.TempDir()
	args := inputs{
		"create": "cat; echo $NAME; pwd >&2", "stdin": "in ", "environment": inputs{"NAME": "value"}, "dir": dir,
		"update": "echo \"was: $PULUMI_COMMAND_STDOUT\"", "delete": "test \"$PULUMI_COMMAND_STDOUT\" = 'was: in value'",
	}
	made := engine.MustNew(localCommand, args)
	if made.Text("stdout") != "in value" || !strings.HasSuffix(made.Text("stderr"), dir) {
		t.Errorf("stdout %q, stderr %q", made.Text("stdout"), made.Text("stderr"))
	}
	if diff := engine.Changes(made, args); diff.HasChanges {
		t.Errorf("nothing changed, but %v", diff.DetailedDiff)
	}
	made, err := engine.Changed(made, with(args, inputs{"stdin": "x"}))
	if err != nil || made.Text("stdout") != "was: in value" {
		t.Fatalf("%v %v", made.State, err)
	}
	if err := engine.Gone(made); err != nil {
		t.Error(err)
	}
	_, err = engine.New(localCommand, inputs{"create": "echo out; exit 3"})
	if err == nil || err.Error() != "exit status 3: running \"echo out; exit 3\":\nout\n" {
		t.Errorf("got %v", err)
	}
	made = engine.MustNew(localCommand, inputs{"create": "console.log(6 * 7)", "interpreter": []any{"node", "-e"}})
	if made.Text("stdout") != "42" {
		t.Errorf("interpreter: %q", made.Text("stdout"))
	}
}

func TestLocalFiles(t *testing.T) {
	engine := start(t, time.Minute)
	dir := t.TempDir()
	for _, name := range []string{"a.txt", "b.js", "deep/c.txt", "deep/secret.txt"} {
		write(t, dir+"/"+name, name)
	}
	made := engine.MustNew(localCommand, inputs{
		"create": "true", "dir": dir,
		"assetPaths":   []any{"*.txt"},
		"archivePaths": []any{"**.txt", "!**secret*"},
	})
	assets := made.State.Get("assets").AsMap()
	if assets.Len() != 1 || !assets.Get("a.txt").IsAsset() {
		t.Errorf("assets %v", assets)
	}
	archive := made.State.Get("archive").AsMap().Get("assets").AsMap()
	if archive.Len() != 2 || archive.Get("a.txt").IsNull() || archive.Get("deep/c.txt").IsNull() {
		t.Errorf("archive %v", archive)
	}
}

func TestLocalCancel(t *testing.T) {
	engine := start(t, time.Minute)
	ended := make(chan error, 1)
	go func() {
		_, err := engine.New(localCommand, inputs{"create": "sleep 20; true"})
		ended <- err
	}()
	time.Sleep(300 * time.Millisecond)
	_ = engine.Cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(5 * time.Second):
		t.Error("the command goes on")
	}
}
