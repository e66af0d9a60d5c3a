// Package demo is a small world to try everything in: a reference platform on this machine, a demo certificate authority,
// and the software keys of a purchaser and of a supplier who have been awarded lots together. Everything lies in one
// folder and is found there again the next time, so that a contract begun in the window is there on the terminal:
//
//	ca.pem, roots.pem     the demo authority's secret, and the roots to trust when verifying
//	keys/ALGORITHM/       the software keys of both parties
//	platform/             the platform's database and files
//	desk/, cache/         what a desk keeps
//	demo.json             when this world began, and how many lots there are
//
// Nothing of it is worth protecting: its PINs are printed on the screen.
package demo
