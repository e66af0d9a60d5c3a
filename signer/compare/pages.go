package compare

import (
	"cmp"
	"context"
	"image"
	"slices"

	"sealdesk/signer/preview"
)

// pairPages tells which page of the second document each page of the first one became: partner[n] for page n, 0 for
// none, in order. Pages that share words are paired so that the words shared are the most; those between them, scans for
// instance, by their look.
func (c *comparison) pairPages(ctx context.Context, match []int32) ([]int, error) {
	partner := make([]int, c.a.count()+1)
	for _, p := range heaviest(c.sharedPages(match)) {
		partner[p.a] = p.b
	}
	lastA, lastB := 0, 0
	for a := 1; a <= c.a.count()+1; a++ {
		b := c.b.count() + 1
		if a <= c.a.count() {
			if b = partner[a]; b == 0 {
				continue
			}
		}
		found, err := c.pairByLook(ctx, lastA+1, a, lastB+1, b)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			partner[p.a] = p.b
		}
		lastA, lastB = a, b
	}
	return partner, nil
}

func (t *text) count() int { return len(t.pages) }

// A weighted pair of pages has words in common.
type weighted struct {
	pair
	weight int
}

// sharedPages counts the words that pages share, in order.
func (c *comparison) sharedPages(match []int32) []weighted {
	var out []weighted
	for i, j := range match {
		if j < 0 {
			continue
		}
		p := pair{int(c.a.tokens[i].page), int(c.b.tokens[j].page)}
		if n := len(out); n > 0 && out[n-1].pair == p {
			out[n-1].weight++
		} else {
			out = append(out, weighted{p, 1})
		}
	}
	return out
}

// heaviest chooses pairs that rise strictly on both sides and weigh the most together. The pairs come in order, so those
// that must not go together are neighbours: they share a page with the one before.
func heaviest(pairs []weighted) []pair {
	best, before := make([]int, len(pairs)), make([]int, len(pairs))
	top := -1    // the best chain that ends before all pairs with the same a or b as this one
	settled := 0 // the pairs that top has looked at
	for i, p := range pairs {
		for settled < i && pairs[settled].a < p.a && pairs[settled].b < p.b {
			if top < 0 || best[settled] > best[top] {
				top = settled
			}
			settled++
		}
		best[i], before[i] = p.weight, top
		if top >= 0 {
			best[i] += best[top]
		}
	}
	end := -1
	for i := range best {
		if end < 0 || best[i] > best[end] {
			end = i
		}
	}
	var out []pair
	for ; end >= 0; end = before[end] {
		out = append(out, pairs[end].pair)
	}
	slices.Reverse(out)
	return out
}

const (
	thumbWidth = 64      // pixels
	maxLooks   = 250_000 // pairs of pages that are compared by look at once,
	maxThumbs  = 2000    // and pages
	skipCost   = 0.05    // of a page that finds no partner; 0 is the same look, 1 the opposite one
)

// pairByLook pairs the pages from a0 to before a1 with those from b0 to before b1.
func (c *comparison) pairByLook(ctx context.Context, a0, a1, b0, b1 int) ([]pair, error) {
	n, m := a1-a0, b1-b0
	if n <= 0 || m <= 0 {
		return nil, nil
	}
	if n == 1 && m == 1 || n*m > maxLooks || n+m > maxThumbs {
		return inOrder(a0, b0, min(n, m)), nil
	}
	var looksA, looksB []*image.Gray
	err := both(ctx,
		func(ctx context.Context) (err error) { looksA, err = thumbs(ctx, c.docA, a0, a1); return err },
		func(ctx context.Context) (err error) { looksB, err = thumbs(ctx, c.docB, b0, b1); return err },
	)
	if err != nil {
		return nil, err
	}
	// The table of edit distances, of which a shortest way is walked back.
	cost := make([][]float64, n+1)
	for i := range cost {
		cost[i] = make([]float64, m+1)
		for j := range cost[i] {
			switch {
			case i == 0:
				cost[i][j] = skipCost * float64(j)
			case j == 0:
				cost[i][j] = skipCost * float64(i)
			default:
				cost[i][j] = min(cost[i-1][j]+skipCost, cost[i][j-1]+skipCost, cost[i-1][j-1]+apart(looksA[i-1], looksB[j-1]))
			}
		}
	}
	var out []pair
	for i, j := n, m; i > 0 && j > 0; {
		switch cost[i][j] {
		case cost[i-1][j-1] + apart(looksA[i-1], looksB[j-1]):
			i, j = i-1, j-1
			out = append(out, pair{a0 + i, b0 + j})
		case cost[i-1][j] + skipCost:
			i--
		default:
			j--
		}
	}
	slices.Reverse(out)
	return fillUp(out, a0, a1, b0, b1), nil
}

// fillUp pairs what is left over in equal numbers between two pairs: pages that were replaced.
func fillUp(pairs []pair, a0, a1, b0, b1 int) []pair {
	out := slices.Clone(pairs)
	lastA, lastB := a0-1, b0-1
	for _, p := range append(slices.Clone(pairs), pair{a1, b1}) {
		if n := p.a - lastA - 1; n > 0 && n == p.b-lastB-1 {
			out = append(out, inOrder(lastA+1, lastB+1, n)...)
		}
		lastA, lastB = p.a, p.b
	}
	slices.SortFunc(out, func(x, y pair) int { return cmp.Compare(x.a, y.a) })
	return out
}

func inOrder(a, b, n int) []pair {
	out := make([]pair, n)
	for i := range out {
		out[i] = pair{a + i, b + i}
	}
	return out
}

// thumbs draws pages very small.
func thumbs(ctx context.Context, d *preview.Document, from, to int) ([]*image.Gray, error) {
	var out []*image.Gray
	for n := from; n < to; n++ {
		picture, err := d.RenderBare(ctx, n, thumbWidth)
		if err != nil {
			return nil, err
		}
		grey := image.NewGray(picture.Rect)
		for i := range grey.Pix {
			p := picture.Pix[4*i : 4*i+3]
			grey.Pix[i] = uint8((int(p[0]) + int(p[1]) + int(p[2])) / 3)
		}
		out = append(out, grey)
	}
	return out, nil
}

// apart is how different two small pictures are, from 0 to 1.
func apart(a, b *image.Gray) float64 {
	if a.Rect != b.Rect {
		return 1
	}
	sum := 0
	for i, p := range a.Pix {
		sum += max(int(p)-int(b.Pix[i]), int(b.Pix[i])-int(p))
	}
	return float64(sum) / float64(255*len(a.Pix))
}
