package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/wire"
)

const (
	defaultTimeout  = 30 * time.Second
	defaultTransfer = 5 * time.Minute
	dialTimeout     = 10 * time.Second
	maxAnswer       = 8 << 20 // bytes of a JSON answer
)

// Options change what the zero value does.
type Options struct {
	RootCAs   *x509.CertPool    // of https servers; nil means the system's
	Transport http.RoundTripper // under the checks; nil dials, through the proxy
	Proxy     Proxy             // nil means that of the environment
	Timeout   time.Duration     // of a call without a file; 0 means 30 s
	Transfer  time.Duration     // of a file or a piece of one; 0 means 5 minutes
	Piece     int64             // bytes that are sent at a time; 0 means 1 MiB
	Keeper    Keeper            // keeps the session beyond the program; nil: it ends with it

	// ReceiptRoots are the roots that a signed receipt's certificate must lead to; another one is no receipt then. With nil
	// it is for the caller to judge whom to trust. A signature that does not hold is no receipt in any case.
	ReceiptRoots *smx509.CertPool
}

// Client is one platform, and after Login the session of one organisation with it.
type Client struct {
	opts   Options
	origin string
	wire   *wire.Client
	bound  http.RoundTripper      // with the session's token and proof
	uscc   atomic.Pointer[string] // of who is logged in

	held     atomic.Pointer[held]
	renewing sync.Mutex
	skew     atomic.Int64 // what the platform's clock is ahead, nanoseconds
}

var (
	_ platformapi.Platform = (*Client)(nil)
	_ platformapi.Watcher  = (*Client)(nil)
)

