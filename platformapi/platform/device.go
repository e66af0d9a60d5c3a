package platform

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/wire"
)

const (
	deviceCodePath  = "/v1/device/code"
	deviceTokenPath = "/v1/device/token"
	deviceLife      = 2 * time.Minute
	deviceInterval  = 2 * time.Second
	// The alphabet of RFC 8628, 6.1: no vowels, so no words, and no letters that look alike.
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	userCodeLength  = 8
)

func newUserCode() string {
	var b strings.Builder
	for b.Len() < userCodeLength+1 {
		var one [1]byte
		_, _ = rand.Read(one[:]) // never fails: crypto/rand ends the program rather
		if n := int(one[0]); n < 256/len(userCodeLetters)*len(userCodeLetters) {
			b.WriteByte(userCodeLetters[n%len(userCodeLetters)])
		}
		if b.Len() == userCodeLength/2 {
			b.WriteByte('-')
		}
	}
	return b.String()
}

// plainUserCode takes a code as people type it.
func plainUserCode(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
	if len(s) != userCodeLength {
		return ""
	}
	return s[:userCodeLength/2] + "-" + s[userCodeLength/2:]
}

// CreateDeviceCode begins a login that somebody approves on another device.
func (s *Server) CreateDeviceCode(ctx context.Context, r wire.CreateDeviceCodeRequestObject) (wire.CreateDeviceCodeResponseObject, error) {
	if s.cfg.VerificationURI == "" {
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "this platform has no page on which another device approves a login")
	}
	thumbprint, err := s.proven(ctx, r.Params.DPoP, http.MethodPost, deviceCodePath, "")
	if err != nil {
		return nil, err
	}
	if err := s.slowly(ctx, "key "+thumbprint); err != nil {
		return nil, err
	}
	address, _ := ctx.Value(addressKey{}).(string)
	now := s.now()
	code := web.NewToken()
	d := store.Device{
		CodeHash: web.TokenHash(code), UserCode: newUserCode(), ClientName: r.Body.ClientName, Address: address,
		Thumbprint: thumbprint, ExpiresAt: now.Add(deviceLife),
	}
	if err := s.store.SaveDevice(ctx, d); err != nil {
		return nil, err
	}
	return wire.CreateDeviceCode201JSONResponse{
		DeviceCode: code, UserCode: d.UserCode, VerificationURI: s.cfg.VerificationURI, VerificationURIComplete: s.cfg.VerificationURI + "?user_code=" + url.QueryEscape(d.UserCode),
		ExpiresIn: int(deviceLife / time.Second), Interval: int(deviceInterval / time.Second),
	}, nil
}

// TakeDeviceToken opens the session of an approved login.
func (s *Server) TakeDeviceToken(ctx context.Context, r wire.TakeDeviceTokenRequestObject) (wire.TakeDeviceTokenResponseObject, error) {
	thumbprint, err := s.proven(ctx, r.Params.DPoP, http.MethodPost, deviceTokenPath, "")
	if err != nil {
		return nil, err
	}
	now := s.now()
	d, err := s.store.PollDevice(ctx, web.TokenHash(r.Body.DeviceCode), now)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (!now.Before(d.ExpiresAt) || d.Thumbprint != thumbprint):
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeDeviceExpired, "the code was used, is too old, or is another device's")
	case err != nil:
		return nil, err
	case d.State == store.DeviceDenied:
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeDeviceDenied, "the login was denied on the other device")
	case d.State == store.DeviceWaits && now.Sub(d.PolledAt) < deviceInterval:
		f := web.Refuse(http.StatusBadRequest, platformapi.CodeSlowDown, "asked more often than every %v", deviceInterval)
		f.RetryAfter = deviceInterval + 5*time.Second
		return nil, f
	case d.State == store.DeviceWaits:
		f := web.Refuse(http.StatusBadRequest, platformapi.CodeDevicePending, "nobody has decided yet")
		f.RetryAfter = deviceInterval
		return nil, f
	}
	org, err := s.store.Organisation(ctx, d.USCC)
	if err != nil {
		return nil, err
	}
	answer, err := s.open(ctx, store.Session{
		Thumbprint: thumbprint, USCC: d.USCC, Person: d.Person, CertSHA256: d.CertSHA256, ExpiresAt: d.CertUntil,
	}, org)
	if err != nil {
		return nil, err
	}
	return wire.TakeDeviceToken201JSONResponse(answer), nil
}

// waiting is the login of a user code that nobody has decided.
func (s *Server) waiting(ctx context.Context, userCode string) (store.Device, error) {
	d, err := s.store.DeviceByUserCode(ctx, plainUserCode(userCode))
	if errors.Is(err, store.ErrNotFound) || err == nil && (!s.now().Before(d.ExpiresAt) || d.State != store.DeviceWaits) {
		return d, web.Refuse(http.StatusNotFound, platformapi.CodeDeviceExpired, "no login waits under this code")
	}
	return d, err
}

// CreateDeviceChallenge tells the approving device who asks, and makes a text to sign.
func (s *Server) CreateDeviceChallenge(ctx context.Context, r wire.CreateDeviceChallengeRequestObject) (wire.CreateDeviceChallengeResponseObject, error) {
	// The certificate first: whoever has none learns of no code.
	c, _, err := s.challenge(ctx, r.Body.CertificateChain, forDevice, plainUserCode(r.Body.UserCode))
	if err != nil {
		return nil, err
	}
	d, err := s.waiting(ctx, r.Body.UserCode)
	if err != nil {
		return nil, err
	}
	return wire.CreateDeviceChallenge201JSONResponse{
		Challenge: c, ClientName: d.ClientName, Address: d.Address, Thumbprint: d.Thumbprint, UserCode: d.UserCode,
	}, nil
}

// DecideDevice approves or denies.
func (s *Server) DecideDevice(ctx context.Context, r wire.DecideDeviceRequestObject) (wire.DecideDeviceResponseObject, error) {
	p, err := s.take(ctx, r.Body.ChallengeID, forDevice)
	if err != nil {
		return nil, err
	}
	d, err := s.waiting(ctx, p.Subject)
	if err != nil {
		return nil, err
	}
	if d.State = store.DeviceDenied; r.Body.Approve {
		cert, org, err := s.signed(ctx, p, r.Body.Signature, func(origin string, der []byte) []byte {
			return platformapi.DeviceText(origin, p.Challenge, der, d.Thumbprint, d.UserCode)
		})
		if err != nil {
			return nil, err
		}
		d.State, d.USCC, d.Person, d.CertSHA256, d.CertUntil = store.DeviceApproved, org.USCC, personIn(cert), fingerprint(cert), cert.NotAfter.UTC()
	}
	err = s.store.DecideDevice(ctx, d)
	if errors.Is(err, store.ErrNotFound) {
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeDeviceExpired, "somebody decided at the same moment")
	}
	if err != nil {
		return nil, err
	}
	return wire.DecideDevice204Response{}, nil
}
