package mobileca

import (
	"bytes"
	"slices"
	"testing"
)

// A secret in the store opens with the master key, in its place and whole, and else not at all.
func TestASealedSecretOpensInItsPlace(t *testing.T) {
	sealers := [2]*sealer{}
	for i := range sealers {
		s, err := newSealer(bytes.Repeat([]byte{byte(i + 1)}, MasterSize))
		if err != nil {
			t.Fatal(err)
		}
		sealers[i] = s
	}
	secret := []byte("the service's share of a key, 32")
	sealed := sealers[0].seal("key 1", secret)
	if got, err := sealers[0].open("key 1", sealed); err != nil || !bytes.Equal(got, secret) {
		t.Fatalf("%q, %v", got, err)
	}
	if bytes.Contains(sealed, secret[:8]) || bytes.Equal(sealed, sealers[0].seal("key 1", secret)) {
		t.Error("a secret shows, or is sealed the same way twice")
	}
	if _, err := sealers[1].open("key 1", sealed); err == nil {
		t.Error("another master key opens it")
	}
	if _, err := sealers[0].open("key 2", sealed); err == nil {
		t.Error("it opens in another key's place")
	}
	for i := range sealed {
		bad := slices.Clone(sealed)
		bad[i] ^= 1
		if _, err := sealers[0].open("key 1", bad); err == nil {
			t.Errorf("byte %d does not count", i)
		}
		if _, err := sealers[0].open("key 1", sealed[:i]); err == nil {
			t.Errorf("it opens with %d bytes", i)
		}
	}
	if sealers[0].hash("a", "bc") == sealers[0].hash("ab", "c") || sealers[0].hash("a") == sealers[1].hash("a") {
		t.Error("hashes of different things are the same")
	}
}
