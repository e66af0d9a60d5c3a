// Package amount reads and writes sums of renminbi as contracts write them: in
// figures with thousands marks, and in the capitals (大写) that a contract must
// carry beside them, by the rules for filling in bills and settlement vouchers
// (《正确填写票据和结算凭证的基本规定》, annex 1 to the Measures for Payment and
// Settlement, 银发〔1997〕393号). Sums are whole fen; nothing is ever rounded.
package amount
