package main

import (
	"io"

	"sealdesk/signer/verify"
)

// writeRevision writes the document as the signer of signature n, from 1, saw it to a new file.
func writeRevision(path string, report *verify.Report, n int, to string) error {
	if n < 1 || n > len(report.Signatures) {
		return fault("no_such_signature", "number", n, "count", len(report.Signatures))
	}
	s := report.Signatures[n-1]
	if s.RevisionEnd == 0 {
		return fault("revision_unknown", "number", n)
	}
	f, size, err := openRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return createFrom(to, io.NewSectionReader(f, 0, min(s.RevisionEnd, size)))
}

// showRevision says whose revision was written, and when it is not to be trusted.
func (a *app) showRevision(s verify.Signature, to string) {
	key := "ctl.verify.revision"
	if !s.BytesIntact {
		key = "ctl.verify.revision_doubtful"
	}
	a.tui.print("%s", a.words.T(key, "file", to, "signer", s.Signer))
}
