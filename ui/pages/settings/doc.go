// Package settings is the page 设置: time stamps and what they keep, whether revocation is asked about, the proxy, the language and
// the size, the seals' folder, and the question for updates.
package settings
