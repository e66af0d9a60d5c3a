//go:build !linux

package disk

import (
	"errors"
	"os"
)

// openUnnamed fails: only Linux has files without a name that can get one.
func openUnnamed(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func unnamedPath(f *os.File) string { return f.Name() }

func nameUnnamed(*os.File, string) error { return errors.ErrUnsupported }
