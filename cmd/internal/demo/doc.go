// Package demo is a small world to try everything in: a reference platform on this machine, a demo certificate authority,
// and the software keys of a purchaser and of a supplier who have been awarded lots together. Everything lies in one
// folder and is found there again the next time, so that a contract begun in the window is there on the terminal:
//
//	ca.pem, roots.pem     the demo authority's secret, and the roots to trust when verifying
//	makers/               the demo authority that certifies seal makers
//	keys/ALGORITHM/       the software keys of both parties
//	keys/hall/            those of whoever else takes part in an opening
//	platform/             the platform's database and files
//	tsa-*, bids-*.pem     the platform's keys for time stamps and for bids
//	receipts.pem          the platform's key for receipts
//	mobileca/             the mobile CA's database and keys
//	documents/            the person's files, the sample contract among them
//	desk/, cache/         what a desk keeps
//	demo.json             when this world began, and how many lots and tenders there are
//
// Nothing of it is worth protecting: its PINs are printed on the screen.
package demo
