package vault

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sealdesk/platformapi/internal/durable"
	"sealdesk/platformapi/outbox/turn"
)

// A Keyring keeps secrets for the person who is logged in to the machine.
type Keyring interface {
	// Get gives the secret of a name. ErrNoSecret: the keyring was asked and has none. Every other error means that it could
	// not be asked.
	Get(name string) ([]byte, error)
	// Set keeps a secret under a name.
	Set(name string, secret []byte) error
}

// ErrNoSecret: the keyring has no secret of this name.
var ErrNoSecret = errors.New("vault: the keyring has no such secret")

// Error is what a person may meet here.
type Error struct {
	CodeValue string
	Folder    string
	Err       error
}

// Codes.
const (
	CodeKeyLost = "vault.key_lost" // the second key is gone: what lies here cannot be read any more by anybody
	CodeLocked  = "vault.locked"   // the keyring cannot be asked now
	CodeDamaged = "vault.damaged"  // what lies here was changed, or is not this vault's
	CodeDisk    = "vault.disk"
)

// Code is stable; people's sentences are chosen by it.
func (e *Error) Code() string { return e.CodeValue }

// Params are the values a sentence may name.
func (e *Error) Params() map[string]any { return map[string]any{"folder": e.Folder} }

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.CodeValue, e.Folder, e.Err)
	}
	return e.CodeValue + ": " + e.Folder
}

func (e *Error) Unwrap() error { return e.Err }

// Where says where the second key lies.
type Where string

// The places of the second key.
const (
	InKeyring Where = "keyring"
	InFile    Where = "file"
)

const (
	stateFile = "vault.json"
	keyFile   = "vault.key"
	lockFile  = "vault.lock"
	keySize   = 32
	maxState  = 4 << 10
	patience  = 10 * time.Second // for another process that opens the vault, too
)

// state is what lies in vault.json.
type state struct {
	Version int    `json:"version"`
	ID      string `json:"id"`   // of the vault
	In      Where  `json:"in"`   // where the second key lies
	Name    string `json:"name"` // of the second key in the keyring
	Key     []byte `json:"key"`  // the vault's key, encrypted with the second one
}

// A Vault encrypts and decrypts. Its methods may be called from several goroutines.
type Vault struct {
	id    string
	where Where
	key   []byte
	texts cipher.AEAD
}

// ID names the vault; another one's texts and files it cannot read.
func (v *Vault) ID() string { return v.id }

// Where says where the second key lies, for an honest word about it.
func (v *Vault) Where() Where { return v.where }

