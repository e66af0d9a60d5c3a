package signer

import (
	"path/filepath"

	"sealdesk/signer/internal/disk"
)

// A draft is the output before it has its name.
type draft struct {
	*disk.Draft
	folder string
	size   int64 // bytes written
}

func newDraft(target string) (*draft, error) {
	folder := filepath.Dir(target)
	d, err := disk.NewDraft(folder)
	if err != nil {
		return nil, onOutput(folder, target, err)
	}
	return &draft{Draft: d, folder: folder}, nil
}

// writeOut is after how many bytes the system is told to begin putting them on the disk.
const writeOut = 8 << 20

// Write implements io.Writer.
func (d *draft) Write(b []byte) (int, error) {
	n, err := d.File.WriteAt(b, d.size)
	before := d.size
	d.size += int64(n)
	if done := d.size / writeOut * writeOut; done > before {
		disk.BeginWriting(d.File, done-writeOut, writeOut)
	}
	return n, err
}
