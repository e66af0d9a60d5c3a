// Package bid is the page 投标工具: the list of tenders with the party's bids for them, and the tool with which one bid is made:
// the outline as a tree, the files of its nodes, seals, the price form, the check, the file that is built, and its way to the
// platform and back.
package bid
