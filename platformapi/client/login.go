package client

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // crypto.SHA256
	"fmt"
	"net/http"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/dpop"
)

// Login is New and (*Client).Login.
func Login(ctx context.Context, baseURL string, key crypto.Signer, chain []*smx509.Certificate, opts Options) (*Client, error) {
	c, err := New(baseURL, opts)
	if err != nil {
		return nil, err
	}
	_, err = c.Login(ctx, key, chain)
	return c, err
}

// Login proves to the platform that key belongs to chain[0], an organisation's signing certificate; the issuers follow it.
// The key signs once, after the platform accepted the certificate. What it signs names this platform's origin as it was
// dialled. A session that was open before is forgotten, not ended. Errors of the key are returned as they are.
func (c *Client) Login(ctx context.Context, key crypto.Signer, chain []*smx509.Certificate) (platformapi.Session, error) {
	if len(chain) == 0 {
		return platformapi.Session{}, fmt.Errorf("login: no certificate")
	}
	request := platformapi.ChallengeRequest{CertificateChain: rawChain(chain)}
	var challenge platformapi.Challenge
	if err := c.read(ctx, &challenge, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CreateChallenge(ctx, request)
	}); err != nil {
		return platformapi.Session{}, err
	}
	c.skew.Store(int64(time.Until(challenge.IssuedAt)))
	own, err := dpop.NewKey()
	if err != nil {
		return platformapi.Session{}, err
	}
	signature, err := signRaw(key, chain[0], platformapi.LoginText(c.origin, challenge, chain[0].Raw, own.Thumbprint()))
	if err != nil {
		return platformapi.Session{}, err
	}
	var answer platformapi.LoginAnswer
	if err := c.read(withKey(ctx, own), &answer, func(ctx context.Context) (*http.Response, error) {
		return c.wire.Login(ctx, &platformapi.LoginParams{}, platformapi.LoginRequest{ChallengeID: challenge.ChallengeID, Signature: signature})
	}); err != nil {
		return platformapi.Session{}, err
	}
	return answer.Session, c.hold(own, answer)
}

// signRaw hands the key the message, where it takes one (crypto.MessageSigner), else the digest that goes with the key: SHA-256
// for RSA (PKCS#1 v1.5) and ECDSA, SM3 over Z and the message, with the default user id, for SM2.
func signRaw(key crypto.Signer, cert *smx509.Certificate, message []byte) ([]byte, error) {
	hash := crypto.SHA256
	switch pub := cert.PublicKey.(type) {
	case *rsa.PublicKey:
	case *ecdsa.PublicKey:
		if pub.Curve != sm2.P256() {
			break
		}
		hash = 0 // crypto.SignMessage hands on what it is given
		if _, takes := key.(crypto.MessageSigner); !takes {
			e, err := sm2.CalculateSM2Hash(pub, message, nil)
			if err != nil {
				return nil, fmt.Errorf("login: %w", err)
			}
			message = e
		}
	default:
		return nil, fmt.Errorf("login: a key of this kind cannot log in")
	}
	return crypto.SignMessage(key, rand.Reader, message, hash)
}
