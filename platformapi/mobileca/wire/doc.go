// Package wire is the mobile CA's openapi.yaml as Go code: its types, the server's interface and routes, and the
// embedded document against which requests are checked. It is generated; a client generates its own.
package wire

//go:generate go tool oapi-codegen -config wire.yaml ../openapi.yaml
