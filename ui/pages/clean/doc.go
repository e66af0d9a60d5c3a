// Package clean is the page 清稿: the clean copy that will be sealed, and beside it what was taken out of the uploaded
// file, for the person to look at and confirm.
package clean
