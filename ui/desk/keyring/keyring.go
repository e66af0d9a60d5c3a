package keyring

import (
	"encoding/base64"
	"errors"
	"time"

	"github.com/zalando/go-keyring"

	"sealdesk/platformapi/outbox/vault"
)

// service is the name under which the program's secrets lie.
const service = "cn.sealdesk.SealDesk"

// patience is how long a keyring may take: it may ask the person for a password first.
const patience = 2 * time.Minute

// ErrAbsent: this system has no keyring for this person.
var ErrAbsent = errors.New("keyring: there is none")

// System is the system's keyring. Its zero value is ready for use.
type System struct{}

var _ vault.Keyring = System{}

// Chosen is the keyring that the environment asks for: the system's, or none where SEALDESK_KEYRING is "file". On a server
// or a terminal that many people use, the one who administers it decides.
func Chosen(getenv func(string) string) (ring System, ok bool) {
	return System{}, getenv("SEALDESK_KEYRING") != "file"
}

// Get implements vault.Keyring.
func (System) Get(name string) ([]byte, error) {
	text, err := within(func() (string, error) { return keyring.Get(service, name) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, vault.ErrNoSecret
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// Set implements vault.Keyring.
func (System) Set(name string, secret []byte) error {
	_, err := within(func() (string, error) {
		return "", keyring.Set(service, name, base64.StdEncoding.EncodeToString(secret))
	})
	return err
}

// Delete forgets the secret of a name, if there is one.
func (System) Delete(name string) error {
	_, err := within(func() (string, error) { return "", keyring.Delete(service, name) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return err
}

// within does something with the keyring, if there is one, and does not wait for ever.
func within(do func() (string, error)) (string, error) {
	if !present() {
		return "", ErrAbsent
	}
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := do()
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-time.After(patience):
		return "", errors.New("keyring: it does not answer")
	}
}
