package cleancopy_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/office"
)

// watching is a converter that looks whether this process still has open what it is given.
type watching struct {
	giving
	t *testing.T
}

func (w watching) Convert(ctx context.Context, in, dir string, format office.Format) (string, error) {
	held, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		return "", err
	}
	for _, fd := range held {
		if path, err := os.Readlink(fd); err == nil && format == office.DOCX && path == in {
			w.t.Errorf("%s is open", in)
		}
	}
	return w.giving.Convert(ctx, in, dir, format)
}

// A doc gets another name on its way, which Windows gives to no file that is open.
func TestDocIsNotOpenWhenItIsRenamed(t *testing.T) {
	c := cleancopy.Cleaner{TempDir: t.TempDir(), Office: watching{giving{docx: docxtest.Document{Body: "<w:p/>"}.Bytes(), pdf: buildPDF("", fontA, printed)}, t}}
	in := write(t, "a.doc", oldDoc())
	if _, err := c.Clean(t.Context(), in, filepath.Join(t.TempDir(), "out.pdf"), cleancopy.Options{}); err != nil {
		t.Error(err)
	}
	if err := c.AsUploaded(t.Context(), in, filepath.Join(t.TempDir(), "shown.pdf")); err != nil {
		t.Error(err)
	}
}
