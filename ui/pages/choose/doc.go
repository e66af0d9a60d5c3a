// Package choose is the chooser of files: places at the left, a folder's entries, and a path that can be typed or pasted.
// It reads folders and writes nothing; where the person was last is remembered by who opens it.
package choose
