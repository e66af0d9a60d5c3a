// Package client is platformapi.Platform over HTTP. It dials https only (http to this machine itself), believes no answer
// that is not as openapi.yaml says, bounds every answer in size and time, and says by its Kind what failed.
package client
