// Command tokenhost loads one library of a key vendor, away from the window, and does what its client asks of it over two
// inherited pipes. It is started by package token/modhost and is of no use by hand. There may be builds of it for several
// architectures beside one client, for many vendors' libraries are 32-bit only.
package main

import (
	"os"

	"sealdesk/cmd/internal/keyhost"
)

func main() { os.Exit(keyhost.Main(os.Args[1:])) }
