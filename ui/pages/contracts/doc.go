// Package contracts is the page 合同签订: the contracts of this party with what waits for whom, the drafts that are only on
// this machine, and the way to a new contract.
package contracts
