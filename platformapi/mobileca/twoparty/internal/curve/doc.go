// Package curve is the arithmetic that a shared SM2 key needs: scalars modulo the order of the group, in constant time;
// points that are checked before anything is done with them; and proofs that somebody knows a point's logarithm. The
// curve is that of GB/T 32918.5, whose cofactor is one: a point on it that is not the neutral element is in the group.
package curve
