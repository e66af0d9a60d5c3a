package signer

import (
	"cmp"
	"path/filepath"

	"sealdesk/signer/disk"
)

// A draft is the output before it has its name.
type draft struct {
	*disk.Draft
	folder string
	size   int64      // bytes written
	early  chan error // what came of beginSync, once
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

// beginSync has the disk take what was written so far, and does not wait for it: sync tells what came of it.
func (d *draft) beginSync() {
	d.early = make(chan error, 1)
	go func() { d.early <- d.File.Sync() }()
}

// sync is nil when all that was written is on the disk.
func (d *draft) sync() error {
	var early error
	if d.early != nil {
		early, d.early = <-d.early, nil // a disk tells of a failure only once
	}
	return cmp.Or(early, d.File.Sync())
}
