package skf

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/cipher"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/profile"
	"sealdesk/token/sm2form"
)

const (
	// What an application is called and may do that is made on an empty device.
	applicationName  = "SEALDESK"
	applicationTries = 10
	userRights       = 0x10 // SECURE_USER_ACCOUNT: files, which are not used, are the user's

	// Algorithms (GM/T 0006).
	algSM4ECB  = 0x00000401
	algSM2Sign = 0x00020100

	rsaBits     = 2048 // RSAPUBLICKEYBLOB holds no more
	nonceSize   = 8    // bytes of SKF_DevAuth's random number
	maxKeyName  = 64   // bytes of a container's name
	maxBlobRoom = 1024 // bytes
)

// initialise makes an application on an empty device, with this PIN, and unlocks it. The administrator's PIN is random and known
// to nobody: there is no second way in, and a locked application is replaced, not unblocked.
func (t *skfToken) initialise(app *application, pin []byte) error {
	if n := len(pin) - 1; n < minPIN || n > maxPIN {
		return &token.PINLengthError{Min: minPIN, Max: maxPIN}
	}
	d := t.driver
	admin := make([]byte, maxPIN/2)
	rand.Read(admin)
	adminPIN := text(hex.EncodeToString(admin))
	defer token.Wipe(adminPIN)
	create := func() error {
		return d.library.call("SKF_CreateApplication", app.device.handle, text(applicationName),
			adminPIN, uint32(applicationTries), pin, uint32(applicationTries), uint32(userRights), &app.handle)
	}
	err := create()
	if outcomeOf(err) == profile.NotLoggedIn || outcomeOf(err) == profile.Failed && err != nil {
		if err := d.authenticate(app.device); err != nil {
			return err
		}
		err = create()
	}
	if err != nil {
		return notLocked(err)
	}
	delete(d.tokens, t.place)
	delete(d.uris, t.place.device)
	t.place.app = applicationName
	d.tokens[t.place] = t
	left := uint32(0)
	if err := d.library.call("SKF_VerifyPIN", app.handle, uint32(userPIN), pin, &left); err != nil {
		return err
	}
	t.held = app
	return nil
}

// notLocked keeps a device's want of authentication from passing for a token that was not unlocked.
func notLocked(err error) error {
	if errors.Is(err, token.ErrNotUnlocked) {
		return fmt.Errorf("the device lets no application be made: %w", token.ErrNotSupported)
	}
	return err
}

// authenticate proves to an empty device that its key is known, which is the maker's until someone changes it (GM/T 0016,
// SKF_DevAuth): a random number, filled up with zeros, comes back encrypted. It is tried once.
func (d *Driver) authenticate(dev *device) error {
	if dev.info.authAlgorithm != algSM4ECB {
		return fmt.Errorf("the device authenticates with algorithm 0x%08X: %w", dev.info.authAlgorithm, token.ErrNotSupported)
	}
	nonce := make([]byte, sm4.BlockSize+slack)
	if err := d.library.call("SKF_GenRandom", dev.handle, nonce, uint32(nonceSize)); err != nil {
		return err
	}
	block, err := sm4.NewCipher([]byte(d.library.deviceKey))
	if err != nil {
		return err
	}
	answer := make([]byte, sm4.BlockSize)
	copy(answer, nonce[:nonceSize])
	block.Encrypt(answer, answer)
	return d.library.call("SKF_DevAuth", dev.handle, answer, uint32(len(answer)))
}

// NewKey makes a signing key on the token, or makes an encryption key here and hands it over wrapped for the container's signing
// key: GM/T 0016 has encryption keys come from a key centre. The container is made if it is not there; a key that is there is
// not replaced.
func (t *skfToken) NewKey(ctx context.Context, container, algorithm string, use token.Usage) (string, crypto.PublicKey, error) {
	var pub crypto.PublicKey
	if container == "" || len(container) > maxKeyName || strings.ContainsRune(container, 0) {
		return "", nil, fmt.Errorf("a container cannot have this name: %w", token.ErrNotSupported)
	}
	provide := map[ca.Algorithm]map[token.Usage]func(*Driver, handle) error{
		ca.SM2: {token.UsageSign: (*Driver).makeSM2, token.UsageEncrypt: (*Driver).importSM2},
		ca.RSA: {token.UsageSign: (*Driver).makeRSA, token.UsageEncrypt: (*Driver).importRSA},
	}[ca.Algorithm(algorithm)][use]
	if provide == nil {
		return "", nil, token.ErrNotSupported
	}
	p := signing
	if use == token.UsageEncrypt {
		p = exchange
	}
	err := t.unlocked(ctx, func(app *application) error {
		d := t.driver
		names, err := d.library.list("SKF_EnumContainer", app.handle)
		if err != nil {
			return err
		}
		if !slices.Contains(names, container) {
			if p == exchange {
				return ErrNoSigningKey
			}
			var c handle
			if err := d.library.call("SKF_CreateContainer", app.handle, text(container), &c); err != nil {
				return err
			}
			d.library.call("SKF_CloseContainer", c)
		}
		return d.inContainer(app, container, func(c handle) error {
			if _, err := d.exportKey(c, p); err == nil {
				return ErrKeyExists
			} else if outcomeOf(err) != profile.NotFound {
				return err // it is not known to be free
			}
			if err := provide(d, c); err != nil {
				return err
			}
			pub, err = d.exportKey(c, p)
			return err
		})
	})
	if err != nil {
		return "", nil, err
	}
	return keyID(container, p), pub, nil
}

