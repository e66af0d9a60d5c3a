package keyhost

import (
	"strconv"

	"sealdesk/token"
	"sealdesk/token/modhost/serve"
	"sealdesk/token/pkcs11"
	"sealdesk/token/profile"
	"sealdesk/token/skf"
)

// Asked tells whether a program was started as the helper: its only arguments are the numbers of two inherited pipes, which
// no command of ours looks like.
func Asked(args []string) bool {
	if len(args) != 2 {
		return false
	}
	for _, a := range args {
		if _, err := strconv.ParseUint(a, 10, 32); err != nil {
			return false
		}
	}
	return true
}

// Main serves until the client is gone, and gives the exit status.
func Main(args []string) int {
	return serve.Main(args, map[profile.Interface]serve.Opener{
		profile.InterfacePKCS11: func(library string, p profile.Profile) (token.Driver, error) {
			return pkcs11.Open(library, *p.PKCS11)
		},
		profile.InterfaceSKF: func(library string, p profile.Profile) (token.Driver, error) {
			return skf.Open(library, *p.SKF)
		},
	})
}
