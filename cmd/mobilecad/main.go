// Command mobilecad runs the mobile CA, and serves the phone's app.
//
//	mobilecad [serve] --data DIR --demo …     serve
//	mobilecad review list --data DIR …        what waits for the CA's review; approve ID and refuse ID REASON decide, show ID --out DIR
//	mobilecad audit verify --data DIR …       follow the audit trail and name the first row that is not as it was written
//
// Alone it keeps everything in --data. With --database postgres://… and one --master-key any number of them serve the same
// mobile CA behind a proxy.
package main

import (
	"context"
	"io"

	"sealdesk/cmd/internal/daemon"
)

// version is set by the build of a release.
var version = ""

func main() { program().Main() }

func program() daemon.Program {
	return daemon.Program{Name: "mobilecad", Version: version, Known: "serve, review and audit verify", Commands: map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"serve": serveCommand, "audit": auditCommand, "review": reviewCommand,
	}}
}
