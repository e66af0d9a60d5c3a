// Package compare is the page 版本比对: two PDFs side by side, their differences marked in both and listed beside them. It is
// reached from the sidebar, where two files are chosen, and from a contract with its versions.
package compare
