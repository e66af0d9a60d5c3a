// Package previewtest keeps the page engine's compiled code for the tests of all packages: compiling it takes seconds, and half a
// minute under the race detector.
package previewtest
