//go:build !windows

package office

import "context"

// automate has nothing to offer: Word and WPS can be driven on Windows only.
func (Office) automate(context.Context, string, string, Format) (result string, tried bool, err error) {
	return "", false, nil
}