// New names a platform by its address, "https://host[:port]"; plain http is allowed to a loopback address only. It dials
// nothing yet.
func New(baseURL string, opts Options) (*Client, error) {
	origin, err := Origin(baseURL)
	if err != nil {
		return nil, err
	}
	if opts.Timeout == 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.Transfer == 0 {
		opts.Transfer = defaultTransfer
	}
	if opts.Piece == 0 {
		opts.Piece = defaultPiece
	}
	if opts.Proxy == nil {
		opts.Proxy = http.ProxyFromEnvironment
	}
	if opts.Transport == nil {
		opts.Transport = &http.Transport{
			Proxy:                  opts.Proxy,
			OnProxyConnectResponse: proxyAnswer,
			DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: opts.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    dialTimeout,
			MaxIdleConns:           4,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: 64 << 10,
		}
	}
	c := &Client{opts: opts, origin: origin}
	c.bound = &binder{next: opts.Transport, client: c}
	checked, err := newChecker(c.bound)
	if err != nil {
		return nil, err
	}
	c.wire, err = wire.NewClient(origin, wire.WithHTTPClient(&http.Client{
		Transport: checked,
		// A redirect could lead a request, and its token, elsewhere; a platform has no use for one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}))
	return c, err
}

// Origin is the "scheme://host[:port]" of an address that may be dialled: https, or http to this machine itself, without
// path, user or query.
func Origin(baseURL string) (string, error) {
	insecure := func(why string) error {
		return &platformapi.Error{Kind: platformapi.KindInsecure, CodeValue: platformapi.CodeInsecureURL, Detail: why}
	}
	u, err := url.Parse(strings.TrimSuffix(baseURL, "/"))
	if err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", insecure("the address is not of the form https://host[:port]")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", insecure("the address is not https")
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// URL is the platform's origin.
func (c *Client) URL() string { return c.origin }

// ask sends a request, and hands the answer, if it is no refusal, to read.
func (c *Client) ask(ctx context.Context, limit time.Duration, send func(context.Context) (*http.Response, error), read func(*http.Response) error) error {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp, err := send(inner)
	if err != nil {
		return failure(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // what matters of it was read
	if resp.StatusCode >= 300 {
		return problem(resp)
	}
	return read(resp)
}

// call sends a request and reads a JSON answer into out; nil out means that none is expected.
func (c *Client) call(ctx context.Context, limit time.Duration, out any, send func(context.Context) (*http.Response, error)) error {
	return c.ask(ctx, limit, send, func(resp *http.Response) error {
		if out == nil {
			return nil
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return failure(ctx, err)
		}
		if err := json.Unmarshal(body, out); err != nil {
			return nonsense("the answer is not readable", err)
		}
		return nil
	})
}

func (c *Client) read(ctx context.Context, out any, send func(context.Context) (*http.Response, error)) error {
	return c.call(ctx, c.opts.Timeout, out, send)
}

// one makes a call that answers with the thing of this id.
func one[T any](ctx context.Context, c *Client, limit time.Duration, id string, idOf func(T) string, send func(context.Context) (*http.Response, error)) (T, error) {
	var x, none T
	if err := c.call(ctx, limit, &x, send); err != nil {
		return none, err
	}
	if idOf(x) != id {
		return none, nonsense("the answer is about something else", nil)
	}
	return x, nil
}

// change sends a change and checks that the answer is about it.
func (c *Client) change(ctx context.Context, limit time.Duration, contractID string, send func(context.Context) (*http.Response, error)) (platformapi.Outcome, error) {
	var out platformapi.Outcome
	if err := c.call(ctx, limit, &out, send); err != nil {
		return platformapi.Outcome{}, err
	}
	if out.Receipt.ContractID != contractID || out.Contract.Summary.ID != contractID {
		return platformapi.Outcome{}, nonsense("the receipt is for another contract", nil)
	}
	if err := c.believe(out.Receipt.Signature, func(uscc string, roots *smx509.CertPool) error {
		_, _, err := receipt.Verify(out.Receipt, uscc, roots)
		return err
	}); err != nil {
		return platformapi.Outcome{}, err
	}
	return out, nil
}

// believe checks the signature of a receipt that has one.
func (c *Client) believe(signature string, verify func(uscc string, roots *smx509.CertPool) error) error {
	if signature == "" {
		return nil // what comes through TLS is the platform's word, too
	}
	roots := c.opts.ReceiptRoots
	if roots == nil {
		roots = smx509.NewCertPool()
	}
	uscc := ""
	if known := c.uscc.Load(); known != nil {
		uscc = *known
	}
	err := verify(uscc, roots)
	if err == nil || errors.Is(err, receipt.ErrUntrusted) && c.opts.ReceiptRoots == nil {
		return nil
	}
	return nonsense("the receipt does not hold", err)
}

// Now is the platform's clock.
func (c *Client) Now(ctx context.Context) (time.Time, error) {
	var t platformapi.ServerTime
	err := c.read(ctx, &t, func(ctx context.Context) (*http.Response, error) { return c.wire.GetTime(ctx) })
	return t.Now, err
}

// Terms are the legal terms.
func (c *Client) Terms(ctx context.Context) (platformapi.Terms, error) {
	var t platformapi.Terms
	err := c.read(ctx, &t, func(ctx context.Context) (*http.Response, error) { return c.wire.GetTerms(ctx) })
	return t, err
}

// Calendar is a year.
func (c *Client) Calendar(ctx context.Context, year int) (platformapi.CalendarYear, error) {
	var y platformapi.CalendarYear
	err := c.read(ctx, &y, func(ctx context.Context) (*http.Response, error) { return c.wire.GetCalendar(ctx, year) })
	return y, err
}

// Templates are the texts to begin a contract with.
func (c *Client) Templates(ctx context.Context) ([]platformapi.Template, error) {
	var l platformapi.TemplateList
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) { return c.wire.ListTemplates(ctx) })
	return l.Items, err
}

// Session says who is logged in.
func (c *Client) Session(ctx context.Context) (platformapi.Session, error) {
	var s platformapi.Session
	err := c.read(ctx, &s, func(ctx context.Context) (*http.Response, error) { return c.wire.GetSession(ctx) })
	return s, err
}

// Lots are the lots of one's organisation.
func (c *Client) Lots(ctx context.Context, kind platformapi.LotKind) ([]platformapi.Lot, error) {
	var l platformapi.LotList
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ListLots(ctx, &platformapi.ListLotsParams{Kind: given(kind)})
	})
	return l.Items, err
}

// Lot is one lot.
func (c *Client) Lot(ctx context.Context, id string) (platformapi.Lot, error) {
	var l platformapi.Lot
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) { return c.wire.GetLot(ctx, id) })
	return l, err
}

// Flow is a project's steps.
func (c *Client) Flow(ctx context.Context, lotID string) (platformapi.Flow, error) {
	var f platformapi.Flow
	err := c.read(ctx, &f, func(ctx context.Context) (*http.Response, error) { return c.wire.GetFlow(ctx, lotID) })
	return f, err
}

