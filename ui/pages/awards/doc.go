// Package awards is the page 中标项目: the lots that were awarded to or by this party, by kind, and behind each its
// 项目流程, whose step 合同签订 opens the contract.
package awards
