// Package tenders holds the rules of tenders, bids and openings: what a tender's host, its bidders, a hall terminal and the
// platform itself may do when, and who sees what. It changes what a store hands it and keeps nothing; what it must know of a
// bid's format it asks of a Bidding. The articles are those of 电子招标投标办法 (八部委 20号令), 26 to 32, and 87号令, 39 to 42.
package tenders
