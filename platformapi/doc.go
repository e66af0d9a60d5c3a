// Package platformapi is the trading platform as a client sees it: what can be asked of it, what it answers, and
// how it fails. openapi.yaml is the source of the types and of the wire (package wire); Platform is the interface that
// package client implements over HTTP, that package outbox wraps so that nothing sent is ever lost, and that an adapter
// to another region's platform can implement too. Package platformtest holds the suite every implementation passes.
package platformapi

//go:generate go tool oapi-codegen -config models.yaml openapi.yaml
