package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"sovereign-edge/providers/plugin/plugintest"
)

const copyToRemote = "command:remote:CopyToRemote"

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func textAsset(t *testing.T, text string) *resource.Asset {
	t.Helper()
	asset, err := resource.NewTextAsset(text)
	if err != nil {
		t.Fatal(err)
	}
	return asset
}

func fileAsset(t *testing.T, path string) *resource.Asset {
	t.Helper()
	asset, err := resource.NewPathAsset(path)
	if err != nil {
		t.Fatal(err)
	}
	return asset
}

func folder(t *testing.T, path string) *resource.Archive {
	t.Helper()
	archive, err := resource.NewPathArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func TestCopiesAsCpDoes(t *testing.T) {
	engine, server := setUp(t)
	from, to := t.TempDir(), t.TempDir()
	write(t, from+"/file", "one")
	write(t, from+"/folder/deep/leaf", "two")
	write(t, to+"/old", "longer than what replaces it")
	if err := os.Mkdir(to+"/existing", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		source             any
		remotePath, result string
		content            string
	}{
		{textAsset(t, "text"), to + "/new/parents/text", to + "/new/parents/text", "text"},
		{textAsset(t, "text"), to + "/old", to + "/old", "text"},
		{fileAsset(t, from+"/file"), to + "/a", to + "/a", "one"},
		{fileAsset(t, from+"/file"), to + "/existing", to + "/existing/file", "one"},
		{folder(t, from+"/folder"), to + "/b", to + "/b/folder/deep/leaf", "two"},
		{folder(t, from+"/folder/"), to + "/c", to + "/c/deep/leaf", "two"},
		{folder(t, from+"/folder/"), to + "/existing", to + "/existing/deep/leaf", "two"},
	} {
		engine.MustNew(copyToRemote, inputs{
			"connection": server.connection(), "source": test.source, "remotePath": test.remotePath,
		})
		if got := read(t, test.result); got != test.content {
			t.Errorf("%s holds %q", test.result, got)
		}
	}
	for want, args := range map[string]inputs{
		"is a directory":     {"source": textAsset(t, "x"), "remotePath": to + "/existing"},
		"not a directory":    {"source": folder(t, from+"/folder"), "remotePath": to + "/old"},
		"no such file or di": {"source": fileAsset(t, from+"/file"), "remotePath": to + "/old/below"},
	} {
		_, err := engine.New(copyToRemote, with(args, inputs{"connection": server.connection()}))
		if err == nil {
			t.Errorf("%q: no error", want)
		} else if want != "no such file or di" && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	server.waitOpen(0)
}

func TestCopiesAgainOnlyWhenContentOrPathChanged(t *testing.T) {
	engine, server := setUp(t)
	target := t.TempDir() + "/file"
	args := inputs{"connection": server.connection(), "source": textAsset(t, "one"), "remotePath": target}
	made := engine.MustNew(copyToRemote, args)
	for _, step := range []struct {
		change inputs
		copies bool
	}{
		{inputs{"connection": with(server.connection(), inputs{"user": "other"})}, false},
		{inputs{"source": textAsset(t, "two")}, true},
		{inputs{"remotePath": target + "2"}, true},
	} {
		args = with(args, step.change)
		before := server.sessions()
		var err error
		if made, err = engine.Changed(made, args); err != nil {
			t.Fatal(err)
		}
		if copied := server.sessions() > before; copied != step.copies {
			t.Errorf("%v: copied %v", step.change, copied)
		}
	}
	if read(t, target) != "two" || read(t, target+"2") != "two" {
		t.Error("not copied")
	}
	if diff := engine.Changes(made, args); diff.HasChanges {
		t.Errorf("nothing changed, but %v", diff.DetailedDiff)
	}
}

func TestRefusesWhatCannotBeCopied(t *testing.T) {
	engine := start(t, time.Minute)
	for want, source := range map[string]any{
		"an asset must be a FileAsset or a StringAsset": &resource.Asset{Sig: resource.AssetSig, Hash: "x", URI: "https://example.org/file"},
		"and known in the preview":                      plugintest.Unknown(),
	} {
		_, err := engine.Checked(copyToRemote, inputs{
			"connection": inputs{"host": "h"}, "source": source, "remotePath": "/x",
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
