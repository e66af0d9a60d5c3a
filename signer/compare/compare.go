package compare

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"sealdesk/signer/preview"
)

const (
	// maxDifferences bounds what is listed: nobody reads more.
	maxDifferences = 10_000

	// Of texts that are longer than fewWords, the shorter one must have a quarter in common with the other one. Unrelated
	// texts share single characters here and there.
	fewWords = 300
	quarter  = 4
)

// A Step is a part of the work.
type Step string

// The steps, in their order.
const (
	StepRead  Step = "read"  // the words of both documents
	StepAlign Step = "align" // what became what
	StepLook  Step = "look"  // the pictures of the pages
)

// Options of Documents. The zero value is useful.
type Options struct {
	// IgnoreWidth takes full and half width forms for the same: １２（Ａ） and 12(A).
	IgnoreWidth bool
	// LineBreaks makes it a difference where lines end.
	LineBreaks bool
	// Progress, if not nil, is told how much of a step is done, from 0 to 1. It is called by several goroutines, one at a
	// time.
	Progress func(step Step, fraction float64)
}

// Documents compares two open documents; it is told how a became b. Errors: ErrTooLong, those of package preview, and
// the context's.
func Documents(ctx context.Context, a, b *preview.Document, o Options) (*Report, error) {
	c := &comparison{
		docA: a, docB: b, options: o,
		vocabulary: &vocabulary{ids: map[string]uint32{}},
		report: &Report{
			A: File{SHA256: a.SHA256(), Pages: a.Pages()}, B: File{SHA256: b.SHA256(), Pages: b.Pages()},
			Pages: []PagePair{}, Differences: []Difference{}, Seals: []Difference{},
		},
	}
	if a.SHA256() == b.SHA256() {
		c.report.Same = true
		for n := range a.Pages() {
			c.report.Pages = append(c.report.Pages, PagePair{n + 1, n + 1})
		}
		return c.report, nil
	}
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	return c.report, nil
}

// A comparison is the work on two documents.
type comparison struct {
	docA, docB *preview.Document
	options    Options
	vocabulary *vocabulary
	a, b       *text
	partner    []int // of each page of a, from 1: its page of b, or 0
	origin     []int // the same for pages of b
	report     *Report

	mu   sync.Mutex
	done map[Step]int
}

func (c *comparison) run(ctx context.Context) error {
	err := both(ctx,
		func(ctx context.Context) (err error) { c.a, err = c.read(ctx, c.docA); return err },
		func(ctx context.Context) (err error) { c.b, err = c.read(ctx, c.docB); return err },
	)
	if err != nil {
		return err
	}
	c.vocabulary.settle(c.a, c.b)
	c.report.A.Words, c.report.B.Words = len(c.a.tokens), len(c.b.tokens)
	c.step(StepAlign)
	match, ok, err := align(ctx, c.a.ids(), c.b.ids(), budget)
	if err != nil {
		return err
	}
	if !ok {
		c.report.TooDifferent = true
		return nil
	}
	hunks := c.hunks(match)
	shorter := min(len(c.a.tokens), len(c.b.tokens))
	if len(hunks) > maxDifferences || shorter > fewWords && paired(match) < shorter/quarter {
		c.report.TooDifferent = true
		return nil
	}
	if c.partner, err = c.pairPages(ctx, match); err != nil {
		return err
	}
	c.origin = make([]int, c.b.count()+1)
	for a, b := range c.partner {
		if b > 0 {
			c.origin[b] = a
			c.report.Pages = append(c.report.Pages, PagePair{a, b})
		}
	}
	c.forget(match, hunks)
	hunks = c.hunks(match)
	c.tellWords(match, hunks)
	if err := c.tellLooks(ctx, match); err != nil {
		return err
	}
	if len(c.report.Differences) > maxDifferences {
		c.report.TooDifferent, c.report.Differences = true, []Difference{}
		return nil
	}
	order := func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.A[0].Page, y.A[0].Page), cmp.Compare(x.A[0].Y, y.A[0].Y), cmp.Compare(x.A[0].X, y.A[0].X))
	}
	slices.SortStableFunc(c.report.Differences, order)
	slices.SortStableFunc(c.report.Seals, order)
	c.report.Same = len(c.report.Differences) == 0
	return nil
}

// paired counts the words that have a partner.
func paired(match []int32) int {
	n := 0
	for _, j := range match {
		if j >= 0 {
			n++
		}
	}
	return n
}

// step counts a page, or the whole of StepAlign.
func (c *comparison) step(s Step) {
	if c.options.Progress == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 1
	switch s {
	case StepRead:
		total = c.docA.Pages() + c.docB.Pages()
	case StepLook:
		total = c.docA.Pages()
	}
	if c.done == nil {
		c.done = map[Step]int{}
	}
	c.done[s]++
	c.options.Progress(s, float64(c.done[s])/float64(total))
}

// both runs two functions at once. When one fails, the other is cancelled; the error is that of the first to fail.
func both(ctx context.Context, f, g func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	run := func(f func(context.Context) error) {
		if err := f(ctx); err != nil {
			cancel(err)
		}
	}
	go func() { defer close(done); run(g) }()
	run(f)
	<-done
	return context.Cause(ctx)
}
