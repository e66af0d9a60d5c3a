// Command platformd runs the reference trading platform, and keeps what it holds.
//
//	platformd [serve] --data DIR --roots FILE …     serve the platform
//	platformd backup DIR --data DIR …               write a backup, while the servers run
//	platformd restore DIR --data DIR …              make a platform of a backup
//	platformd audit verify --data DIR …             follow the audit trail and name the first row that is not as it was written
//
// Alone it keeps everything in --data. With --database postgres://… and --blobs s3://… any number of them serve the same
// platform behind a proxy.
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
	return daemon.Program{Name: "platformd", Version: version, Known: "serve, backup, restore and audit verify", Commands: map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"serve": serveCommand, "backup": backupCommand, "restore": restoreCommand, "audit": auditCommand,
	}}
}
