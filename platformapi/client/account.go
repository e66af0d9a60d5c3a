package client

import (
	"context"
	"crypto"
	"net/http"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/dpop"
)

// LoginAccount opens a session of an account by its password. Such a session binds certificates, and can do nothing else;
// it is not kept beyond the program.
func (c *Client) LoginAccount(ctx context.Context, account, password string) (platformapi.Account, error) {
	own, err := dpop.NewKey()
	if err != nil {
		return platformapi.Account{}, err
	}
	var answer platformapi.AccountAnswer
	if err := c.read(withKey(ctx, own), &answer, func(ctx context.Context) (*http.Response, error) {
		return c.wire.LoginAccount(ctx, &platformapi.LoginAccountParams{}, platformapi.AccountLogin{Account: account, Password: password})
	}); err != nil {
		return platformapi.Account{}, err
	}
	c.held.Store(&held{key: own, access: answer.Token, renewAt: time.Now().Add(24 * time.Hour)})
	return answer.Account, nil
}

// Account is the account that is logged in, with what is bound to it.
func (c *Client) Account(ctx context.Context) (platformapi.Account, error) {
	var a platformapi.Account
	err := c.read(ctx, &a, func(ctx context.Context) (*http.Response, error) { return c.wire.GetAccount(ctx) })
	return a, err
}

// Bind binds a certificate of one of the account's organisations to the account. The key signs once, after the platform
// accepted the certificate.
func (c *Client) Bind(ctx context.Context, key crypto.Signer, chain []*smx509.Certificate) (platformapi.Account, error) {
	h, err := c.current(ctx)
	if err != nil {
		return platformapi.Account{}, err
	}
	account, err := c.Account(ctx)
	if err != nil {
		return platformapi.Account{}, err
	}
	var challenge platformapi.Challenge
	if err := c.read(ctx, &challenge, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CreateBindingChallenge(ctx, platformapi.ChallengeRequest{CertificateChain: rawChain(chain)})
	}); err != nil {
		return platformapi.Account{}, err
	}
	signature, err := signRaw(key, chain[0], platformapi.BindingText(c.origin, challenge, chain[0].Raw, h.key.Thumbprint(), account.Account))
	if err != nil {
		return platformapi.Account{}, err
	}
	err = c.read(ctx, &account, func(ctx context.Context) (*http.Response, error) {
		return c.wire.BindCertificate(ctx, platformapi.LoginRequest{ChallengeID: challenge.ChallengeID, Signature: signature})
	})
	return account, err
}

// Unbind takes a certificate from the account.
func (c *Client) Unbind(ctx context.Context, certificateSHA256 string) error {
	return c.read(ctx, nil, func(ctx context.Context) (*http.Response, error) {
		return c.wire.UnbindCertificate(ctx, certificateSHA256)
	})
}

func rawChain(chain []*smx509.Certificate) [][]byte {
	raw := make([][]byte, len(chain))
	for i, cert := range chain {
		raw[i] = cert.Raw
	}
	return raw
}
