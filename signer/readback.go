package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"

	"sealdesk/signer/finding"
	"sealdesk/signer/verify"
)

// small is up to which size in bytes a document is read back once more when it was signed: that costs nothing, and the
// clocks of file systems tick too slowly to tell of what was written to a file just after it was made.
const small = 8 << 20

func refuse(format string, args ...any) error {
	return fail(NotVerified, "the signed file was thrown away: "+format, args...)
}

// readBack judges the file as it is on the disk now, opened by its name; sum is its digest. Of the document itself, which was
// read back when it was copied, it is seen again that it is there when asked so.
func (c *Copy) readBack(ctx context.Context, j Job, update []byte, again bool) (sum string, report *verify.Report, err error) {
	f, err := os.Open(c.draft.Path())
	if err != nil {
		return "", nil, onOutput(c.draft.folder, j.Out, err)
	}
	defer f.Close()
	j.progress(StepVerify, 0, 0)
	if sum, err = c.reread(ctx, f, update, again); err != nil {
		return "", nil, err
	}
	report, err = c.judge(ctx, j, f, c.size+int64(len(update)))
	return sum, report, err
}

// reread reads the update, and the document too if asked so.
func (c *Copy) reread(ctx context.Context, f *os.File, update []byte, again bool) (sum string, err error) {
	info, err := f.Stat()
	if err != nil {
		return "", refuse("it cannot be read back: %v", err)
	}
	own, err := c.draft.File.Stat()
	if err != nil || !os.SameFile(info, own) || info.Size() != c.size+int64(len(update)) {
		return "", refuse("the disk holds another file than was written")
	}
	h := sha256.New()
	from := int64(0)
	if !again {
		from = c.known.Resume(h, c.size)
	}
	err = readInto(ctx, h, f, from, c.size)
	if err == nil && hex.EncodeToString(h.Sum(nil)) != c.sum {
		return "", refuse("it does not begin with the document")
	}
	var tail bytes.Buffer
	if err == nil {
		err = readInto(ctx, &tail, f, c.size, info.Size())
	}
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", refuse("it cannot be read back: %v", err)
	case !bytes.Equal(tail.Bytes(), update):
		return "", refuse("the disk holds other bytes than were written")
	}
	h.Write(update)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// judge verifies the signed file, and refuses it unless all its signatures hold, the newest being the one that was asked for.
func (c *Copy) judge(ctx context.Context, j Job, f *os.File, size int64) (*verify.Report, error) {
	opts := j.judging()
	opts.Known = c.known
	report, err := verify.File(ctx, f, size, opts)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, refuse("it cannot be read back: %v", err)
	}
	before := len(c.before.Signatures)
	if len(report.Signatures) != before+1 {
		return nil, refuse("it has %d signatures instead of %d: %s", len(report.Signatures), before+1, reasons(report.Findings))
	}
	newest := report.Signatures[before]
	for _, s := range report.Signatures[:before] {
		if !s.Intact && !unknown(s) {
			return nil, refuse("signature %q: %s", s.Field, reasons(s.Findings))
		}
	}
	switch {
	case !newest.Intact:
		return nil, refuse("signature %q: %s", newest.Field, reasons(newest.Findings))
	case !newest.CoversWholeFile:
		return nil, refuse("the signature does not cover the whole file")
	case newest.Certificate == nil || !bytes.Equal(newest.Certificate.Raw, j.Chain[0].Raw):
		return nil, refuse("another certificate signed than was chosen")
	case j.Stamps != nil && newest.StampedAt == nil:
		return nil, refuse("its time stamp does not hold")
	case j.Electronic != nil && (newest.Seal == nil || !bytes.Equal(newest.Seal.Raw(), j.Electronic.Raw())):
		return nil, refuse("another seal was pressed than was chosen")
	}
	for _, f := range report.Findings {
		if f.Severity == finding.Fatal {
			return nil, refuse("%s", reasons(report.Findings))
		}
	}
	return report, nil
}