func (d *Driver) makeSM2(c handle) error {
	return d.library.call("SKF_GenECCKeyPair", c, uint32(algSM2Sign), make([]byte, maxBlobRoom))
}

func (d *Driver) makeRSA(c handle) error {
	return d.library.call("SKF_GenRSAKeyPair", c, uint32(rsaBits), make([]byte, maxBlobRoom))
}

func (d *Driver) importSM2(c handle) error {
	signKey, err := d.signingKey(c)
	if err != nil {
		return err
	}
	to, ok := signKey.(*ecdsa.PublicKey)
	if !ok {
		return ErrNoSigningKey
	}
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	envelope, err := sm2form.Envelope(to, key)
	if err != nil {
		return err
	}
	return d.library.call("SKF_ImportECCKeyPair", c, append(envelope, make([]byte, slack)...))
}

// importRSA hands over a private key in the form of PKCS #1, padded, under a fresh key of SM4, which the signing key unwraps.
func (d *Driver) importRSA(c handle) error {
	signKey, err := d.signingKey(c)
	if err != nil {
		return err
	}
	to, ok := signKey.(*rsa.PublicKey)
	if !ok {
		return ErrNoSigningKey
	}
	key, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return err
	}
	wrapKey := make([]byte, sm4.BlockSize)
	defer clear(wrapKey)
	rand.Read(wrapKey)
	//lint:ignore SA1019 it is the padding that tokens know
	wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, to, wrapKey)
	if err != nil {
		return err
	}
	block, err := sm4.NewCipher(wrapKey)
	if err != nil {
		return err
	}
	data := x509.MarshalPKCS1PrivateKey(key)
	pad := sm4.BlockSize - len(data)%sm4.BlockSize
	data = append(data, bytes.Repeat([]byte{byte(pad)}, pad)...)
	defer clear(data)
	cipher.NewECBEncrypter(block).CryptBlocks(data, data)
	return d.library.call("SKF_ImportRSAKeyPair", c, uint32(algSM4ECB), wrapped, uint32(len(wrapped)), data, uint32(len(data)))
}

// signingKey is what an encryption key is wrapped for.
func (d *Driver) signingKey(c handle) (crypto.PublicKey, error) {
	key, err := d.exportKey(c, signing)
	if outcomeOf(err) == profile.NotFound {
		return nil, ErrNoSigningKey
	}
	return key, err
}

// exportKey reads a public key. Which kind it is its length tells.
func (d *Driver) exportKey(c handle, p position) (crypto.PublicKey, error) {
	blob, size := make([]byte, maxBlobRoom+slack), uint32(maxBlobRoom)
	if err := d.library.call("SKF_ExportPublicKey", c, uint32(p), blob, &size); err != nil {
		return nil, err
	}
	if size == rsaPublicSize {
		return parseRSAPublicKey(blob[:size])
	}
	if head := d.library.publicKeyHead; int(size) == head+sm2form.PublicKeyBlobSize {
		return sm2form.ParsePublicKeyBlob(blob[head:size])
	}
	return nil, fmt.Errorf("a public key of %d bytes: %w", size, ErrAnswer)
}

// equal tells whether two public keys are the same.
func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// StoreCertificate stores the certificate. Containers have no place for its issuers.
func (t *skfToken) StoreCertificate(ctx context.Context, id string, cert *smx509.Certificate, _ []*smx509.Certificate) error {
	return t.unlocked(ctx, func(app *application) error {
		d := t.driver
		names, err := d.library.list("SKF_EnumContainer", app.handle)
		if err != nil {
			return err
		}
		for _, name := range names {
			for _, p := range []position{signing, exchange} {
				if keyID(name, p) == id {
					return d.inContainer(app, name, func(c handle) error { return d.store(c, p, cert) })
				}
			}
		}
		return fmt.Errorf("there is no key %q: %w", id, token.ErrNotSupported)
	})
}

func (d *Driver) store(c handle, p position, cert *smx509.Certificate) error {
	key, err := d.exportKey(c, p)
	if err != nil {
		return err
	}
	if !equal(key, cert.PublicKey) {
		return ErrCertificateKey
	}
	_, err = d.library.apply(d.library.storeCertificate, c, p, cert.Raw, 0)
	return err
}
