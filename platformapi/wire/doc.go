// Package wire is openapi.yaml as Go code: the server's interface and routes, the client's requests, and the embedded
// document against which both ends check what they get. It is generated; the types are those of package platformapi.
package wire

//go:generate go tool oapi-codegen -config wire.yaml ../openapi.yaml