// Open opens the vault of a folder, or makes one. Without a keyring (nil, or one that cannot keep a secret) a new vault's
// second key lies in a file; once there is a keyring it moves there.
//
// Errors: *Error.
func Open(ctx context.Context, dir string, ring Keyring) (*Vault, error) {
	onDisk := func(err error) error { return &Error{CodeValue: CodeDisk, Folder: dir, Err: err} }
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, onDisk(err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	turn, err := turn.Wait(ctx, filepath.Join(dir, lockFile))
	if err != nil {
		return nil, onDisk(err)
	}
	defer func() { _ = turn.End() }() // the system ends it when this cannot
	s, err := readState(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return create(dir, ring)
	}
	if err != nil {
		return nil, err
	}
	second, err := s.second(dir, ring)
	if err != nil {
		return nil, err
	}
	key, err := unwrap(second, s)
	if err != nil {
		return nil, &Error{CodeValue: CodeKeyLost, Folder: dir, Err: err}
	}
	if s.In == InFile && ring != nil {
		if moved, err := keep(dir, s.ID, key, ring); err == nil {
			s = moved
		}
	}
	return open(s, key)
}

func readState(dir string) (state, error) {
	var s state
	path := filepath.Join(dir, stateFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	data := []byte(nil)
	if err == nil && info.Size() <= maxState {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return s, &Error{CodeValue: CodeDisk, Folder: dir, Err: err}
	}
	if err := json.Unmarshal(data, &s); err != nil || s.Version != 1 || s.ID == "" || s.In != InKeyring && s.In != InFile {
		return s, &Error{CodeValue: CodeDamaged, Folder: dir, Err: err}
	}
	return s, nil
}

// second finds the second key.
func (s state) second(dir string, ring Keyring) ([]byte, error) {
	if s.In == InFile {
		key, err := os.ReadFile(filepath.Join(dir, keyFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{CodeValue: CodeKeyLost, Folder: dir, Err: err}
		}
		if err != nil {
			return nil, &Error{CodeValue: CodeDisk, Folder: dir, Err: err}
		}
		return key, nil
	}
	if ring == nil {
		return nil, &Error{CodeValue: CodeLocked, Folder: dir}
	}
	key, err := ring.Get(s.Name)
	switch {
	case errors.Is(err, ErrNoSecret):
		return nil, &Error{CodeValue: CodeKeyLost, Folder: dir, Err: err}
	case err != nil:
		return nil, &Error{CodeValue: CodeLocked, Folder: dir, Err: err}
	}
	return key, nil
}

func create(dir string, ring Keyring) (*Vault, error) {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // of Go 1.24 and newer it never fails
	s, err := keep(dir, rand.Text(), key, ring)
	if err != nil && ring != nil {
		s, err = keep(dir, rand.Text(), key, nil)
	}
	if err != nil {
		return nil, err
	}
	return open(s, key)
}

// keep puts a new second key into the keyring, or a file without one, and the vault's key encrypted with it into the folder.
// At every moment what lies in the folder fits together; what is left over opens nothing.
func keep(dir, id string, key []byte, ring Keyring) (state, error) {
	second := make([]byte, keySize)
	_, _ = rand.Read(second)
	s := state{Version: 1, ID: id, In: InFile}
	onDisk := func(err error) error { return &Error{CodeValue: CodeDisk, Folder: dir, Err: err} }
	if ring != nil {
		s.In, s.Name = InKeyring, id+"-"+rand.Text()
		if err := ring.Set(s.Name, second); err != nil {
			return s, &Error{CodeValue: CodeLocked, Folder: dir, Err: err}
		}
		if kept, err := ring.Get(s.Name); err != nil || !bytes.Equal(kept, second) {
			return s, &Error{CodeValue: CodeLocked, Folder: dir, Err: errors.Join(err, errors.New("the keyring does not give back what it was given"))}
		}
	} else if err := writeFile(filepath.Join(dir, keyFile), second); err != nil {
		return s, onDisk(err)
	}
	box, err := aead(second)
	if err != nil {
		return s, err
	}
	s.Key = box.Seal(nil, nil, key, []byte(s.ID))
	data, err := json.Marshal(s)
	if err != nil {
		return s, err
	}
	if err := writeFile(filepath.Join(dir, stateFile), data); err != nil {
		return s, onDisk(err)
	}
	if s.In == InKeyring {
		_ = os.Remove(filepath.Join(dir, keyFile)) // it opens nothing any more
	}
	return s, nil
}

func unwrap(second []byte, s state) ([]byte, error) {
	box, err := aead(second)
	if err != nil {
		return nil, err
	}
	return box.Open(nil, nil, s.Key, []byte(s.ID))
}

func open(s state, key []byte) (*Vault, error) {
	sub, err := hkdf.Key(sha256.New, key, nil, "sealdesk vault texts", keySize)
	if err != nil {
		return nil, err
	}
	texts, err := aead(sub)
	if err != nil {
		return nil, err
	}
	return &Vault{id: s.ID, where: s.In, key: key, texts: texts}, nil
}

// aead is AES-256-GCM that puts a random nonce before what it encrypts.
func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal encrypts a short text. It can only be opened in the same context: a text cannot be passed off as another one.
func (v *Vault) Seal(context string, plain []byte) []byte {
	return v.texts.Seal(nil, nil, plain, []byte(context))
}

// Open decrypts what Seal made.
func (v *Vault) Open(context string, sealed []byte) ([]byte, error) {
	plain, err := v.texts.Open(nil, nil, sealed, []byte(context))
	if err != nil {
		return nil, &Error{CodeValue: CodeDamaged, Err: err}
	}
	return plain, nil
}

// writeFile replaces a file, so that after a crash the old content or the new one is there.
func writeFile(path string, data []byte) (err error) {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return durable.SyncFolder(filepath.Dir(path))
}
