// Package instance sees to it that a person has one window for one folder of data: the second start hands what it was asked to
// open to the first, over a socket that only that person can reach, and ends.
package instance
