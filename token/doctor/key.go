package doctor

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/foreign"
)

// noticeBefore is how long before its end a certificate is warned of: a new one takes a visit to the CA.
const noticeBefore = 60 * 24 * time.Hour

// keys tells of the keys that the libraries reach, and of those in the ports that none of them does.
func (e *examination) keys(plugged []device, answers []answer) {
	reached := 0
	for _, a := range answers {
		e.add(a.keys...)
		reached += len(a.keys)
	}
	unseen := false
	for _, d := range plugged {
		var asked []string
		seen := false
		for _, a := range answers {
			if d.servedBy(a.from) && a.library.Params["keys"] != nil {
				asked = append(asked, a.from.Library)
				seen = seen || len(a.keys) > 0
			}
		}
		if len(asked) > 0 && !seen {
			unseen = true
			e.add(Check{
				Step: Key, Code: "doctor.key_unseen", State: Broken, Advice: "doctor.key_unseen",
				Params: map[string]any{"product": d.product, "library": strings.Join(asked, ", ")},
			})
		}
	}
	if reached == 0 && !unseen {
		e.add(Check{Step: Key, Code: "doctor.key_none", State: Warning, Advice: "doctor.key_none"})
	}
}

// key looks at one key and what is on it; by is what reaches it.
func (e *examination) key(ctx context.Context, t token.Token, by map[string]any) (key, certificates []Check) {
	who := map[string]any{}
	maps.Copy(who, by)
	info, err := t.Info(ctx)
	if err != nil {
		return []Check{failed(Key, err, who)}, nil
	}
	who["label"], who["serial"] = cmp.Or(info.Label, info.Serial), info.Serial
	who["model"], who["manufacturer"] = info.Model, info.Manufacturer
	ids, err := t.Identities(ctx)
	if err != nil {
		return []Check{failed(Key, err, who)}, nil
	}
	who["certificates"] = len(ids)
	key = []Check{pinCheck(info.PIN, who)}
	if len(ids) == 0 {
		key = append(key, Check{Step: Key, Code: "doctor.key_empty", State: Warning, Advice: "doctor.key_empty", Params: who})
	}
	return key, e.certificates(ids, who)
}

// pinCheck tells how many tries the PIN has left.
func pinCheck(pin token.PINState, who map[string]any) Check {
	c := Check{Step: Key, Code: "doctor.key_uncounted", State: OK, Params: maps.Clone(who)}
	if pin.Tries >= 0 {
		c.Code = "doctor.key_tries"
		c.Params["tries"], c.Params["max"] = pin.Tries, max(pin.Max, pin.Tries)
	}
	switch {
	case pin.Locked:
		c.Code, c.State, c.Advice = "doctor.key_locked", Broken, "token.pin_locked"
	case pin.Tries == 1 && pin.Max != 1:
		c.Code, c.State, c.Advice = "doctor.key_last_try", Warning, "token.last_try"
	case pin.Tries >= 0 && pin.Tries < pin.Max:
		c.State, c.Advice = Warning, "doctor.key_tries_spent"
	case pin.Tries < 0 && pin.Low:
		c.Code, c.State, c.Advice = "doctor.key_wrong_before", Warning, "doctor.key_tries_spent"
	case pin.ProtectedPath:
		c.Code = "doctor.key_pad"
	}
	return c
}

// certificates looks at what is on a key. What an old certificate lacks does not matter as long as another one signs.
func (e *examination) certificates(ids []token.Identity, who map[string]any) []Check {
	now := e.Now()
	signs := slices.ContainsFunc(ids, func(id token.Identity) bool { return len(token.Unfit(id, now)) == 0 })
	var checks []Check
	for _, id := range ids {
		checks = append(checks, certificate(id, signs, now))
	}
	if len(ids) > 0 && !slices.ContainsFunc(ids, func(id token.Identity) bool { return id.Usage()&token.UsageSign != 0 }) {
		checks = append(checks, Check{
			Step: Certificate, Code: "doctor.certificate_none_signs", State: Broken, Advice: "doctor.certificate_none_signs", Params: who,
		})
	}
	for _, p := range token.Pair(ids) {
		if p.Encrypt == nil && len(token.Unfit(p.Sign, now)) == 0 {
			checks = append(checks, Check{
				Step: Certificate, Code: "doctor.certificate_without_pair", State: Warning, Advice: "doctor.certificate_without_pair",
				Params: describe(p.Sign, now),
			})
		}
	}
	return checks
}

// certificate judges one certificate; signs says whether the key has one that can sign now.
func certificate(id token.Identity, signs bool, now time.Time) Check {
	cert := id.Certificate()
	c := Check{Step: Certificate, Code: "doctor.certificate", State: OK, Params: describe(id, now)}
	grave := Warning
	if id.Usage()&token.UsageSign != 0 && !signs {
		grave = Broken
	}
	holder, tells := id.(token.KeyHolder)
	switch {
	case now.After(cert.NotAfter):
		c.Code, c.State, c.Advice = "doctor.certificate_expired", grave, "token.certificate_expired"
	case now.Before(cert.NotBefore):
		c.Code, c.State, c.Advice = "doctor.certificate_not_yet_valid", grave, "token.certificate_not_yet_valid"
	case tells && !holder.HasPrivateKey():
		c.Code, c.State, c.Advice = "doctor.certificate_without_key", grave, "token.private_key_missing"
	case cert.NotAfter.Sub(now) < noticeBefore:
		c.Code, c.State, c.Advice = "doctor.certificate_ends", Warning, "token.certificate_expired"
	}
	return c
}

// describe says what may be said of a certificate: the organisation, never the person who handles its key.
func describe(id token.Identity, now time.Time) map[string]any {
	cert := id.Certificate()
	number := hex.EncodeToString(cert.SerialNumber.Bytes())
	usage := "none"
	switch id.Usage() {
	case token.UsageSign:
		usage = "sign"
	case token.UsageEncrypt:
		usage = "encrypt"
	case token.UsageSign | token.UsageEncrypt:
		usage = "both"
	}
	owner := number
	if o := cert.Subject.Organization; len(o) > 0 && foreign.Clean(o[0], maxDetail) != "" {
		owner = foreign.Clean(o[0], maxDetail)
	}
	day := func(at time.Time) string { return at.In(now.Location()).Format(time.DateOnly) }
	return map[string]any{
		"owner": owner, "number": number, "usage": usage, "algorithm": algorithmOf(cert),
		"from": day(cert.NotBefore), "until": day(cert.NotAfter), "days": int(cert.NotAfter.Sub(now).Hours() / 24),
	}
}

func algorithmOf(cert *smx509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA"
	case *ecdsa.PublicKey:
		if key.Curve == sm2.P256() {
			return "SM2"
		}
		return "ECDSA"
	}
	return "?"
}
