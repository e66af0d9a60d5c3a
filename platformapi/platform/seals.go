package platform

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web"
)

// sealedFirst is the file that seals are added to, with the seals of one side on it or none.
type sealedFirst struct {
	content io.Reader
	size    int64
	seals   int
	by      platformapi.Organisation
}

// judgeUnsealed refuses a file that carries a signature.
func judgeUnsealed(ctx context.Context, j Judge, file io.ReaderAt, size int64, code string) error {
	facts, err := j.Judge(ctx, file, size)
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeFilingFormat, "the file cannot be read as a PDF")
	case len(facts) > 0:
		return web.Refuse(http.StatusUnprocessableEntity, code, "the file carries a signature, and must not")
	}
	return nil
}

// judgeSeals checks what an organisation sealed. Without first, every signature must be its own. With it, the file must begin
// with the very bytes of first and still carry every signature of it, and whatever is signed after them must be its own.
func judgeSeals(ctx context.Context, j Judge, file io.ReaderAt, size int64, first *sealedFirst, org platformapi.Organisation) ([]platformapi.SealFact, error) {
	changed := web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeFilingChanged, "the file is not the one the first party sealed with signatures added")
	firstSize := int64(0)
	if first != nil {
		firstSize = first.size
		same, err := hasPrefix(file, size, first.content, first.size)
		if err != nil {
			return nil, err
		}
		if !same {
			return nil, changed
		}
	}
	facts, err := j.Judge(ctx, file, size)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeSealInvalid, "the file's signatures cannot be read")
	}
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, func(a, b SignatureFact) int { return cmp.Compare(a.RangeEnd, b.RangeEnd) })
	added := len(facts)
	if first != nil {
		added = 0
		for _, f := range facts {
			if f.RangeEnd > firstSize {
				added++
			}
		}
		if len(facts)-added != first.seals {
			return nil, changed
		}
	}
	if added == 0 {
		return nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeSealMissing, "the file carries no signature of this party")
	}
	seals := make([]platformapi.SealFact, 0, len(facts))
	for _, f := range facts {
		must := org
		if f.RangeEnd <= firstSize {
			must = first.by
		}
		if err := judgeOne(f, must); err != nil {
			return nil, err
		}
		seals = append(seals, platformapi.SealFact{
			Organisation: f.SignerUSCC, Signer: f.SignerName, CertificateSHA256: f.CertSHA256, Field: f.Field, CoversWholeFile: f.CoversWholeFile,
		})
	}
	if !facts[len(facts)-1].CoversWholeFile {
		return nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeSealNotWhole, "the newest signature does not cover the whole file")
	}
	return seals, nil
}

func judgeOne(f SignatureFact, must platformapi.Organisation) error {
	why := ""
	if len(f.Findings) > 0 {
		why = ": " + strings.Join(f.Findings[:min(len(f.Findings), 5)], ", ")
	}
	switch {
	case !f.Intact:
		return web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeSealInvalid, "signature %q does not hold%s", f.Field, why)
	case !f.Trusted:
		return web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeSealUntrusted, "the signer of %q is not trusted%s", f.Field, why)
	case f.SignerUSCC != must.USCC:
		return web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeSealWrongParty, "signature %q is not of %s", f.Field, must.USCC)
	}
	return nil
}

// hasPrefix says whether file is longer than prefix and begins with it.
func hasPrefix(file io.ReaderAt, size int64, prefix io.Reader, prefixSize int64) (bool, error) {
	if size <= prefixSize {
		return false, nil
	}
	a, b := bufio.NewReaderSize(io.NewSectionReader(file, 0, prefixSize), 1<<16), bufio.NewReaderSize(prefix, 1<<16)
	var x, y [1 << 15]byte
	for {
		n, err := io.ReadFull(a, x[:])
		m, err2 := io.ReadFull(b, y[:])
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		if endOf(err) && endOf(err2) {
			return true, nil
		}
		if err := cmp.Or(err, err2); err != nil {
			return false, err
		}
	}
}

func endOf(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
