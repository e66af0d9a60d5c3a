package mobilecatest

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/token/mobileca/internal/wire"
)

// A Person holds the phone before the screen: mobileca.Screen.
type Person struct {
	CA *CA

	// What he does. The zero value scans, accepts without a session, and confirms whatever comes.
	Session, Auto bool
	RefusesCode   bool
	Refuses       bool
	Blind         bool          // he does not scan
	Away          bool          // he accepts, and then does not answer
	Slow          time.Duration // before he answers
	NoMore        bool          // wants no second code
	Seals         []token.SealPicture
	Seen          func(mobileca.View)

	mu    sync.Mutex
	views []mobileca.View
	match string // on the phone
	asked []wire.RequestPayload
	away  bool
}

// Show implements mobileca.Screen.
func (p *Person) Show(v mobileca.View) {
	p.mu.Lock()
	p.views = append(p.views, v)
	p.mu.Unlock()
	if p.Seen != nil {
		p.Seen(v)
	}
	if v.Stage == mobileca.Code && !p.Blind && !v.Offline {
		go func() { _ = p.Scan(v.QR) }()
	}
}

// Refresh implements mobileca.Screen.
func (p *Person) Refresh(ctx context.Context) error {
	if p.NoMore {
		return context.Canceled
	}
	return ctx.Err()
}

// Views are all that was shown.
func (p *Person) Views() []mobileca.View {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.views)
}

// Match is the code that the phone shows.
func (p *Person) Match() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.match
}

// Titles are the documents that the phone was asked for, by form, title and summary.
func (p *Person) Titles() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, q := range p.asked {
		title := string(q.Form)
		if q.Document != nil {
			title += " " + q.Document.Title
		}
		all = append(all, strings.TrimSpace(title+" "+q.Summary))
	}
	return all
}

// SetAway has the phone not answer, and answer again.
func (p *Person) SetAway(away bool) {
	p.mu.Lock()
	p.away = away
	p.mu.Unlock()
	p.CA.change(func() {})
}

// Scan does what the phone does with the code, up to the answers to what is asked.
func (p *Person) Scan(code string) error {
	_, fragment, _ := strings.Cut(code, "#1.")
	parts := strings.Split(fragment, ".")
	if len(parts) != 3 {
		return fmt.Errorf("no code: %q", code)
	}
	c := p.CA
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.pairings[parts[0]]
	if q == nil || q.State != wire.PairingCreated {
		return fmt.Errorf("mca.already_scanned")
	}
	secret, _ := b64.DecodeString(parts[1])
	if sum := sha256.Sum256(secret); b64.EncodeToString(sum[:]) != q.secretHash {
		return fmt.Errorf("mca.secret_wrong")
	}
	jkt, _ := q.key.Thumbprint(crypto.SHA256)
	commitment, _ := b64.DecodeString(q.commitment)
	print := sha256.Sum256(slices.Concat([]byte("SealDesk QR v1"), jkt, commitment))
	if b64.EncodeToString(print[:16]) != parts[2] {
		return fmt.Errorf("another desktop")
	}
	mine, nonce := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(mine)
	_, _ = rand.Read(nonce)
	q.Pairing.Scan = &wire.ScannedBy{Name: "张*三", Organisation: c.Sign.Subject.Organization[0], Phone: "138****1234", JKT: b64.EncodeToString(mine), Nonce: b64.EncodeToString(nonce)}
	q.State, q.ExpiresAt = wire.PairingScanned, c.now().Add(180*time.Second)
	c.touch(q)
	for q.State == wire.PairingScanned && !c.closed {
		c.changed.Wait()
	}
	if q.State != wire.PairingMatched {
		return nil
	}
	id, _ := b64.DecodeString(q.ID)
	p.setMatch(secret, []byte("SealDesk match v1"), id, jkt, mine, q.nonce, nonce)
	if p.RefusesCode {
		c.over(q, wire.PairingRefused)
		return nil
	}
	p.accept(q)
	return p.answer(q)
}

