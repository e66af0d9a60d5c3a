package mobileca

import "context"

// Kind is what a pairing is for.
type Kind string

// The kinds. Only signatures may be made in a session.
const (
	Login   Kind = "login"   // 扫码登录
	Bind    Kind = "bind"    // 扫码绑定
	Sign    Kind = "sign"    // 扫码签章
	Bid     Kind = "bid"     // 扫码生成投标文件
	Decrypt Kind = "decrypt" // 扫码解密
)

// A Purpose is what the phone tells its person about what is asked.
type Purpose struct {
	Kind     Kind
	Session  bool      // offer a session; only with Sign
	Document *Document // what is signed; nil where there is none
	Summary  string    // a sentence; at most 500 characters
}

// A Document is described to the person on the phone. Its digest is taken from what is signed, and checked there against it.
type Document struct {
	Title   string   // at most 200 characters
	File    string   // its name
	Pages   int      // 0 is not told
	Size    int64    // bytes
	Amount  int64    // in 分 (1/100 元); 0 is not told
	Parties []string // at most 10
}

type purposeKey struct{}

// WithPurpose says what is asked for with Token.Unlock, Identity.Signer and Identity.Decrypter under this context. Without one it is
// Sign, with a session if the person likes.
func WithPurpose(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

func purposeOf(ctx context.Context) Purpose {
	if p, ok := ctx.Value(purposeKey{}).(Purpose); ok {
		return p
	}
	return Purpose{Kind: Sign, Session: true}
}
