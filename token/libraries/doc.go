// Package libraries knows the key libraries of this machine: those that the table of package profile finds and those that a
// person added, each behind a helper process of its own (package modhost), which is started when a key is first looked for. The
// window, the command line and the doctor all look here, so that they never see different keys.
package libraries
