// Package tilltest helps tests.
package tilltest

// Change are the coins of a sum.
func Change(sum int) (coins []int) {
	for sum > 0 {
		coins, sum = append(coins, 1), sum-1
	}
	return coins
}
