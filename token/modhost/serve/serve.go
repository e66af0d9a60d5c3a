package serve

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/modhost/wire"
	"sealdesk/token/profile"
)

// Opener loads the library at an absolute path and gives its driver, unguarded.
type Opener func(library string, p profile.Profile) (token.Driver, error)

// Serve answers requests until the client closes its pipe.
func Serve(r io.Reader, w io.Writer, openers map[profile.Interface]Opener) error {
	s := &server{openers: openers, tokens: map[string]*held{}}
	for {
		q, err := wire.ReadRequest(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		reply := &wire.Reply{}
		reply.Err = s.answer(q, reply)
		q.Wipe()
		if err := wire.WriteReply(w, reply); err != nil {
			return err
		}
	}
}

type server struct {
	openers map[profile.Interface]Opener
	driver  token.Driver
	tokens  map[string]*held // by URI
	logins  uint64           // how many there were
}

// held is a token that was listed, and what is open on it.
type held struct {
	token      token.Token
	login      uint64 // the number of the present one; signers of others are dead
	signers    map[string]crypto.Signer
	decrypters map[string]crypto.Decrypter
}

func (s *server) answer(q *wire.Request, r *wire.Reply) error {
	if q.Op == wire.OpOpen {
		return s.open(q)
	}
	if s.driver == nil {
		return errors.New("no library is open")
	}
	switch q.Op {
	case wire.OpTokens:
		return s.list(r)
	case wire.OpAbout:
		d, ok := s.driver.(interface {
			About(context.Context) (string, error)
		})
		if !ok {
			return token.ErrNotSupported
		}
		var err error
		r.Text, err = d.About(context.Background())
		return err
	}
	h, err := s.find(q.Token)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if q.LastTry {
		ctx = token.ConfirmLastTry(ctx)
	}
	err = s.do(ctx, h, q, r)
	if errors.Is(err, token.ErrRemoved) {
		delete(s.tokens, q.Token)
	}
	return err
}

func (s *server) open(q *wire.Request) error {
	if s.driver != nil || q.Number != wire.Version {
		return fmt.Errorf("the helper speaks version %d, and holds one library at most", wire.Version)
	}
	open := s.openers[profile.Interface(q.Kind)]
	if open == nil {
		return token.ErrNotSupported
	}
	p, err := profile.Decode(q.Data)
	if err != nil {
		return err
	}
	if string(p.Interface) != q.Kind {
		return errors.New("the profile is for another interface")
	}
	library, err := profile.CheckLibrary(q.Text)
	if err != nil {
		return err
	}
	driver, err := open(library, p)
	if err != nil {
		return err
	}
	s.driver = driver
	return nil
}

// list brings the held tokens up to date. One that still answers stays, with what is open on it.
func (s *server) list(r *wire.Reply) error {
	found, err := s.driver.Tokens(context.Background())
	if err != nil {
		return err
	}
	now := map[string]*held{}
	for _, t := range found {
		info, err := t.Info(context.Background())
		if err != nil {
			continue // pulled out this moment
		}
		if now[info.URI] != nil {
			continue // two that call themselves the same cannot be told apart
		}
		h := s.tokens[info.URI]
		if h == nil || h.token != t && !answers(h.token) {
			h = &held{token: t}
			s.reset(h)
		}
		now[info.URI] = h
		r.Tokens = append(r.Tokens, describe(info, h.token))
	}
	s.tokens = now
	return nil
}

func answers(t token.Token) bool {
	_, err := t.Info(context.Background())
	return err == nil
}

func describe(info token.Info, t token.Token) wire.Token {
	_, changes := t.(token.PINChanger)
	_, takes := t.(token.Provisioner)
	return wire.Token{Info: info, ChangesPIN: changes, TakesKeys: takes}
}

// find gives a token that was listed, or looks whether it is there by now.
func (s *server) find(uri string) (*held, error) {
	if h := s.tokens[uri]; h != nil {
		return h, nil
	}
	if err := s.list(&wire.Reply{}); err != nil {
		return nil, err
	}
	if h := s.tokens[uri]; h != nil {
		return h, nil
	}
	return nil, token.ErrRemoved
}

// reset ends what is open on a token.
func (s *server) reset(h *held) {
	s.logins++
	h.login = s.logins
	h.signers, h.decrypters = map[string]crypto.Signer{}, map[string]crypto.Decrypter{}
}

func (s *server) do(ctx context.Context, h *held, q *wire.Request, r *wire.Reply) error {
	switch q.Op {
	case wire.OpInfo:
		info, err := h.token.Info(ctx)
		r.Tokens = []wire.Token{describe(info, h.token)}
		return err
	case wire.OpIdentities:
		return identities(ctx, h, r)
	case wire.OpUnlock:
		s.reset(h)
		return h.token.Unlock(ctx, q.PIN)
	case wire.OpLock:
		s.reset(h)
		return h.token.Lock(ctx)
	case wire.OpClose:
		s.reset(h)
		return h.token.Close()
	case wire.OpChangePIN:
		c, ok := h.token.(token.PINChanger)
		if !ok {
			return token.ErrNotSupported
		}
		return c.ChangePIN(ctx, q.PIN, q.NewPIN)
	case wire.OpSigner, wire.OpDecrypter:
		r.Number = h.login
		return h.key(ctx, q)
	case wire.OpSign, wire.OpDecrypt:
		return h.use(q, r)
	case wire.OpNewKey, wire.OpStore:
		return provision(ctx, h, q, r)
	case wire.OpData, wire.OpReadData:
		return data(ctx, h, q, r)
	}
	return token.ErrNotSupported
}

func data(ctx context.Context, h *held, q *wire.Request, r *wire.Reply) (err error) {
	reader, ok := h.token.(token.DataReader)
	if !ok {
		return token.ErrNotSupported
	}
	if q.Op == wire.OpData {
		r.Objects, err = reader.Data(ctx)
		return err
	}
	r.Data, err = reader.ReadData(ctx, q.Text)
	return err
}

func identities(ctx context.Context, h *held, r *wire.Reply) error {
	ids, err := h.token.Identities(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id.Certificate() == nil {
			continue
		}
		w := wire.Identity{ID: id.ID(), Certificate: id.Certificate().Raw, Usage: id.Usage(), HasKey: true}
		for _, c := range id.Chain() {
			w.Chain = append(w.Chain, c.Raw)
		}
		if k, ok := id.(token.KeyHolder); ok {
			w.HasKey = k.HasPrivateKey()
		}
		if c, ok := id.(token.Contained); ok {
			w.Container = c.Container()
		}
		r.Identities = append(r.Identities, w)
	}
	return nil
}

// name is what an open key is kept under: the identity with the certificate that was chosen.
func name(q *wire.Request) string { return string(q.Hash) + q.Identity }

// key opens the key of an identity that has exactly the certificate that was chosen.
func (h *held) key(ctx context.Context, q *wire.Request) error {
	ids, err := h.token.Identities(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id.ID() != q.Identity || id.Certificate() == nil {
			continue
		}
		if sum := sha256.Sum256(id.Certificate().Raw); !bytes.Equal(sum[:], q.Hash) {
			continue
		}
		if q.Op == wire.OpSigner {
			signer, err := id.Signer(ctx)
			if err == nil {
				h.signers[name(q)] = signer
			}
			return err
		}
		decrypter, err := id.Decrypter(ctx)
		if err == nil {
			h.decrypters[name(q)] = decrypter
		}
		return err
	}
	return token.ErrRemoved // another key by the same name
}

// use signs or decrypts with a key that was opened in the present login.
func (h *held) use(q *wire.Request, r *wire.Reply) (err error) {
	if q.Number != h.login {
		return token.ErrNotUnlocked
	}
	if q.Op == wire.OpSign {
		signer := h.signers[name(q)]
		if signer == nil {
			return token.ErrNotUnlocked
		}
		r.Data, err = signer.Sign(rand.Reader, q.Data, q.Scheme.SignerOpts())
		return err
	}
	decrypter := h.decrypters[name(q)]
	if decrypter == nil {
		return token.ErrNotUnlocked
	}
	r.Data, err = decrypter.Decrypt(rand.Reader, q.Data, q.Scheme.DecrypterOpts())
	return err
}

func provision(ctx context.Context, h *held, q *wire.Request, r *wire.Reply) error {
	p, ok := h.token.(token.Provisioner)
	if !ok {
		return token.ErrNotSupported
	}
	if q.Op == wire.OpNewKey {
		id, pub, err := p.NewKey(ctx, q.Text, q.Kind, q.Usage)
		if err != nil {
			return err
		}
		r.Text = id
		r.Data, err = smx509.MarshalPKIXPublicKey(pub)
		return err
	}
	cert, err := smx509.ParseCertificate(q.Data)
	if err != nil {
		return err
	}
	var chain []*smx509.Certificate
	for _, der := range q.List {
		issuer, err := smx509.ParseCertificate(der)
		if err != nil {
			return err
		}
		chain = append(chain, issuer)
	}
	return p.StoreCertificate(ctx, q.Identity, cert, chain)
}
