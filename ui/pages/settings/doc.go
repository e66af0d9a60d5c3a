// Package settings is the page 设置: time stamps and what they keep, whether revocation is asked about, the proxy, and the question
// for updates.
package settings
