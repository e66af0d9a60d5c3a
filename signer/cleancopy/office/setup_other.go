//go:build !windows

package office

// setup has nothing to tell here: only Windows keeps a registry.
func setup() []string { return nil }
