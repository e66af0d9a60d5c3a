// Command tokenhost loads one library of a key vendor, away from the window, and does what its client asks of it over two
// inherited pipes. It is started by package token/modhost and is of no use by hand. There may be builds of it for several
// architectures beside one client, for many vendors' libraries are 32-bit only.
package main

import (
	"os"

	"sealdesk/token"
	"sealdesk/token/modhost/serve"
	"sealdesk/token/pkcs11"
	"sealdesk/token/profile"
	"sealdesk/token/skf"
)

func main() {
	os.Exit(serve.Main(os.Args[1:], map[profile.Interface]serve.Opener{
		profile.InterfacePKCS11: func(library string, p profile.Profile) (token.Driver, error) {
			return pkcs11.Open(library, *p.PKCS11)
		},
		profile.InterfaceSKF: func(library string, p profile.Profile) (token.Driver, error) {
			return skf.Open(library, *p.SKF)
		},
	}))
}
