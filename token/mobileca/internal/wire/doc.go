// Package wire is generated from the mobile CA's openapi.yaml: the types, and the client of the desktop's calls. The driver
// has a client of its own, so that keys and the service stay apart.
package wire

//go:generate go tool oapi-codegen -config wire.yaml ../../../../platformapi/mobileca/openapi.yaml