// Contracts is a page of one's contracts.
func (c *Client) Contracts(ctx context.Context, q platformapi.ContractQuery) (platformapi.ContractPage, error) {
	var p platformapi.ContractPage
	err := c.read(ctx, &p, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ListContracts(ctx, &platformapi.ListContractsParams{
			State: given(q.State), Q: given(q.Words), Cursor: given(q.Cursor), Limit: given(q.Limit),
		})
	})
	return p, err
}

// Contract is a contract.
func (c *Client) Contract(ctx context.Context, id string) (platformapi.Contract, error) {
	return one(ctx, c, c.opts.Timeout, id, func(x platformapi.Contract) string { return x.Summary.ID },
		func(ctx context.Context) (*http.Response, error) { return c.wire.GetContract(ctx, id) })
}

// Receipts are those given to one's organisation.
func (c *Client) Receipts(ctx context.Context, contractID string) ([]platformapi.Receipt, error) {
	var l platformapi.ReceiptList
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) { return c.wire.ListReceipts(ctx, contractID) })
	return l.Items, err
}

// Logout ends the session, here and there.
func (c *Client) Logout(ctx context.Context) error {
	err := c.read(ctx, nil, func(ctx context.Context) (*http.Response, error) { return c.wire.Logout(ctx) })
	if err == nil {
		err = c.drop()
	}
	return err
}

// given is nil for the zero value, which stands for a parameter that is not sent.
func given[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func tag(x platformapi.Change) string { return header.FormatETag(x.ContractID, x.Version) }

// Create starts a contract.
func (c *Client) Create(ctx context.Context, x platformapi.Change, n platformapi.NewContract) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, n.ID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CreateContract(ctx, &platformapi.CreateContractParams{IdempotencyKey: header.FormatKey(x.Key)}, n)
	})
}

// SaveFields saves the form.
func (c *Client) SaveFields(ctx context.Context, x platformapi.Change, f platformapi.ContractFields) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.SaveFields(ctx, x.ContractID, &platformapi.SaveFieldsParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)}, f)
	})
}

// RemoveAttachment takes a file out.
func (c *Client) RemoveAttachment(ctx context.Context, x platformapi.Change, attachmentID string) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.RemoveAttachment(ctx, x.ContractID, attachmentID,
			&platformapi.RemoveAttachmentParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)})
	})
}

// SetNote changes a file's note.
func (c *Client) SetNote(ctx context.Context, x platformapi.Change, attachmentID, note string) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.SetNote(ctx, x.ContractID, attachmentID,
			&platformapi.SetNoteParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)}, platformapi.NoteRequest{Note: note})
	})
}

// Submit sends a contract to the other side.
func (c *Client) Submit(ctx context.Context, x platformapi.Change, sha256 string) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.SubmitContract(ctx, x.ContractID,
			&platformapi.SubmitContractParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)}, platformapi.SubmitRequest{SHA256: sha256})
	})
}

// Withdraw takes a contract back.
func (c *Client) Withdraw(ctx context.Context, x platformapi.Change) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.WithdrawContract(ctx, x.ContractID, &platformapi.WithdrawContractParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)})
	})
}

// Agree concludes a contract.
func (c *Client) Agree(ctx context.Context, x platformapi.Change, sha256, opinion string) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.AgreeContract(ctx, x.ContractID,
			&platformapi.AgreeContractParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)}, platformapi.AgreeRequest{SHA256: sha256, Opinion: opinion})
	})
}

// Refuse sends a contract back.
func (c *Client) Refuse(ctx context.Context, x platformapi.Change, opinion string) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.RefuseContract(ctx, x.ContractID,
			&platformapi.RefuseContractParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)}, platformapi.RefuseRequest{Opinion: opinion})
	})
}

// Publish makes a contract public.
func (c *Client) Publish(ctx context.Context, x platformapi.Change, r platformapi.PublishRequest) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.PublishContract(ctx, x.ContractID, &platformapi.PublishContractParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)}, r)
	})
}

// File records that a contract was filed.
func (c *Client) File(ctx context.Context, x platformapi.Change, r platformapi.FileRequest) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.FileContract(ctx, x.ContractID, &platformapi.FileContractParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)}, r)
	})
}

// Delete gives a contract up.
func (c *Client) Delete(ctx context.Context, x platformapi.Change) (platformapi.Outcome, error) {
	return c.change(ctx, c.opts.Timeout, x.ContractID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.DeleteContract(ctx, x.ContractID, &platformapi.DeleteContractParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x)})
	})
}
