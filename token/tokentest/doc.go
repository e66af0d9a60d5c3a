// Package tokentest is the suite that every driver of package token passes. A
// driver's own test says how to come by a key and what can be done to it from
// outside, and calls [Run]; the suite then treats the key as people and
// circumstances do: right and wrong PINs, the last try, removal in the middle of
// work, many signatures at once.
package tokentest
