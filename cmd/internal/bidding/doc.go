// Package bidding hands the format of bids, signer/bid, and the platform's keys for them to the reference platform, which
// declares what it must be able to do with a bid.
package bidding
