package client

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/dpop"
)

// DeviceLogin is a login that waits for somebody's approval on another device (RFC 8628).
type DeviceLogin struct {
	platformapi.DeviceCodes

	client *Client
	key    *dpop.Key
}

// BeginDevice begins a login that is approved on another device; name is what is shown there of this one.
func (c *Client) BeginDevice(ctx context.Context, name string) (*DeviceLogin, error) {
	own, err := dpop.NewKey()
	if err != nil {
		return nil, err
	}
	l := &DeviceLogin{client: c, key: own}
	err = c.read(withKey(ctx, own), &l.DeviceCodes, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CreateDeviceCode(ctx, &platformapi.CreateDeviceCodeParams{}, platformapi.DeviceRequest{ClientName: name})
	})
	return l, err
}

// Wait asks, as often as the platform allows, until somebody decided. Codes of its error: access_denied, expired_token.
func (l *DeviceLogin) Wait(ctx context.Context) (platformapi.Session, error) {
	interval := time.Duration(l.Interval) * time.Second
	for {
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return platformapi.Session{}, context.Canceled
		}
		var answer platformapi.LoginAnswer
		err := l.client.read(withKey(ctx, l.key), &answer, func(ctx context.Context) (*http.Response, error) {
			return l.client.wire.TakeDeviceToken(ctx, &platformapi.TakeDeviceTokenParams{}, platformapi.DeviceTokenRequest{DeviceCode: l.DeviceCode})
		})
		switch {
		case err == nil:
			return answer.Session, l.client.hold(l.key, answer)
		case platformapi.IsCode(err, platformapi.CodeSlowDown):
			interval += 5 * time.Second // RFC 8628, 3.5
		case !platformapi.IsCode(err, platformapi.CodeDevicePending) && !platformapi.Retryable(err):
			return platformapi.Session{}, err
		}
	}
}

// DeviceRequest is another device's login, as the device sees it that may approve it.
type DeviceRequest struct {
	platformapi.DeviceChallenge

	client *Client
	chain  []*smx509.Certificate
}

// DeviceRequest asks who wants to log in under a user code. No session is needed: the certificate's key answers.
func (c *Client) DeviceRequest(ctx context.Context, userCode string, chain []*smx509.Certificate) (*DeviceRequest, error) {
	if len(chain) == 0 {
		return nil, errors.New("device: no certificate")
	}
	r := &DeviceRequest{client: c, chain: chain}
	err := c.read(ctx, &r.DeviceChallenge, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CreateDeviceChallenge(ctx, platformapi.DeviceChallengeRequest{UserCode: userCode, CertificateChain: rawChain(chain)})
	})
	return r, err
}

// Approve lets the other device log in as the certificate's organisation. The key signs once.
func (r *DeviceRequest) Approve(ctx context.Context, key crypto.Signer) error {
	signature, err := signRaw(key, r.chain[0], platformapi.DeviceText(r.client.origin, r.Challenge, r.chain[0].Raw, r.Thumbprint, r.UserCode))
	if err != nil {
		return err
	}
	return r.decide(ctx, platformapi.DeviceDecision{ChallengeID: r.Challenge.ChallengeID, Approve: true, Signature: signature})
}

// Deny tells the other device that nobody wants it.
func (r *DeviceRequest) Deny(ctx context.Context) error {
	return r.decide(ctx, platformapi.DeviceDecision{ChallengeID: r.Challenge.ChallengeID})
}

func (r *DeviceRequest) decide(ctx context.Context, d platformapi.DeviceDecision) error {
	return r.client.read(ctx, nil, func(ctx context.Context) (*http.Response, error) { return r.client.wire.DecideDevice(ctx, d) })
}
