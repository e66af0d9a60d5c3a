// Package client is platformapi.Platform over HTTP. It dials https only (http to this machine itself), believes no answer
// that is not as openapi.yaml says, bounds every answer in size and time, and says in one of five ways what failed.
package client
