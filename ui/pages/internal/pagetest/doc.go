// Package pagetest lets pages be tested without the window around them: a Host that keeps what a page asked for, and a
// small world with a platform and the keys of two parties who were awarded lots together. What a page starts on other
// goroutines comes back when the test pumps it.
package pagetest
