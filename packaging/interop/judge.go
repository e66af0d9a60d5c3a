package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// judge is a program that says what it makes of signed files.
type judge interface {
	name() string
	// missing says what must be installed; "" when it is there.
	missing() string
	// judge answers for all samples, by path. A sample that the judge does not read has no answer.
	judge(ctx context.Context, w *world, samples []sample) (map[string]said, error)
}

// said is a judge's answer.
type said struct {
	good bool
	says string // in its own words, shortened
}

func bad(format string, args ...any) said { return said{says: fmt.Sprintf(format, args...)} }

// one is a judge who is asked for each file by itself.
type one struct {
	title         string
	programs      []string
	pkg           string // Debian's, that holds them
	pdf, detached bool   // what it reads
	ask           func(ctx context.Context, w *world, s sample) (said, error)
}

func (o one) name() string { return o.title }

func (o one) missing() string {
	for _, program := range o.programs {
		if _, err := exec.LookPath(program); err != nil {
			return program + " (Debian: " + o.pkg + ")"
		}
	}
	return ""
}

func (o one) judge(ctx context.Context, w *world, samples []sample) (map[string]said, error) {
	all := map[string]said{}
	for _, s := range samples {
		if s.content == "" && !o.pdf || s.content != "" && !o.detached {
			continue
		}
		answer, err := o.ask(ctx, w, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", o.title, s.name, err)
		}
		all[s.path] = answer
	}
	return all, nil
}

// tell runs a program and returns what it prints; whether its status is 0 is part of what it says.
func tell(ctx context.Context, program string, args ...string) (string, bool) {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err == nil
}

// qpdfJudge reads the file's structure, signed or not.
func qpdfJudge() judge {
	return one{title: "qpdf", programs: []string{"qpdf"}, pkg: "qpdf", pdf: true, ask: func(ctx context.Context, _ *world, s sample) (said, error) {
		if out, ok := tell(ctx, "qpdf", "--check", s.path); !ok {
			return bad("%s", lastLine(out)), nil
		}
		return said{good: !s.broken, says: "structure sound"}, nil // a changed letter is none of its business
	}}
}

// mutoolJudge cannot be told of a root, and names every certificate's as unknown. It says of a later revision only that there is one.
func mutoolJudge() judge {
	return one{title: "mutool", programs: []string{"mutool"}, pkg: "mupdf-tools", pdf: true, ask: func(ctx context.Context, _ *world, s sample) (said, error) {
		out, _ := tell(ctx, "mutool", "sign", "-v", s.path)
		return mutoolSays(out, s), nil
	}}
}

func mutoolSays(out string, s sample) said {
	good := strings.Count(out, "The document is unchanged since signing.") + strings.Count(out, "The signature is valid but there have been edits since signing.")
	if whole := strings.Contains(out, "The document is unchanged since signing."); good == s.fields && (whole || s.alone()) {
		return said{good: true}
	}
	if i := strings.Index(out, "Digest error:"); i >= 0 {
		return bad("%s", firstLine(out[i:]))
	}
	return bad("%d of %d fields valid", good, s.fields)
}

// pdfsigJudge takes the roots from an NSS database, and asks for revocation by OCSP.
func pdfsigJudge() judge {
	return one{title: "pdfsig", programs: []string{"pdfsig", "certutil"}, pkg: "poppler-utils libnss3-tools", pdf: true, ask: func(ctx context.Context, w *world, s sample) (said, error) {
		out, _ := tell(ctx, "pdfsig", "-nssdir", "sql:"+w.path("nss"), s.path)
		return pdfsigSays(out, s), nil
	}}
}

var validation = regexp.MustCompile(`(?:Signature|Certificate) Validation: (.*)`)

func pdfsigSays(out string, s sample) said {
	valid, trusted := strings.Count(out, "Signature is Valid."), strings.Count(out, "Certificate is Trusted.")
	if whole := strings.Contains(out, "- Total document signed"); valid == s.fields && trusted == s.fields && (whole || s.alone()) {
		return said{good: true}
	}
	for _, m := range validation.FindAllStringSubmatch(out, -1) {
		if m[1] != "Signature is Valid." && m[1] != "Certificate is Trusted." {
			return bad("%s", m[1])
		}
	}
	return bad("%d fields valid, %d trusted, of %d", valid, trusted, s.fields)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
