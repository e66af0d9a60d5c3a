package compare

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// lcs is the length of a longest common subsequence, by the plain table.
func lcs(a, b []uint32) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// check holds an alignment to its promises and counts what it paired.
func check(t *testing.T, a, b []uint32, match []int32) int {
	t.Helper()
	count, last := 0, int32(-1)
	for i, j := range match {
		if j < 0 {
			continue
		}
		if j <= last || a[i] != b[j] {
			t.Fatalf("word %d is paired with %d after %d", i, j, last)
		}
		count, last = count+1, j
	}
	return count
}

func TestSearchFindsALongestCommonSequence(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		letters := 1 + r.Uint32N(6)
		random := func() []uint32 {
			out := make([]uint32, r.IntN(30))
			for i := range out {
				out[i] = r.Uint32N(letters)
			}
			return out
		}
		a, b := random(), random()
		match := make([]int32, len(a))
		for i := range match {
			match[i] = -1
		}
		s := search{ctx: t.Context(), a: a, b: b, match: match, left: budget}
		if !s.between(0, len(a), 0, len(b)) {
			t.Fatalf("%v and %v: given up", a, b)
		}
		if got, want := check(t, a, b, match), lcs(a, b); got != want {
			t.Fatalf("%v and %v: %d paired, want %d", a, b, got, want)
		}
	}
}

func sequence(from, to uint32) []uint32 {
	var out []uint32
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func TestAlign(t *testing.T) {
	long := sequence(0, 200_000)
	inserted := slices.Concat(long[:90_000], sequence(500_000, 590_000), long[90_000:])
	for _, c := range []struct {
		name   string
		a, b   []uint32
		paired int
	}{
		{"both empty", nil, nil, 0},
		{"one empty", nil, sequence(0, 5), 0},
		{"the same", long, long, 200_000},
		{"a great part put in", long, inserted, 200_000},
		{"a great part taken out", inserted, long, 200_000},
		{"a part moved", slices.Concat(sequence(0, 1000), sequence(2000, 2100), sequence(1000, 2000)), sequence(0, 2100), 2000},
		{"nothing in common", sequence(0, 3000), sequence(5000, 8000), 0},
	} {
		match, ok, err := align(t.Context(), c.a, c.b, budget)
		if !ok || err != nil {
			t.Errorf("%s: %t, %v", c.name, ok, err)
			continue
		}
		if got := check(t, c.a, c.b, match); got != c.paired {
			t.Errorf("%s: %d paired, want %d", c.name, got, c.paired)
		}
	}
}

// Anchors must never make an alignment that goes back.
func TestAlignStaysInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		a := make([]uint32, 300)
		for i := range a {
			a[i] = r.Uint32N(40)
		}
		b := slices.Clone(a)
		for range 1 + r.IntN(6) { // cut and put elsewhere
			from, n := r.IntN(250), 1+r.IntN(50)
			cut := slices.Clone(b[from : from+n])
			b = slices.Delete(b, from, from+n)
			b = slices.Insert(b, r.IntN(len(b)+1), cut...)
		}
		match, ok, err := align(t.Context(), a, b, budget)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		check(t, a, b, match)
	}
}

func TestAlignIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	hostile := func() []uint32 {
		out := make([]uint32, 300_000)
		for i := range out {
			out[i] = r.Uint32N(3)
		}
		return out
	}
	if _, ok, err := align(t.Context(), hostile(), hostile(), 20_000_000); ok || err != nil {
		t.Errorf("without end: %t, %v", ok, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := align(ctx, hostile(), hostile(), budget); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %t, %v", ok, err)
	}
}

func BenchmarkAlignInsertedPages(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	text := make([]uint32, 450_000)
	for i := range text {
		text[i] = r.Uint32N(2000)
	}
	other := slices.Concat(text[:100_000], text[5000:20_000], text[100_000:])
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := align(b.Context(), text, other, budget); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
