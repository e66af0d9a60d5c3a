package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/web/audit"
	"sealdesk/signer/cms"
	"sealdesk/signer/fetch"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
)

// headSigner signs the audit trail's heads with a key, and stamps the signatures by the platform's own service if it has one.
type headSigner struct {
	pair   tsa.Pair
	stamps *tsa.Client
}

// SignHead implements platform.HeadSigner.
func (s headSigner) SignHead(ctx context.Context, statement []byte) ([]byte, error) {
	builder := cms.Builder{Signer: s.pair.Key, Chain: s.pair.Chain, SigningTime: time.Now()}
	digest, err := builder.Hash()
	if err != nil {
		return nil, err
	}
	digest.Write(statement)
	der, err := builder.Sign(digest.Sum(nil))
	if err != nil || s.stamps == nil {
		return der, err
	}
	signed, err := cms.Parse(der)
	if err != nil {
		return nil, err
	}
	token, err := s.stamps.Stamp(ctx, tsa.ImprintFor(s.pair.Chain[0].PublicKey, signed.SignatureValue()))
	if err != nil {
		return nil, err
	}
	return signed.AddTimeStamp(token.Raw())
}

// own asks the time-stamp service of this very process.
type own struct{ stamper platform.Stamper }

// Fetch implements tsa.Fetcher.
func (o own) Fetch(ctx context.Context, q fetch.Request) ([]byte, error) {
	return o.stamper.Stamp(ctx, q.Body)
}

func auditCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("platformd audit verify", flag.ContinueOnError)
	var s storage
	var roots, id string
	s.flags(f)
	f.StringVar(&roots, "roots", "", "PEM `file` of the CAs of the key that signed the heads; without it the signatures are not verified")
	f.StringVar(&id, "id", platform.DefaultID, "the platform's `name` in what was signed")
	words, err := daemon.Parse(f, args, stderr)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "verify" {
		return daemon.Wrong("audit knows one thing to do: audit verify")
	}
	if wrong := s.check(); wrong != "" {
		return daemon.Wrong("%s", wrong)
	}
	var trusted []*smx509.Certificate
	if roots != "" {
		if trusted, err = readRoots("roots", roots); err != nil {
			return err
		}
	}
	o, err := s.openExisting(ctx)
	if err != nil {
		return err
	}
	return errors.Join(verifyTrail(ctx, o, trusted, id, stdout), o.close())
}

func verifyTrail(ctx context.Context, o opened, trusted []*smx509.Certificate, id string, stdout io.Writer) error {
	head, err := o.store.CheckAudit(ctx)
	if err != nil {
		if _, ok := errors.AsType[*audit.Fault](err); ok {
			return errors.Join(daemon.ErrBroken, err)
		}
		return err
	}
	signed, err := o.store.SignedHeads(ctx)
	if err != nil {
		return err
	}
	if trusted != nil {
		for _, h := range signed {
			statement := h.Statement(id)
			report, err := verify.Detached(ctx, h.Signature, bytes.NewReader(statement), int64(len(statement)), verify.Options{Roots: trusted, StampRoots: trusted})
			if err != nil {
				return err
			}
			if !report.Valid() {
				return errors.Join(daemon.ErrBroken, fmt.Errorf("the signature of the head at row %d is %s", h.Seq, report.Verdict))
			}
		}
	}
	_, err = fmt.Fprintf(stdout, "the audit trail is as it was written: %d rows, head %s\n", head.Seq, head.Hash)
	if err != nil || len(signed) == 0 {
		return err
	}
	last, verified := signed[len(signed)-1], "not verified, as no --roots are given"
	if trusted != nil {
		verified = "verified"
	}
	_, err = fmt.Fprintf(stdout, "%d heads were signed, the last at row %d on %s; the signatures are %s\n", len(signed), last.Seq, last.At.Format(time.RFC3339), verified)
	return err
}
