package compare

import (
	"cmp"
	"context"
	"slices"
)

const (
	// gram is how many words make a sequence that is taken for the same place when each document has it once.
	gram = 6

	// budget bounds the steps of the search for a shortest edit script: about a second.
	budget = 300_000_000

	// The context is asked each so many steps.
	stepsPerLook = 1 << 16
)

// align pairs the words of a with those of b, in order: match[i] is the index in b of a's word i, or -1. ok is false
// when the search went over its bounds.
//
// Sequences that each side has exactly once hold the alignment (patience diff), which makes pages put in or taken out
// cheap; between them goes Myers' algorithm in its linear space variant (An O(ND) Difference Algorithm and Its
// Variations, 1986, section 4b). Memory is linear in len(a) + len(b).
func align(ctx context.Context, a, b []uint32, steps int) (match []int32, ok bool, err error) {
	match = make([]int32, len(a))
	for i := range match {
		match[i] = -1
	}
	s := search{ctx: ctx, a: a, b: b, match: match, left: steps}
	i, j := 0, 0
	gap := func(toI, toJ int) bool {
		done := s.between(i, toI, j, toJ)
		i, j = toI, toJ
		return done
	}
	for _, at := range chain(once(a, b, gram)) {
		from := max(0, i-at.a, j-at.b) // anchors may overlap; on the same diagonal they then agree
		if from >= gram {
			continue
		}
		if !gap(at.a+from, at.b+from) {
			return nil, false, ctx.Err()
		}
		for k := from; k < gram; k++ {
			match[at.a+k] = int32(at.b + k)
		}
		i, j = at.a+gram, at.b+gram
	}
	if !gap(len(a), len(b)) {
		return nil, false, ctx.Err()
	}
	return match, true, nil
}

// A pair of places in the two sequences.
type pair struct{ a, b int }

// once lists the sequences of n words that both sides have exactly once, in the order of a.
func once(a, b []uint32, n int) []pair {
	inA, inB := grams(a, n), grams(b, n)
	var out []pair
	for i, j := 0, 0; i < len(inA) && j < len(inB); {
		switch c := cmp.Compare(inA[i].hash, inB[j].hash); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			nextI, nextJ := i+1, j+1
			for nextI < len(inA) && inA[nextI].hash == inA[i].hash {
				nextI++
			}
			for nextJ < len(inB) && inB[nextJ].hash == inB[j].hash {
				nextJ++
			}
			if p := (pair{int(inA[i].at), int(inB[j].at)}); nextI == i+1 && nextJ == j+1 && slices.Equal(a[p.a:p.a+n], b[p.b:p.b+n]) {
				out = append(out, p)
			}
			i, j = nextI, nextJ
		}
	}
	slices.SortFunc(out, func(x, y pair) int { return cmp.Compare(x.a, y.a) })
	return out
}

type hashed struct {
	hash uint64
	at   int32
}

// grams lists the sequences of n words by their hashes.
func grams(words []uint32, n int) []hashed {
	out := make([]hashed, 0, max(0, len(words)-n+1))
	for i := 0; i+n <= len(words); i++ {
		h := uint64(14695981039346656037)
		for _, w := range words[i : i+n] {
			h = (h ^ uint64(w)) * 0x9E3779B97F4A7C15
			h ^= h >> 29
		}
		out = append(out, hashed{h, int32(i)})
	}
	slices.SortFunc(out, func(x, y hashed) int { return cmp.Compare(x.hash, y.hash) })
	return out
}

// chain is a longest part of pairs, sorted by a, in which b rises, too.
func chain(pairs []pair) []pair {
	var tails []int // tails[k]: the pair that ends the best chain of k+1 pairs
	before := make([]int, len(pairs))
	for i, p := range pairs {
		k, _ := slices.BinarySearchFunc(tails, p.b, func(t, b int) int { return cmp.Compare(pairs[t].b, b) })
		before[i] = -1
		if k > 0 {
			before[i] = tails[k-1]
		}
		if k == len(tails) {
			tails = append(tails, i)
		} else {
			tails[k] = i
		}
	}
	out := make([]pair, len(tails))
	if len(tails) > 0 {
		for k, i := len(tails)-1, tails[len(tails)-1]; k >= 0; k, i = k-1, before[i] {
			out[k] = pairs[i]
		}
	}
	return out
}

// A search is Myers' algorithm under a budget.
type search struct {
	ctx         context.Context
	a, b        []uint32
	match       []int32
	left        int // steps that may still be taken
	look        int // steps until the context is asked
	forth, back []int
	given       bool
}

// spend takes steps from the budget and reports whether the search may go on.
func (s *search) spend(steps int) bool {
	s.left -= steps
	if s.look -= steps; s.look <= 0 {
		s.look = stepsPerLook
		s.given = s.given || s.ctx.Err() != nil
	}
	return s.left > 0 && !s.given
}

// between aligns a[a0:a1] with b[b0:b1].
func (s *search) between(a0, a1, b0, b1 int) bool {
	start := a0
	for a0 < a1 && b0 < b1 && s.a[a0] == s.b[b0] {
		s.match[a0] = int32(b0)
		a0, b0 = a0+1, b0+1
	}
	end := a1
	for a0 < a1 && b0 < b1 && s.a[a1-1] == s.b[b1-1] {
		a1, b1 = a1-1, b1-1
		s.match[a1] = int32(b1)
	}
	if !s.spend(1 + a0 - start + end - a1) {
		return false
	}
	if a0 == a1 || b0 == b1 {
		return true
	}
	x, y, ok := s.middle(a0, a1, b0, b1)
	if !ok {
		return false
	}
	return s.between(a0, x, b0, y) && s.between(x, a1, y, b1)
}

// middle finds a point on a shortest edit script, about in its middle.
func (s *search) middle(a0, a1, b0, b1 int) (x, y int, ok bool) {
	n, m := a1-a0, b1-b0
	size := 2*((n+m+1)/2) + 3
	if len(s.forth) < size {
		s.forth, s.back = make([]int, size), make([]int, size)
	}
	zero := size / 2
	forth, back := s.forth, s.back
	forth[zero+1], back[zero+1] = 0, 0
	delta := n - m
	for d := 0; d <= (n+m+1)/2; d++ {
		steps := 2*d + 2
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && forth[zero+k-1] < forth[zero+k+1] {
				x = forth[zero+k+1]
			} else {
				x = forth[zero+k-1] + 1
			}
			from := x
			for x < n && x-k < m && x-k >= 0 && s.a[a0+x] == s.b[b0+x-k] {
				x++
			}
			forth[zero+k] = x
			steps += x - from
			if back := delta - k; delta&1 != 0 && x <= n && x-k <= m && back >= -(d-1) && back <= d-1 && x+s.back[zero+back] >= n {
				return a0 + from, b0 + from - k, s.spend(steps)
			}
		}
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && back[zero+k-1] < back[zero+k+1] {
				x = back[zero+k+1]
			} else {
				x = back[zero+k-1] + 1
			}
			from := x
			for x < n && x-k < m && x-k >= 0 && s.a[a1-1-x] == s.b[b1-1-(x-k)] {
				x++
			}
			back[zero+k] = x
			steps += x - from
			if forth := delta - k; delta&1 == 0 && x <= n && x-k <= m && forth >= -d && forth <= d && x+s.forth[zero+forth] >= n {
				return a1 - x, b1 - (x - k), s.spend(steps)
			}
		}
		if !s.spend(steps) {
			return 0, 0, false
		}
	}
	return 0, 0, false // not reached: the paths meet before
}
