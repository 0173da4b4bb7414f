package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// manifest is the part of an npm package.json that concerns Pulumi.
type manifest struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Pulumi  struct {
		Resource bool   `json:"resource"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Server   string `json:"server"`
	} `json:"pulumi"`
}

// requiredPackages returns the resource plugins that the packages of the nearest node_modules ask for.
func requiredPackages(programDir string) ([]*pulumirpc.PackageDependency, error) {
	modules, err := findUp(programDir, "node_modules")
	if err != nil {
		return nil, nil //nolint:nilerr // a program without packages needs no plugin
	}
	var found []*pulumirpc.PackageDependency
	for _, pattern := range []string{"*/package.json", "@*/*/package.json"} {
		paths, err := filepath.Glob(filepath.Join(modules, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			dependency, err := readManifest(path)
			if err != nil {
				return nil, err
			}
			if dependency != nil {
				found = append(found, dependency)
			}
		}
	}
	return found, nil
}

// readManifest returns the plugin that one package asks for, nil when it asks for none.
func readManifest(path string) (*pulumirpc.PackageDependency, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(text), `"pulumi"`) {
		return nil, nil
	}
	var m manifest
	if json.Unmarshal(text, &m) != nil || !m.Pulumi.Resource {
		return nil, nil // "pulumi" means something else in this package
	}
	name, version := m.Pulumi.Name, m.Pulumi.Version
	if name == "" {
		name = strings.TrimPrefix(m.Name, "@pulumi/")
	}
	if version == "" {
		version = m.Version
	}
	if name == "" || version == "" {
		return nil, fmt.Errorf("%s asks for a Pulumi plugin without name or version", path)
	}
	return &pulumirpc.PackageDependency{
		Kind:    "resource",
		Name:    name,
		Version: "v" + strings.TrimPrefix(version, "v"),
		Server:  m.Pulumi.Server,
	}, nil
}
