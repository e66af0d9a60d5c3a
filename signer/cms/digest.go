package cms

import (
	"encoding/asn1"
	"hash"
	"slices"
)

// DigestByOID returns the name ("SHA256", "SHA384", "SHA512" or "SM3") and the
// constructor of a hash function that is strong enough to prove something.
// Errors are of type *Error: WeakAlgorithm or UnsupportedAlgorithm.
func DigestByOID(o asn1.ObjectIdentifier) (name string, new func() hash.Hash, err error) {
	d, err := digestByOID(o)
	return d.name, d.new, err
}

// DigestOID returns the identifier that goes with a name of DigestByOID.
func DigestOID(name string) (asn1.ObjectIdentifier, error) {
	for _, d := range digests {
		if d.name == name {
			return slices.Clone(d.oid), nil
		}
	}
	return nil, failAlgorithm(UnsupportedAlgorithm, name, "unknown digest %q", name)
}
