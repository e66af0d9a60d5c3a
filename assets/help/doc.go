// Package help holds the guides: for the people who use the program, one topic a page of the window, and for whoever administers
// machines and servers. They are Markdown, in each language of the program under the same names.
package help
