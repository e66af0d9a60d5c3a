// Package view is the page on which a file of a contract is read: its pages, with the verdict on its signatures above.
package view