// setMatch makes the match code as the phone does.
func (p *Person) setMatch(secret []byte, parts ...[]byte) {
	mac := hmac.New(sha256.New, secret)
	for _, part := range parts {
		mac.Write(part)
	}
	n := binary.BigEndian.Uint64(mac.Sum(nil)[:8])
	code := ""
	for range 4 {
		code = string("BCDFGHJKLMNPQRSTVWXZ"[n%20]) + code
		n /= 20
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.match = code
}

func (p *Person) accept(q *pairing) {
	c := p.CA
	q.Pairing.Link = &wire.Link{Certificates: c.certs, Seals: []wire.SealPicture{}}
	if q.Kind == wire.PairDecrypt {
		q.Pairing.Link.Certificates = slices.Concat(c.certs, c.earlier)
	}
	for _, s := range p.Seals {
		q.Pairing.Link.Seals = append(q.Pairing.Link.Seals, wire.SealPicture{ID: s.ID, Name: s.Name, Kind: wire.SealKind(s.Kind),
			WidthMM: s.WidthMM, HeightMM: s.HeightMM, PNG: b64.EncodeToString(s.PNG)})
	}
	if p.Session && q.offered {
		q.session = &wire.SessionTerms{Auto: p.Auto, Max: 200, EndsAt: c.now().Add(8 * time.Hour), IdleEndsAt: c.now().Add(30 * time.Minute)}
		q.Pairing.Link.Session = q.session
	}
	q.State = wire.PairingLinked
	c.touch(q)
}

// answer confirms or refuses what is asked, until the pairing is over; c.mu is held.
func (p *Person) answer(q *pairing) error {
	c := p.CA
	for q.State == wire.PairingLinked && !c.closed {
		var next *request
		for _, r := range q.requests {
			if r.State == wire.RequestWaiting {
				next = r
			}
		}
		p.mu.Lock()
		away := p.away || p.Away
		p.mu.Unlock()
		if next == nil || away {
			c.changed.Wait()
			continue
		}
		next.State = wire.RequestShown
		c.touchRequest(q, next)
		p.mu.Lock()
		p.asked = append(p.asked, next.payload)
		p.mu.Unlock()
		if p.Slow > 0 {
			c.mu.Unlock()
			time.Sleep(p.Slow)
			c.mu.Lock()
		}
		if next.State != wire.RequestShown {
			continue
		}
		if p.Refuses {
			next.State = wire.RequestRefused
			c.touchRequest(q, next)
			continue
		}
		if err := c.finish(q, next); err != nil {
			return err
		}
	}
	return nil
}

// finish makes the result with the whole key.
func (c *CA) finish(q *pairing, r *request) error {
	key := c.keys[r.payload.Certificate]
	if r.payload.Cipher != "" {
		data, _ := b64.DecodeString(r.payload.Cipher)
		plain, err := key.Decrypt(rand.Reader, data, nil)
		if err != nil {
			r.State = wire.RequestRefused
			c.touchRequest(q, r)
			return nil
		}
		r.Result = &wire.Result{Sealed: c.seal(q, r.ID, plain)}
	} else {
		tbs, _ := b64.DecodeString(r.payload.Tbs)
		signature, err := key.SignWithSM2(rand.Reader, nil, tbs)
		if err != nil {
			return err
		}
		r.Result = &wire.Result{Signature: b64.EncodeToString(signature)}
	}
	r.State = wire.RequestApproved
	if q.session != nil {
		terms := *q.session
		terms.Used++
		q.session = &terms
		q.Pairing.Link.Session = q.session
		c.touch(q)
	}
	c.touchRequest(q, r)
	return nil
}

// seal hides the plain text for the desktop's key.
func (c *CA) seal(q *pairing, id string, plain []byte) *wire.Sealed {
	mine, _ := ecdh.P256().GenerateKey(rand.Reader)
	theirs, _ := q.key.Key.(*ecdsa.PublicKey).ECDH()
	shared, _ := mine.ECDH(theirs)
	secret, _ := hkdf.Key(sha256.New, shared, []byte(id), "SealDesk answer v1", 32)
	block, _ := aes.NewCipher(secret)
	aead, _ := cipher.NewGCM(block)
	iv := make([]byte, 12)
	_, _ = rand.Read(iv)
	point := mine.PublicKey().Bytes()
	return &wire.Sealed{Epk: wire.JWK{Kty: "EC", Crv: "P-256", X: b64.EncodeToString(point[1:33]), Y: b64.EncodeToString(point[33:])},
		IV: b64.EncodeToString(iv), Ciphertext: b64.EncodeToString(aead.Seal(nil, iv, plain, nil))}
}

// EndSessions ends what is linked, as the service does and says why.
func (c *CA) EndSessions(why mobileca.Why) {
	c.change(func() {
		for _, p := range c.pairings {
			if p.State == wire.PairingLinked {
				p.Ended = wire.PairingEnd(why)
				c.over(p, wire.PairingEnded)
			}
		}
	})
}
