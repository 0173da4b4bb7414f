package remote

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
)

// uploader puts things on the far side. Modes and owners are those of the login's umask, existing files are written over.
type uploader struct{ *sftp.Client }

// text writes a file of that content.
func (u uploader) text(content, target string) error {
	isDir, _, err := u.stat(target)
	if err != nil {
		return err
	}
	if isDir {
		return fmt.Errorf("remote path %s is a directory; for a text give the path of the file", target)
	}
	return u.file(strings.NewReader(content), target)
}

// path copies a file or folder. As with cp, an existing folder takes the source in under its own name, unless the source is a
// folder written with a trailing slash: then its content goes in.
func (u uploader) path(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	intoFolder, exists, err := u.stat(target)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if intoFolder {
			target = path.Join(target, filepath.Base(source))
		}
		return u.localFile(source, target)
	}
	if exists && !intoFolder {
		return fmt.Errorf("remote path %s exists and is not a directory", target)
	}
	if !strings.HasSuffix(source, "/") {
		target = path.Join(target, filepath.Base(source))
	}
	return u.folder(source, target)
}

func (u uploader) folder(source, target string) error {
	return fs.WalkDir(os.DirFS(source), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			return u.localFile(filepath.Join(source, filepath.FromSlash(name)), path.Join(target, name))
		}
		if err := u.MkdirAll(path.Join(target, name)); err != nil {
			return fmt.Errorf("make remote directory %s: %w", path.Join(target, name), err)
		}
		return nil
	})
}

func (u uploader) localFile(source, target string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	return u.file(from, target)
}

func (u uploader) file(content io.Reader, target string) error {
	if err := u.MkdirAll(path.Dir(target)); err != nil {
		return fmt.Errorf("make remote directory %s: %w", path.Dir(target), err)
	}
	to, err := u.Create(target)
	if err != nil {
		return fmt.Errorf("create remote file %s: %w", target, err)
	}
	if _, err := to.ReadFrom(content); err != nil {
		_ = to.Close()
		return fmt.Errorf("write remote file %s: %w", target, err)
	}
	return to.Close()
}

func (u uploader) stat(target string) (isDir, exists bool, err error) {
	info, err := u.Stat(target)
	switch {
	case err == nil:
		return info.IsDir(), true, nil
	case errors.Is(err, os.ErrNotExist):
		return false, false, nil
	default:
		return false, false, fmt.Errorf("look at remote path %s: %w", target, err)
	}
}
