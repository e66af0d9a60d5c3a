// Package refusal names every reason for which a clean copy is not made. Each is an *Error with a stable code, so that
// the desk can say in a person's language what happened and what to do, and a script can branch on it.
package refusal
