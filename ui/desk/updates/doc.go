// Package updates finds out whether a newer version was published: it reads a feed that is signed with a key known beforehand, and
// says what is new. It installs nothing. Where the feed is and whose key signs it come with the build, or from the administrator's
// file, which may also switch the question off.
package updates
