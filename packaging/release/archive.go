package main

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A packer takes files one after the other.
type packer interface {
	put(name string, mode fs.FileMode, data []byte) error
	io.Closer
}

// writeArchive packs a folder's files under the name of the archive, in the order of their names and at one time, so that the
// same files give the same bytes. The ending says how: .zip, else .tar.gz.
func writeArchive(path, dir string, at time.Time) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	inside, isZip := strings.CutSuffix(filepath.Base(path), ".zip")
	var p packer
	if isZip {
		p = newZip(f, at)
	} else {
		inside = strings.TrimSuffix(inside, ".tar.gz")
		p = newTar(f, at)
	}
	err = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		return p.put(inside+"/"+filepath.ToSlash(name), mode, data)
	})
	return errors.Join(err, p.Close(), f.Close())
}

type tarball struct {
	gz *gzip.Writer
	t  *tar.Writer
	at time.Time
}

func newTar(w io.Writer, at time.Time) *tarball {
	gz, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // the level is one of its own
	return &tarball{gz, tar.NewWriter(gz), at}
}

func (p *tarball) put(name string, mode fs.FileMode, data []byte) error {
	h := &tar.Header{Name: name, Mode: int64(mode), Size: int64(len(data)), ModTime: p.at, Format: tar.FormatPAX}
	if err := p.t.WriteHeader(h); err != nil {
		return err
	}
	_, err := p.t.Write(data)
	return err
}

func (p *tarball) Close() error { return errors.Join(p.t.Close(), p.gz.Close()) }

type zipped struct {
	z  *zip.Writer
	at time.Time
}

func newZip(w io.Writer, at time.Time) *zipped {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	return &zipped{z, at}
}

func (p *zipped) put(name string, mode fs.FileMode, data []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.at}
	h.SetMode(mode)
	w, err := p.z.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func (p *zipped) Close() error { return p.z.Close() }
