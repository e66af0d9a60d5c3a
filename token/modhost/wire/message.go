package wire

import (
	"io"

	"sealdesk/token"
)

// Version is said in the first request; an end of another version is not spoken to.
const Version = 3

// Op is what a request asks for.
type Op uint64

const (
	OpOpen       Op = iota + 1 // load the library Text through the interface Kind, by the profile in Data; Number is Version
	OpTokens                   // Reply.Tokens
	OpInfo                     // of Token; Reply.Tokens has one member
	OpIdentities               // of Token; Reply.Identities
	OpUnlock                   // Token with PIN
	OpLock
	OpClose
	OpChangePIN // of Token from PIN to NewPIN
	OpSigner    // whether Identity can sign; Reply.Number names the login
	OpDecrypter // whether Identity can decrypt; Reply.Number names the login
	OpSign      // Data with Identity under Scheme, in the login Number; Reply.Data
	OpDecrypt   // Data with Identity under Scheme, in the login Number; Reply.Data
	OpNewKey    // in the container Text, of the algorithm Kind, for Usage; Reply.Text is its id, Reply.Data its public key (PKIX)
	OpStore     // the certificate Data and its issuers List beside the key Identity
	OpAbout     // Reply.Text: what the library says of itself
	OpData      // of Token; Reply.Objects
	OpReadData  // of Token, the object Text; Reply.Data
	opEnd
)

// Request goes to the helper. Which fields count depends on Op.
type Request struct {
	Op       Op
	Token    string // URI
	Identity string
	Hash     []byte // SHA-256 of the identity's certificate: the one that was chosen, or none
	Number   uint64
	LastTry  bool // the person agreed to spend the last try
	Usage    token.Usage
	Text     string
	Kind     string
	Scheme   Scheme
	Data     []byte
	List     [][]byte
	PIN      []byte
	NewPIN   []byte
}

// Padding is how a digest or a ciphertext is padded.
type Padding uint64

const (
	PaddingNone     Padding = iota // ECDSA and SM2
	PaddingPKCS1v15                // RFC 8017, 7.2 and 8.2
	PaddingPSS                     // RFC 8017, 8.1
	PaddingOAEP                    // RFC 8017, 7.1
	paddingEnd
)

// Scheme is what the options of crypto.Signer and crypto.Decrypter say. Hashes are numbers of package crypto.
type Scheme struct {
	Padding   Padding
	Hash, MGF uint64
	Salt      int // bytes; -1: as long as the hash
	Label     []byte
}

// Wipe overwrites the PINs.
func (r *Request) Wipe() {
	token.Wipe(r.PIN)
	token.Wipe(r.NewPIN)
}

// WriteRequest sends a request.
func WriteRequest(w io.Writer, r *Request) error {
	size := 256 + len(r.Token) + len(r.Identity) + len(r.Hash) + len(r.Text) + len(r.Kind) + len(r.Scheme.Label) +
		len(r.Data) + len(r.PIN) + len(r.NewPIN)
	for _, b := range r.List {
		size += 4 + len(b)
	}
	e := &encoder{make([]byte, 4, size)}
	e.number(uint64(r.Op))
	e.text(r.Token)
	e.text(r.Identity)
	e.bytes(r.Hash)
	e.number(r.Number)
	e.flag(r.LastTry)
	e.number(uint64(r.Usage))
	e.text(r.Text)
	e.text(r.Kind)
	e.number(uint64(r.Scheme.Padding))
	e.number(r.Scheme.Hash)
	e.number(r.Scheme.MGF)
	e.signed(r.Scheme.Salt)
	e.bytes(r.Scheme.Label)
	e.bytes(r.Data)
	e.list(r.List)
	e.bytes(r.PIN)
	e.bytes(r.NewPIN)
	return write(w, e.b)
}

// ReadRequest receives a request, whose fields lie in memory of its own: Wipe overwrites all there is of its PINs.
func ReadRequest(r io.Reader) (*Request, error) {
	b, err := read(r)
	if err != nil {
		return nil, err
	}
	q, err := decodeRequest(b)
	if err != nil {
		token.Wipe(b)
	}
	return q, err
}

