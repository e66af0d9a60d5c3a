package bid

import (
	"os"
	"path/filepath"

	"sealdesk/signer/disk"
)

// create makes a file that is filled before it has a name: see disk.Draft.
func create(path string, fill func(f *os.File) error) error {
	if path == "" {
		return fail(BadRequest, "no output is named")
	}
	if err := disk.Free(path); err != nil {
		return onOutput(path, err)
	}
	draft, err := disk.NewHidden(filepath.Dir(path))
	if err != nil {
		return onOutput(path, err)
	}
	defer draft.Discard()
	if err := fill(draft.File); err != nil {
		if isWriting(err) {
			return onOutput(path, err)
		}
		return err
	}
	if err := draft.File.Sync(); err != nil {
		return onOutput(path, err)
	}
	if err := draft.Name(path); err != nil {
		return onOutput(path, err)
	}
	return nil
}
