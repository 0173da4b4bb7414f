package local

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// collectFiles fills assets and archive with the files that the patterns name.
func (s *CommandState) collectFiles() error {
	dir := "."
	if s.Dir != nil {
		dir = *s.Dir
	}
	if s.AssetPaths != nil {
		names, err := match(dir, s.AssetPaths)
		if err != nil {
			return err
		}
		assets := make(map[string]*types.AssetOrArchive, len(names))
		for _, name := range names {
			asset, err := resource.NewPathAsset(path.Join(dir, name))
			if err != nil {
				return err
			}
			assets[name] = &types.AssetOrArchive{Asset: asset}
		}
		s.Assets = &assets
	}
	if s.ArchivePaths == nil {
		return nil
	}
	names, err := match(dir, s.ArchivePaths)
	if err != nil {
		return err
	}
	content := make(map[string]any, len(names))
	for _, name := range names {
		if content[name], err = resource.NewPathAsset(path.Join(dir, name)); err != nil {
			return err
		}
	}
	s.Archive, err = resource.NewAssetArchive(content)
	return err
}

// match returns the files below dir that the patterns select, in order of name. A pattern that begins with ! takes files out
// again; later patterns win; * stays within a folder, ** does not.
func match(dir string, patterns []string) ([]string, error) {
	globs := make([]glob.Glob, len(patterns))
	for i, pattern := range patterns {
		compiled, err := glob.Compile(strings.TrimPrefix(pattern, "!"), '/')
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		globs[i] = compiled
	}
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		selected := false
		for i, g := range globs {
			if g.Match(name) {
				selected = !strings.HasPrefix(patterns[i], "!")
			}
		}
		if selected {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}