func decodeRequest(b []byte) (*Request, error) {
	d := &decoder{b: b}
	q := &Request{
		Op: Op(d.number()), Token: d.text(), Identity: d.text(), Hash: d.bytes(maxText), Number: d.number(), LastTry: d.flag(),
		Usage: token.Usage(d.number()), Text: d.text(), Kind: d.text(),
		Scheme: Scheme{
			Padding: Padding(d.number()), Hash: d.number(), MGF: d.number(), Salt: d.signed(), Label: d.bytes(maxText),
		},
		Data: d.bytes(maxData), List: d.list(), PIN: d.bytes(MaxPIN), NewPIN: d.bytes(MaxPIN),
	}
	const usages = token.UsageSign | token.UsageEncrypt
	if q.Op < 1 || q.Op >= opEnd || q.Usage&^usages != 0 || q.Scheme.Padding >= paddingEnd {
		d.bad = true
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return q, nil
}

// Token is a token as the helper finds it.
type Token struct {
	Info       token.Info
	ChangesPIN bool // it is a token.PINChanger
	TakesKeys  bool // it is a token.Provisioner
}

// Identity is an identity as the helper finds it; certificates are DER.
type Identity struct {
	ID          string
	Certificate []byte
	Chain       [][]byte
	Usage       token.Usage
	HasKey      bool
	Container   string
}

// Reply answers a request. Err is nil when it was done, and a value of package token or an *Error when not.
type Reply struct {
	Err        error
	Tokens     []Token
	Identities []Identity
	Objects    []token.DataObject
	Number     uint64
	Text       string
	Data       []byte
}

// WriteReply sends a reply.
func WriteReply(w io.Writer, r *Reply) error {
	e := &encoder{make([]byte, 4, 512+len(r.Data))}
	e.error(r.Err)
	e.number(uint64(len(r.Tokens)))
	for _, t := range r.Tokens {
		i := t.Info
		for _, s := range []string{i.URI, i.Label, i.Serial, i.Model, i.Manufacturer} {
			e.text(s)
		}
		e.signed(i.PIN.Tries)
		e.signed(i.PIN.Max)
		for _, f := range []bool{i.PIN.Low, i.PIN.Locked, i.PIN.ProtectedPath, t.ChangesPIN, t.TakesKeys} {
			e.flag(f)
		}
	}
	e.number(uint64(len(r.Identities)))
	for _, i := range r.Identities {
		e.text(i.ID)
		e.bytes(i.Certificate)
		e.list(i.Chain)
		e.number(uint64(i.Usage))
		e.flag(i.HasKey)
		e.text(i.Container)
	}
	e.number(uint64(len(r.Objects)))
	for _, o := range r.Objects {
		e.text(o.Name)
		e.signed(o.Size)
		e.flag(o.Locked)
	}
	e.number(r.Number)
	e.text(r.Text)
	e.bytes(r.Data)
	return write(w, e.b)
}

// ReadReply receives a reply.
func ReadReply(r io.Reader) (*Reply, error) {
	b, err := read(r)
	if err != nil {
		return nil, err
	}
	return decodeReply(b)
}

func decodeReply(b []byte) (*Reply, error) {
	d := &decoder{b: b}
	p := &Reply{Err: d.error()}
	for range d.members() {
		t := Token{Info: token.Info{URI: d.text(), Label: d.text(), Serial: d.text(), Model: d.text(), Manufacturer: d.text()}}
		t.Info.PIN = token.PINState{Tries: d.signed(), Max: d.signed(), Low: d.flag(), Locked: d.flag(), ProtectedPath: d.flag()}
		t.ChangesPIN, t.TakesKeys = d.flag(), d.flag()
		p.Tokens = append(p.Tokens, t)
	}
	for range d.members() {
		p.Identities = append(p.Identities, Identity{
			ID: d.text(), Certificate: d.bytes(maxData), Chain: d.list(), Usage: token.Usage(d.number() & 3), HasKey: d.flag(),
			Container: d.text(),
		})
	}
	for range d.members() {
		p.Objects = append(p.Objects, token.DataObject{Name: d.text(), Size: d.signed(), Locked: d.flag()})
	}
	p.Number, p.Text, p.Data = d.number(), d.text(), d.bytes(maxData)
	if err := d.end(); err != nil {
		return nil, err
	}
	return p, nil
}

// members takes the length of a list of structures.
func (d *decoder) members() uint64 {
	n := d.number()
	if d.bad || n > maxList {
		d.bad = true
		return 0
	}
	return n
}
