// Package publish is the page 公示与备案 of a concluded contract: the copy for the public is made, looked at and published there,
// and the filing with the finance department recorded.
package publish
