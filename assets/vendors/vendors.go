package vendors

import _ "embed"

//go:embed libraries.json
var libraries []byte

// Libraries returns the table, which must not be written to.
func Libraries() []byte { return libraries }
